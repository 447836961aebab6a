#include "parley/wire/hello_parts.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/sha256.hpp"

#include <algorithm>

namespace parley::wire {
namespace {

void put_big_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
}

// Whether a method is listed twice. Two names with the same id count, because no schema has both.
bool repeats(const std::vector<print>& methods) {
  std::vector<std::uint32_t> ids;
  ids.reserve(methods.size());
  for (const print& p : methods) ids.push_back(p.method);
  std::sort(ids.begin(), ids.end());
  return std::adjacent_find(ids.begin(), ids.end()) != ids.end();
}

}  // namespace

std::optional<fault> check_hello(const hello& h) {
  if (h.revision == 0) return refused(bad_hello, "hello without a revision");
  if (h.agent.size() > max_agent) return refused(bad_hello, "agent: longer than 64 bytes");
  if (!meta_in_bounds(h.meta)) return refused(bad_hello, "meta exceeds its limits");
  if (h.resume && h.resume->received > max_id) return refused(bad_hello, "resume.received: out of range");
  if (std::any_of(h.methods.begin(), h.methods.end(), [](const print& p) { return p.method == 0; }))
    return refused(bad_hello, "methods: the id 0");
  if (repeats(h.methods)) return violation("methods: duplicate entry");
  return std::nullopt;
}

std::optional<fault> check_welcome(const welcome& w) {
  if (w.revision == 0) return refused(bad_welcome, "welcome without a revision");
  if (w.outcome != outcome::fresh && w.client_id.empty()) return refused(bad_welcome, "welcome without a client id");
  return std::nullopt;
}

void write_hello(format f, const hello& h, std::string& out) { f == format::json ? write_hello_json(h, out) : write_hello_fbs(h, out); }
void write_welcome(format f, const welcome& w, std::string& out) {
  f == format::json ? write_welcome_json(w, out) : write_welcome_fbs(w, out);
}
void write_auth(format f, const auth& a, std::string& out) { f == format::json ? write_auth_json(a, out) : write_auth_fbs(a, out); }
void write_goaway(format f, const goaway& g, std::string& out) { f == format::json ? write_goaway_json(g, out) : write_goaway_fbs(g, out); }

std::optional<fault> read_hello(format f, bytes_view payload, hello& out) {
  out = {};
  out.revision = 0;
  auto wrong = f == format::json ? read_hello_json(as_text(payload), out) : read_hello_fbs(payload, out);
  return wrong ? wrong : check_hello(out);
}
std::optional<fault> read_welcome(format f, bytes_view payload, welcome& out) {
  out = {};
  out.revision = 0;
  auto wrong = f == format::json ? read_welcome_json(as_text(payload), out) : read_welcome_fbs(payload, out);
  return wrong ? wrong : check_welcome(out);
}
std::optional<fault> read_auth(format f, bytes_view payload, auth& out) {
  out = {};
  return f == format::json ? read_auth_json(as_text(payload), out) : read_auth_fbs(payload, out);
}
std::optional<fault> read_goaway(format f, bytes_view payload, goaway& out) {
  out = {};
  return f == format::json ? read_goaway_json(as_text(payload), out) : read_goaway_fbs(payload, out);
}

std::uint32_t method_id(std::string_view wire_name) { return first_32(sha256(as_bytes(wire_name))); }

std::uint64_t contract_of(std::span<const print> methods) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> pairs;
  pairs.reserve(methods.size());
  for (const print& p : methods) pairs.emplace_back(p.method != 0 ? p.method : method_id(p.name), p.fingerprint);
  std::sort(pairs.begin(), pairs.end());
  std::string bytes;
  bytes.reserve(pairs.size() * 12);
  for (const auto& [method, fingerprint] : pairs) {
    put_big_endian(bytes, method, 4);
    put_big_endian(bytes, fingerprint, 8);
  }
  return first_64(sha256(as_bytes(bytes)));
}

}  // namespace parley::wire
