// The same schema with flatc's own C++ and its object API: verify and unpack, pack and finish.
// Binary only.
#include "codecs/measure.hpp"
#include "support/figures.hpp"

#include "kinds_generated.h"

namespace {

template <class Table>
void measure(const bench::codec_task& task) {
  const auto* content = reinterpret_cast<const std::uint8_t*>(task.sample_binary.data());
  const std::size_t size = task.sample_binary.size();
  typename Table::NativeTableType object;
  const auto decode = [&] {
    flatbuffers::Verifier verifier(content, size);
    if (!verifier.VerifyBuffer<Table>(nullptr)) bench::fail("the sample cannot be read");
    flatbuffers::GetRoot<Table>(content)->UnPackTo(&object);
    return size;
  };
  if (!task.encode) return bench::time_codec(task, decode);
  decode();
  flatbuffers::FlatBufferBuilder builder;
  bench::time_codec(task, [&]() -> std::size_t {
    builder.Clear();
    builder.Finish(Table::Pack(builder, &object));
    return builder.GetSize();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bench::codec_task task = bench::codec_task_from(argc, argv);
  if (task.json) bench::fail("only binary");
  if (task.kind == "flat") measure<bench::v1::fbs::Flat>(task);
  else if (task.kind == "nested") measure<bench::v1::fbs::Order>(task);
  else if (task.kind == "series") measure<bench::v1::fbs::Series>(task);
  else if (task.kind == "block") measure<bench::v1::fbs::Block>(task);
  else measure<bench::v1::fbs::Board>(task);
}
