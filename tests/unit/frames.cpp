#include "frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace frames {
namespace {

using namespace parley;

std::string hex_number(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

bool printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text = "[";
  for (std::size_t i = 0; i < parts.size(); ++i) text += (i ? "," : "") + parts[i];
  return text + ']';
}

std::string word(wire::kind kind) {
  switch (kind) {
    case wire::kind::event:
      return "event";
    case wire::kind::call:
      return "call";
    case wire::kind::reply:
      return "reply";
    case wire::kind::error:
      return "error";
    case wire::kind::cancel:
      return "cancel";
    case wire::kind::item:
      return "item";
    case wire::kind::end:
      return "end";
    case wire::kind::part:
      return "part";
    case wire::kind::mark:
      return "mark";
    case wire::kind::ack:
      return "ack";
    case wire::kind::credit:
      return "credit";
    case wire::kind::ping:
      return "ping";
    case wire::kind::pong:
      return "pong";
    case wire::kind::hello:
      return "hello";
    case wire::kind::welcome:
      return "welcome";
    case wire::kind::goaway:
      return "goaway";
    case wire::kind::gap:
      return "gap";
    case wire::kind::auth:
      return "auth";
  }
  return "unknown";
}

std::string word(const target& to) {
  if (to.kind == target_kind::several) {
    std::vector<std::string> parts;
    for (const target& part : to.parts) parts.push_back(word(part));
    return joined(parts);
  }
  // Binary frames do not contain the receiver of a frame to CLIENT, because it is the reader.
  return to.kind == target_kind::client && to.name.empty() ? "client" : to_text(to);
}

// Members in the order they are added.
class description {
 public:
  void add(std::string_view name, std::string_view value) { (text_ += text_.empty() ? "" : " ").append(name).append("=").append(value); }
  void add(std::string_view name, std::uint64_t value) { add(name, std::to_string(value)); }
  void flag(std::string_view name, bool set) {
    if (set) (text_ += text_.empty() ? "" : " ").append(name);
  }
  void meta(const std::vector<wire::meta_entry>& entries) {
    for (const wire::meta_entry& m : entries) add("meta." + m.key, in_quotes(m.value));
  }
  void prints(std::string_view name, const std::vector<wire::print>& methods) {
    if (methods.empty()) return;
    std::vector<std::string> parts;
    for (const wire::print& p : methods) parts.push_back(hex_number(p.method, 8) + ":" + hex_number(p.fingerprint, 16));
    std::sort(parts.begin(), parts.end());
    add(name, joined(parts));
  }
  void limits(const wire::limits& l) {
    if (l == wire::limits{}) return;
    add("limits",
        joined({std::to_string(l.max_message), std::to_string(l.max_calls), std::to_string(l.max_streams), std::to_string(l.stream_window),
                std::to_string(l.max_groups), std::to_string(l.replay_bytes), std::to_string(l.replay_frames), std::to_string(l.resume_ms),
                std::to_string(l.max_depth), std::to_string(l.ack_bytes), std::to_string(l.ack_frames), std::to_string(l.ack_ms)}));
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string from_hex(std::string_view digits) {
  std::string bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ') continue;
    const int value = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = value;
    } else {
      bytes += static_cast<char>(high * 16 + value);
      high = -1;
    }
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += hex_number(static_cast<unsigned char>(c), 2);
  return text;
}

exact::exact(std::string_view content) : memory_(new std::byte[content.size()]), size_(content.size()) {
  std::memcpy(memory_.get(), content.data(), size_);
}

wire::read_limits every_feature() {
  wire::read_limits limits;
  limits.parts = true;
  return limits;
}

std::string describe(const wire::envelope& e) {
  description d;
  d.add("kind", e.unknown_kind ? "unknown" : word(e.kind));
  if (e.unknown_kind) return std::move(d).text();
  if (!e.name.empty()) d.add("name", e.name);
  if (e.method != 0) d.add("method", hex_number(e.method, 8));
  target to = e.to;
  if (e.target_unreadable) to.name.clear();  // the text as written, which is not a valid name
  if (to.kind != target_kind::none) d.add("to", word(to));
  d.flag("unknown_target", e.target_unreadable);
  if (!e.to_written.empty()) d.add("to_written", in_quotes(e.to_written));
  if (!e.to.except.empty()) d.add("except", joined(e.to.except));
  if (!e.from.empty()) d.add("from", e.from);
  if (e.id != 0) d.add("id", e.id);
  if (e.re != 0) d.add("re", e.re);
  if (!e.foreign_id.empty()) d.add("foreign_id", e.foreign_id);
  if (e.code) d.add("code", wire_name(*e.code));
  if (!e.reason.empty()) d.add("reason", e.reason);
  if (e.has_text) d.add("text", in_quotes(e.text));
  if (e.deadline_ms) d.add("deadline_ms", *e.deadline_ms);
  if (e.ttl_ms) d.add("ttl_ms", *e.ttl_ms);
  if (e.delivery != wire::delivery_class::none) d.add("class", e.delivery == wire::delivery_class::latest ? "latest" : "drop");
  d.flag("counted", e.counted);
  if (e.seq != 0) d.add("seq", e.seq);
  if (e.ack != 0) d.add("ack", e.ack);
  d.meta(e.meta);
  if (!e.key.empty()) d.add("key", in_quotes(e.key));
  if (!e.slot.empty()) d.add("slot", to_hex(e.slot));
  d.flag("more", e.more);
  d.flag("optional", e.optional);
  if (e.has_payload) d.add("payload", printable(as_text(e.payload)) ? std::string(as_text(e.payload)) : to_hex(as_text(e.payload)));
  return std::move(d).text();
}

std::string describe(const wire::hello& h) {
  description d;
  d.add("revision", h.revision);
  if (h.features != 0) d.add("features", hex_number(h.features, 4));
  if (h.required != 0) d.add("required", hex_number(h.required, 4));
  if (!h.agent.empty()) d.add("agent", in_quotes(h.agent));
  if (h.contract != 0) d.add("contract", hex_number(h.contract, 16));
  d.prints("methods", h.methods);
  d.prints("accepted", h.accepted);
  if (h.auth) d.add("auth", h.auth->scheme + "/" + h.auth->credential);
  if (h.resume) d.add("resume", h.resume->token + "/" + hex_number(h.resume->epoch, 16) + "/" + std::to_string(h.resume->received));
  d.limits(h.limits);
  d.meta(h.meta);
  return std::move(d).text();
}

std::string describe(const wire::welcome& w) {
  description d;
  d.add("revision", w.revision);
  if (w.features != 0) d.add("features", hex_number(w.features, 4));
  if (!w.agent.empty()) d.add("agent", in_quotes(w.agent));
  if (!w.client_id.empty()) d.add("client_id", w.client_id);
  if (!w.token.empty()) d.add("token", w.token);
  if (w.epoch != 0) d.add("epoch", hex_number(w.epoch, 16));
  d.add("outcome", static_cast<std::uint64_t>(w.outcome));
  d.add("received", w.received);
  d.add("next", w.next);
  if (w.contract != 0) d.add("contract", hex_number(w.contract, 16));
  d.prints("mismatched", w.mismatched);
  d.prints("missing", w.missing);
  d.add("policy", static_cast<std::uint64_t>(w.policy));
  d.limits(w.limits);
  d.add("heartbeat_ms", w.heartbeat_ms);
  if (w.auth_ms != 0) d.add("auth_ms", w.auth_ms);
  return std::move(d).text();
}

std::string describe(const wire::fault& f) {
  if (f.close != 0) return "close " + std::to_string(f.close);
  std::string text(wire_name(f.code));
  if (f.re != 0) text += " re=" + std::to_string(f.re);
  if (!f.foreign_re.empty()) text += " re=" + f.foreign_re;
  return text;
}

std::string reading(const wire::envelope_format& format, std::string_view frame, side reader, const wire::read_limits& limits) {
  const exact copy(frame);
  wire::envelope e;
  if (const auto wrong = format.read(copy.bytes(), reader, limits, e)) return describe(*wrong);
  return describe(e);
}

bool record::has(std::string_view name) const {
  return std::any_of(members.begin(), members.end(), [name](const auto& m) { return m.first == name; });
}
const std::string& record::operator[](std::string_view name) const {
  static const std::string none;
  for (const auto& [key, value] : members)
    if (key == name) return value;
  ADD_FAILURE() << file << ":" << line << ": no " << name;
  return none;
}

std::string read_file(const std::string& file) {
  std::ifstream in(PARLEY_VECTORS "/" + file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<record> read_records(const std::string& file) {
  std::vector<record> records;
  std::istringstream lines(read_file(file));
  bool inside = false;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with('#')) continue;
    if (line.empty()) {
      inside = false;
      continue;
    }
    if (!inside) records.push_back({file, number});
    inside = true;
    const std::size_t colon = line.find(':');
    if (colon == line.npos) ADD_FAILURE() << file << ":" << number << ": not name: value";
    else records.back().members.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
  }
  EXPECT_FALSE(records.empty()) << file;
  return records;
}

}  // namespace frames
