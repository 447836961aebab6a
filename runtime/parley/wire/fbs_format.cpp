// Binary frames: [Head 8][Id 8]?[Peer 16]?[Extra, padded to 8]?[payload]. Head, Id and Peer are
// structs of schema/parley/envelope.fbs. A test compares this layout with the accessors of flatc.
#include "parley/wire/client_id.hpp"
#include "parley/wire/extra.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/target_text.hpp"
#include "parley/wire/utf8.hpp"

#include <array>
#include <cstring>

namespace parley::wire {
namespace {

constexpr std::size_t head_size = 8;
constexpr std::size_t id_size = 8;
constexpr std::size_t peer_size = 16;

namespace flag {
constexpr unsigned id = 0x01, peer = 0x02, extra = 0x04, re = 0x08, counted = 0x10, more = 0x20, optional = 0x40, reserved = 0x80;
}

// The wire is little-endian. Compilers turn each of these into one store or load.
template <std::size_t Bytes>
void put(char* to, std::uint64_t value) {
  for (std::size_t i = 0; i < Bytes; ++i) to[i] = static_cast<char>(value >> (8 * i) & 0xff);
}
template <std::size_t Bytes>
std::uint64_t get(bytes_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < Bytes; ++i) value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
  return value;
}

void put_head(char* to, wire::kind kind, unsigned flags, target_kind target, std::size_t envelope_size, std::uint32_t method) {
  put<1>(to, static_cast<std::uint8_t>(kind));
  put<1>(to + 1, flags);
  put<1>(to + 2, static_cast<std::uint8_t>(target));
  put<1>(to + 3, envelope_size / 8);
  put<4>(to + 4, method);
}

// The contents of the Id section, if there is one.
struct id_section {
  bool present = false;
  bool re = false;
  std::uint64_t value = 0;
};
id_section id_of(const envelope& e, const kind_rule& rule) {
  switch (rule.id) {
    case id_rule::none:
      return {};
    case id_rule::id:
      return {true, false, e.id};
    case id_rule::re:
      return {true, true, e.re};
    case id_rule::either:
      return {true, e.re != 0, e.re != 0 ? e.re : e.id};
    case id_rule::any:
      return {e.re != 0 || e.id != 0, e.re != 0, e.re != 0 ? e.re : e.id};
    case id_rule::re_or_none:
      return {e.re != 0, true, e.re};
    case id_rule::seq:
      return {true, false, e.seq};
    case id_rule::ack:
      return {true, false, e.ack};
    case id_rule::of_pieces:
      return {e.more, false, e.id};
  }
  return {};
}

bool says_method(wire::kind k) { return k == kind::event || k == kind::call || k == kind::reply || k == kind::error; }

// The id in the Peer section: the receiver if a client writes, the sender if the server writes.
// nullopt if the name is not a UUID.
struct peer_section {
  bool present = false;
  uuid_bytes id{};
};
std::optional<peer_section> peer_of(const envelope& e, side writer) {
  const std::string* name = nullptr;
  if (writer == side::client && has_target(e.kind) && e.to.kind == target_kind::client) name = &e.to.name;
  if (writer == side::server && e.kind == kind::event && !e.from.empty() && e.from != "server") name = &e.from;
  if (!name) return peer_section{};
  const auto bytes = uuid_from_text(*name);
  if (!bytes) return std::nullopt;
  return peer_section{true, *bytes};
}

class fbs final : public envelope_format {
 public:
  bool binary() const override { return true; }
  parley::format payload_format() const override { return format::binary; }
  bool has_session() const override { return true; }
  std::optional<fault> read(bytes_view frame, side reader, const read_limits& limits, envelope& out) const override;
  bool write(const envelope& e, side writer, bytes_view payload, std::string& out) const override;

