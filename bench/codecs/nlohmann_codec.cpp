// nlohmann's JSON: from text to its document and back. Filling a struct from the document is not
// included, which favours this codec.
#include "codecs/measure.hpp"
#include "support/figures.hpp"

#include <nlohmann/json.hpp>

#include <string>

int main(int argc, char** argv) {
  const bench::codec_task task = bench::codec_task_from(argc, argv);
  if (!task.json) bench::fail("only JSON");
  nlohmann::json document = nlohmann::json::parse(task.sample_json);
  std::string out;
  bench::time_codec(task, [&] {
    if (task.encode) {
      out = document.dump();
      return out.size();
    }
    document = nlohmann::json::parse(task.sample_json);
    return task.sample_json.size();
  });
}
