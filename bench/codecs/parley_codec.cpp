// Parley's generated codecs. With write=FOLDER instead of a task it writes the samples that all
// codec programs read.
#include "codecs/measure.hpp"
#include "codecs/samples.hpp"
#include "support/arguments.hpp"
#include "support/figures.hpp"

#include "bench/v1/kinds.codec.hpp"

#include <fstream>
#include <string>

namespace {

template <class Message>
void measure(const bench::codec_task& task, const Message& sample) {
  const parley::codec& codec = parley::codec_for<Message>;
  const parley::format format = task.json ? parley::format::json : parley::format::binary;
  Message message;
  std::string out;
  if (task.encode) {
    return bench::time_codec(task, [&] {
      out.clear();
      codec.write(format, &sample, out);
      return out.size();
    });
  }
  const parley::bytes_view content = parley::as_bytes(task.json ? task.sample_json : task.sample_binary);
  bench::time_codec(task, [&] {
    if (!codec.read(format, content, &message, {})) bench::fail("the sample cannot be read");
    return content.size();
  });
  if (!(message == sample)) bench::fail("another message was read");
}

template <class Message>
void write(const std::string& stem, const Message& sample) {
  for (const bool json : {true, false}) {
    std::string content;
    parley::codec_for<Message>.write(json ? parley::format::json : parley::format::binary, &sample, content);
    std::ofstream(stem + (json ? ".json" : ".bin"), std::ios::binary) << content;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (const std::string folder = bench::arguments(argc, argv).text("write"); !folder.empty()) {
    write(folder + "/flat", bench::flat_sample());
    write(folder + "/nested", bench::nested_sample());
    write(folder + "/series", bench::series_sample());
    write(folder + "/block", bench::block_sample());
    write(folder + "/board", bench::board_sample());
    return 0;
  }
  const bench::codec_task task = bench::codec_task_from(argc, argv);
  if (task.kind == "flat") measure(task, bench::flat_sample());
  else if (task.kind == "nested") measure(task, bench::nested_sample());
  else if (task.kind == "series") measure(task, bench::series_sample());
  else if (task.kind == "block") measure(task, bench::block_sample());
  else measure(task, bench::board_sample());
}
