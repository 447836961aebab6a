// Parley's wire format, made once by the runtime's own formats and codecs. The server's share is
// measured.
#include "load/script.hpp"

#include "support/figures.hpp"

#include "bench/v1/bench.codec.hpp"
#include "bench/v1/kinds.codec.hpp"

#include <parley/wire/envelope.hpp>
#include <parley/wire/hello.hpp>

#include <bit>
#include <string>
#include <type_traits>

namespace bench {
namespace {

using namespace parley;
using bench::v1::Sample;

Sample sample_of(std::size_t size) {
  constexpr std::size_t numbers = 16;
  if (size < numbers) fail("a typed payload has 16 bytes at least");
  Sample sample{.sequence = 0x1122334455667788, .value = 0.1};
  sample.data.resize(size - numbers);
  unsigned next = 0;
  for (auto& byte : sample.data) byte = static_cast<std::remove_reference_t<decltype(byte)>>(next = (next * 5 + 1) & 0xff);
  return sample;
}

const wire::envelope_format& format_of(bool binary) { return binary ? wire::fbs_format() : wire::json_format(); }

std::string write_frame(const wire::envelope& e, std::string_view payload, bool binary) {
  std::string frame;
  if (!format_of(binary).write(e, side::client, as_bytes(payload), frame)) fail("the envelope cannot be written");
  return frame;
}

std::string hello(bool binary) {
  wire::hello greeting;
  greeting.agent = "parley-bench";
  for (const parley::method* m : bench::v1::BenchMethods::service.methods)
    greeting.methods.push_back({.name = std::string(m->name), .method = m->id, .fingerprint = m->fingerprint});
  greeting.contract = wire::contract_of(greeting.methods);
  std::string payload;
  wire::write_hello(format_of(binary).payload_format(), greeting, payload);
  wire::envelope e;
  e.kind = wire::kind::hello;
  return write_frame(e, payload, binary);
}

// Reads the server's frame from a copy, because payload readers require eight-aligned bytes.
bool read_frame(std::string_view content, bool binary, wire::envelope& e, std::string& copy) {
  copy.assign(content);
  return !format_of(binary).read(as_bytes(copy), side::client, wire::read_limits{}, e);
}

script typed(std::size_t size, bool binary, const parley::method& method) {
  const Sample sample = sample_of(size);
  script s;
  s.subprotocol = binary ? wire::fbs_subprotocol : wire::json_subprotocol;
  s.greeting = masked_frame(hello(binary), binary);
  s.welcomed = [binary](std::string_view content) {
    wire::envelope e;
    std::string copy;
    return read_frame(content, binary, e, copy) && e.kind == wire::kind::welcome;
  };

  wire::envelope e;
  e.kind = method.event ? wire::kind::event : wire::kind::call;
  e.name = method.name;
  e.method = method.id;
  if (!method.event) e.id = first_id;
  std::string payload;
  codec_for<Sample>.write(format_of(binary).payload_format(), &sample, payload);
  const std::string frame = write_frame(e, payload, binary);
  s.message = masked_frame(frame, binary);
  if (!method.event) {
    const std::uint64_t id = first_id;
    static_assert(std::endian::native == std::endian::little, "as the wire has it");
    const std::string_view written =
        binary ? std::string_view(reinterpret_cast<const char*>(&id), id_bytes) : std::string_view("\"id\":10000000");
    const std::size_t at = frame.find(written);
    if (at == frame.npos) fail("the call's id is not where it was thought to be");
    s.id_at = s.message.size() - frame.size() + at + written.size() - id_bytes;
    s.id_in_digits = !binary;
  }
  const wire::kind expected = method.event ? wire::kind::event : wire::kind::reply;
  s.answered = [sample, binary, expected](std::string_view content) {
    wire::envelope answer;
    std::string copy;
    if (!read_frame(content, binary, answer, copy) || answer.kind != expected) return false;
    const std::string aligned(as_text(answer.payload));
    Sample back;
    return codec_for<Sample>.read(format_of(binary).payload_format(), as_bytes(aligned), &back, {}) && back == sample;
  };
  return s;
}

}  // namespace

script typed_call(std::size_t size, bool binary) { return typed(size, binary, bench::v1::BenchMethods::echo); }
script typed_event(std::size_t size, bool binary) { return typed(size, binary, bench::v1::BenchMethods::tell); }

}  // namespace bench
