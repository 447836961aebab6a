#include "budget/paths.hpp"

#include "codecs/samples.hpp"
#include "support/figures.hpp"

#include "bench/v1/kinds.codec.hpp"

#include <string>

namespace bench {
namespace {

const parley::codec& codec = parley::codec_for<v1::Order>;

parley::format format_of(bool json) { return json ? parley::format::json : parley::format::binary; }

}  // namespace

void encode_nested(bool json, std::size_t count) {
  const v1::Order order = nested_sample();
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out.clear();
    codec.write(format_of(json), &order, out);
  }
  if (count != 0 && out.empty()) fail("nothing was written");
}

void decode_nested(bool json, std::size_t count) {
  const v1::Order sample = nested_sample();
  std::string content;
  codec.write(format_of(json), &sample, content);
  v1::Order order;
  for (std::size_t i = 0; i < count; ++i) {
    if (!codec.read(format_of(json), parley::as_bytes(content), &order, {})) fail("the sample cannot be read");
  }
  if (count != 0 && order != sample) fail("another message was read");
}

}  // namespace bench
