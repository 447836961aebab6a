// Protobuf's binary form, and its JSON mapping by reflection (util/json_util.h). Messages are
// reused, as Parley's are.
#include "codecs/measure.hpp"
#include "support/figures.hpp"

#include "bench/v1/kinds.pb.h"

#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>

namespace {

namespace pb = google::protobuf;

std::unique_ptr<pb::Message> message_of(const std::string& kind) {
  if (kind == "flat") return std::make_unique<bench::v1::Flat>();
  if (kind == "nested") return std::make_unique<bench::v1::Order>();
  if (kind == "series") return std::make_unique<bench::v1::Series>();
  if (kind == "block") return std::make_unique<bench::v1::Block>();
  return std::make_unique<bench::v1::Board>();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::codec_task task = bench::codec_task_from(argc, argv);
  const std::unique_ptr<pb::Message> message = message_of(task.kind);
  if (!pb::util::JsonStringToMessage(task.sample_json, message.get()).ok()) bench::fail("the sample cannot be read");
  const std::string binary = message->SerializeAsString();
  std::string out;
  bench::time_codec(task, [&]() -> std::size_t {
    if (task.encode) {
      out.clear();
      const bool good = task.json ? pb::util::MessageToJsonString(*message, &out).ok() : message->SerializeToString(&out);
      return good ? out.size() : 0;
    }
    if (!task.json) return message->ParseFromString(binary) ? binary.size() : 0;
    message->Clear();
    return pb::util::JsonStringToMessage(task.sample_json, message.get()).ok() ? task.sample_json.size() : 0;
  });
}