  [[gnu::hot]] bool begin_reply(std::string_view, std::uint32_t method, std::uint64_t re, std::string& out) const override {
    std::array<char, head_size + id_size> head;
    put_head(head.data(), kind::reply, flag::id | flag::re | flag::counted, target_kind::none, head.size(), method);
    put<id_size>(head.data() + head_size, re);
    out.append(head.data(), head.size());
    return true;
  }
};

bool fbs::write(const envelope& e, side writer, bytes_view payload, std::string& out) const {
  if (!is_utf8(e.text)) {  // text of the program, which the peer would refuse unchanged
    envelope clean = e;
    clean.text = to_utf8(e.text);
    return write(clean, writer, payload, out);
  }
  const kind_rule* rule = rule_of(e.kind);
  const auto peer = peer_of(e, writer);
  if (!rule || !peer || !in_bounds(e) || (e.kind != kind::error && e.text.size() > max_text)) return false;
  const id_section id = id_of(e, *rule);
  const extra_writer extra(e, writer);
  const std::size_t envelope_size = head_size + (id.present ? id_size : 0) + (peer->present ? peer_size : 0) + extra.size();
  if (envelope_size > max_binary_envelope) return false;

  unsigned flags = 0;
  if (id.present) flags |= flag::id;
  if (id.present && id.re) flags |= flag::re;
  if (peer->present) flags |= flag::peer;
  if (!extra.empty()) flags |= flag::extra;
  if (e.counted && rule->countable) flags |= flag::counted;
  if (e.more) flags |= flag::more;
  if (e.optional) flags |= flag::optional;
  out.reserve(out.size() + envelope_size + payload.size());
  std::array<char, head_size + id_size> head;
  put_head(head.data(), e.kind, flags, has_target(e.kind) ? e.to.kind : target_kind::none, envelope_size,
           says_method(e.kind) ? e.method : 0);
  if (id.present) put<id_size>(head.data() + head_size, id.value);
  out.append(head.data(), head_size + (id.present ? id_size : 0));
  if (peer->present) out.append(reinterpret_cast<const char*>(peer->id.data()), peer_size);
  if (!extra.empty()) extra.write(out);
  out.append(as_text(payload));
  return true;
}

// Checks the Id section against the rule of the kind. Returns nullptr if it is valid.
const char* take_id(const kind_rule& rule, unsigned flags, std::uint64_t value, envelope& out) {
  const bool present = (flags & flag::id) != 0;
  const bool re = (flags & flag::re) != 0;
  if (re && !present) return "the flag RE without an id";
  if (present && (value > max_id || (value == 0 && rule.id != id_rule::ack))) return "an id out of range";
  const auto needs = [&](bool holds) { return holds ? nullptr : "an unexpected or missing id"; };
  switch (rule.id) {
    case id_rule::none:
      return needs(!present);
    case id_rule::id:
      out.id = value;
      return needs(present && !re);
    case id_rule::re:
      out.re = value;
      return needs(present && re);
    case id_rule::either:
      (re ? out.re : out.id) = value;
      return needs(present);
    case id_rule::any:
      (re ? out.re : out.id) = value;
      return nullptr;
    case id_rule::re_or_none:
      out.re = value;
      return needs(present == re);
    case id_rule::seq:
      out.seq = value;
      return needs(present && !re);
    case id_rule::ack:
      out.ack = value;
      return needs(present && !re);
    case id_rule::of_pieces:
      out.id = value;
      return needs(present == out.more && !re);
  }
  return nullptr;
}

// Checks the target, the Peer section and their fields in Extra. Returns nullptr if they are valid.
const char* take_target(unsigned target, bool has_peer, bytes_view peer, side reader, const extra_views& extra, envelope& out) {
  const bool known = target <= static_cast<unsigned>(target_kind::several);
  if (!has_target(out.kind)) {
    if (out.kind == kind::error && out.to.parts.size() == 1) {
      out.to = parley::target(std::move(out.to.parts.front()));
    } else if (out.kind == kind::error && !out.to.parts.empty()) {
      out.to.kind = target_kind::several;
      out.to.except.clear();
    } else {
      clear(out.to);
    }
    return target == 0 && !has_peer ? nullptr : "an unexpected target";
  }
  out.to.kind = known ? static_cast<target_kind>(target) : target_kind::none;
  out.target_unreadable = !known;

  if (has_peer) {
    uuid_bytes id;
    std::memcpy(id.data(), peer.data(), id.size());
    if (reader == side::server && out.to.kind == target_kind::client) append_uuid(id, out.to.name);
    else if (reader == side::client && out.kind == kind::event) append_uuid(id, out.from);
    else return "an unexpected peer";
  } else if (reader == side::server && out.to.kind == target_kind::client) {
    return "the target CLIENT without a peer";
  }

  if (out.to.kind != target_kind::several) out.to.parts.clear();
  if (out.to.kind == target_kind::several) {
    if (out.to.parts.empty() && reader == side::server) return "several targets without a list";
    out.target_unreadable = extra.unreadable_part;
  } else if (has_name(out.to.kind) && out.to.kind != target_kind::client) {  // a client is in the Peer section
    if (!extra.has_group) return "a target without its name";
    out.target_unreadable = !read_target_name(out.to.kind, extra.group, out.to.name);
    if (out.target_unreadable) out.to.name = extra.group;
  }
  return nullptr;
}

[[gnu::hot]] std::optional<fault> fbs::read(bytes_view frame, side reader, const read_limits& limits, envelope& out) const {
  out.clear();
  if (frame.size() < head_size) return violation("shorter than a head");
  const auto flags = static_cast<unsigned>(get<1>(frame, 1));
  const auto target = static_cast<unsigned>(get<1>(frame, 2));
  const std::size_t end = static_cast<std::size_t>(get<1>(frame, 3)) * 8;
  if ((flags & flag::reserved) != 0) return violation("a reserved bit is set");
  const bool has_peer = (flags & flag::peer) != 0;
  const bool has_extra = (flags & flag::extra) != 0;
  const std::size_t peer_at = head_size + ((flags & flag::id) != 0 ? id_size : 0);
  const std::size_t extra_at = peer_at + (has_peer ? peer_size : 0);
  if (end > frame.size()) return violation("the envelope extends past the end of the frame");
  if (end < extra_at || (!has_extra && end != extra_at)) return violation("the envelope's size differs from that of its sections");

  out.kind = static_cast<wire::kind>(get<1>(frame, 0));
  out.more = (flags & flag::more) != 0;
  out.optional = (flags & flag::optional) != 0;
  const kind_rule* rule = rule_of(out.kind);
  if (!rule) {
    out.unknown_kind = true;
    if (!out.optional) return violation("an unknown kind");
    return std::nullopt;
  }
  if (says_method(out.kind)) out.method = static_cast<std::uint32_t>(get<4>(frame, 4));
  out.counted = rule->countable && (flags & flag::counted) != 0;
  if (!may_write(*rule, other(reader))) return violation("a kind that the sender may not send");
  if (!limits.parts && (out.more || out.kind == kind::part)) return violation("parts were not agreed");
  const std::uint64_t id = (flags & flag::id) != 0 ? get<id_size>(frame, head_size) : 0;
  if (const char* wrong = take_id(*rule, flags, id, out)) return violation(wrong);

  extra_views extra;
  if (has_extra) {
    if (auto wrong = read_extra(frame.subspan(extra_at, end - extra_at), out, extra)) return wrong;
  }
  if (const char* wrong = take_target(target, has_peer, has_peer ? frame.subspan(peer_at, peer_size) : bytes_view{}, reader, extra, out))
    return violation(wrong);
  if (!limits.multi && (out.to.kind == target_kind::several || !out.to.except.empty())) return violation("several targets were not agreed");

  if (out.kind == kind::error && !out.code) out.code = errc::failed;
  out.payload = frame.subspan(end);
  out.has_payload = !out.payload.empty();
  if (out.kind == kind::credit && out.payload.size() != id_size) return violation("credit without its limit");
  return std::nullopt;
}

}  // namespace

const envelope_format& fbs_format() {
  static const fbs format;
  return format;
}

}  // namespace parley::wire
