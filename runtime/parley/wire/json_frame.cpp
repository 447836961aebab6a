// Reading frames of subprotocol parley.v1.json. json_format.cpp writes them.
#include "parley/wire/json_frame.hpp"

#include "parley/core/base64.hpp"
#include "parley/wire/json_members.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/target_text.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace parley::wire {
namespace {

constexpr std::uint64_t max_ms = std::numeric_limits<std::uint32_t>::max();

// What the frame contained, beside the envelope that is filled.
struct found {
  std::string_view payload;
  std::size_t message_size = 0;
  bool name = false;
  bool id = false;
  bool re = false;
  bool seq = false;
  bool ack = false;
};

class frame_reader {
 public:
  frame_reader(std::string_view frame, side reader, const read_limits& limits, envelope& out)
      : frame_(frame), reader_(reader), limits_(limits), out_(out), in_(frame), members_(in_) {}

  std::optional<fault> read() {
    if (in_.enter_object())
      for (std::string_view name; in_.next_member(name);) read_member(name);
    if (!in_.finish()) return ill_formed();
    if (auto wrong = settle_kind()) return wrong;
    if (out_.unknown_kind) return std::nullopt;
    if (not_agreed_) return violation("a list of targets, which was not agreed");
    if (members_.complaint()) return bad_frame(members_.complaint(), answered_call());
    if (!text_is_payload(out_.kind) && out_.text.size() > max_text) return bad_frame("message: longer than 512 bytes");
    const std::size_t content = found_.payload.size() + (text_is_payload(out_.kind) ? found_.message_size : 0);
    if (frame_.size() - content > limits_.max_envelope) return bad_frame("the envelope is too large", answered_call());
    settle_members();
    return std::nullopt;
  }

 private:
  void read_member(std::string_view name) {
    if (!seen_.add(name)) {
      members_.refuse("a duplicate member, or too many members");
      return;
    }
    using take = void (frame_reader::*)();
    struct row {
      std::string_view name;
      take read;
    };
    static constexpr std::array rows{
        row{"event_name", &frame_reader::read_name},
        row{"payload", &frame_reader::read_payload},
        row{"to", &frame_reader::read_to},
        row{"from_id", &frame_reader::read_from},
        row{"id", &frame_reader::read_id},
        row{"re", &frame_reader::read_re},
        row{"message", &frame_reader::read_message},
        row{"code", &frame_reader::read_code},
        row{"deadline_ms", &frame_reader::read_deadline},
        row{"meta", &frame_reader::read_meta},
        row{"class", &frame_reader::read_class},
        row{"except", &frame_reader::read_except},
        row{"reason", &frame_reader::read_reason},
        row{"ttl_ms", &frame_reader::read_ttl},
        row{"seq", &frame_reader::read_seq},
        row{"ack", &frame_reader::read_ack},
        row{"key", &frame_reader::read_key},
        row{"slot", &frame_reader::read_slot},
        row{"opt", &frame_reader::read_opt},
    };
    const auto known = std::find_if(rows.begin(), rows.end(), [name](const row& r) { return r.name == name; });
    if (known == rows.end()) in_.skip();
    else if (in_.kind() == json::kind::null) in_.read_null();
    else (this->*known->read)();
  }

  void read_name() { found_.name = members_.text(out_.name, limits_.max_envelope, "event_name: not a string"); }
  void read_id() { found_.id = members_.integer(out_.id, 1, max_id, "id: not an integer from 1 to 2^53-1"); }
  void read_re() { found_.re = members_.integer(out_.re, 1, max_id, "re: not an integer from 1 to 2^53-1"); }
  void read_seq() { found_.seq = members_.integer(out_.seq, 1, max_id, "seq: not an integer from 1 to 2^53-1"); }
  void read_ack() { found_.ack = members_.integer(out_.ack, 0, max_id, "ack: not an integer from 0 to 2^53-1"); }
  void read_message() { out_.has_text = members_.long_text(out_.text, found_.message_size, "message: not a string"); }
  void read_reason() { members_.text(out_.reason, max_name, "reason: not a name"); }
  void read_key() { members_.text(out_.key, max_idempotency_key, "key: not a string of at most 64 bytes"); }
  void read_opt() { members_.flag(out_.optional, "opt: not true or false"); }
  void read_deadline() {
    std::uint32_t value = 0;
    if (members_.integer(value, 0, max_ms, "deadline_ms: not an integer from 0 to 2^32-1")) out_.deadline_ms = value;
  }
  void read_ttl() {
    std::uint32_t value = 0;
    if (members_.integer(value, 0, max_ms, "ttl_ms: not an integer from 0 to 2^32-1")) out_.ttl_ms = value;
  }

  void read_payload() {
    if (in_.raw(found_.payload, limits_.max_depth, out_.payload_tokens)) out_.has_payload = true;
    else in_payload_ = true;
  }

  // A client cannot state its own id, so the member is ignored.
  void read_from() {
    if (reader_ == side::server) in_.skip();
    else members_.text(out_.from, limits_.max_envelope, "from_id: not a string");
  }

  void read_code() {
    std::string_view name;
    if (members_.text(name, limits_.max_envelope, "code: not a string")) out_.code = errc_from_wire_name(name);
  }

  void read_class() {
    std::string_view name;
    if (!members_.text(name, limits_.max_envelope, "class: not a string")) return;
    if (name == "latest") out_.delivery = delivery_class::latest;
    else if (name == "drop") out_.delivery = delivery_class::drop;
    else members_.complain("class: neither `latest` nor `drop`");
  }

  void read_slot() {
    std::string_view text;
    std::vector<std::byte> bytes;
    if (!members_.text(text, limits_.max_envelope, "slot: not base64")) return;
    if (from_base64(text, bytes) && bytes.size() <= max_slot) out_.slot = as_text(bytes);
    else members_.complain("slot: not base64 of at most 256 bytes");
  }

  void read_to() {
    const json::reader::place start = in_.here();
    if (in_.kind() == json::kind::array) {
      read_to_list();
    } else {
      std::string_view text;
      if (members_.text(text, limits_.max_envelope, "to: neither a string nor a list of strings"))
        out_.target_unreadable = !read_target(text, out_.to);
    }
    if (!in_.failed()) out_.to_json = in_.since(start);
  }
  void read_to_list() {
    const bool whole = read_list("to: not a list of at most 16 strings", [this](std::string_view element) {
      out_.target_unreadable |= !read_target(element, out_.to.parts.emplace_back());
    });
    if (whole && out_.to.parts.empty()) members_.complain("to: an empty list");
    out_.to.kind = target_kind::several;
  }
  void read_except() {
    if (in_.kind() != json::kind::array) members_.refuse("except: not a list of strings");
    else read_list("except: not a list of at most 16 strings", [this](std::string_view element) { out_.to.except.emplace_back(element); });
  }
  bool read_list(const char* complaint, auto take) {
    if (!limits_.multi) {
      not_agreed_ = true;
      in_.skip();
      return false;
    }
    if (!in_.enter_array()) return false;
    bool whole = true;
    for (std::size_t count = 0; in_.next_element(); ++count) {
      std::string_view text;
      if (count >= max_targets) whole = members_.refuse(complaint);
      else if (members_.text(text, limits_.max_envelope, complaint)) take(text);
      else whole = false;
    }
    return whole;
  }

  void read_meta() {
    constexpr const char* complaint = "meta: not an object of at most 16 strings, 1024 bytes, with lower-case keys";
    if (in_.kind() != json::kind::object) {
      members_.refuse(complaint);
      return;
    }
    if (!in_.enter_object()) return;
    for (std::string_view key; in_.next_member(key);) {
      if (out_.meta.size() >= max_meta_entries) {
        members_.refuse(complaint);
        continue;
      }
      meta_entry& entry = out_.meta.emplace_back();
      entry.key = key;
      members_.text(entry.value, max_meta_bytes, complaint);
    }
    if (!meta_in_bounds(out_.meta)) members_.complain(complaint);
  }

  // Whether the name is that of a method. If so, an `id` opens a call.
  bool names_method() const { return found_.name && is_method_name(out_.name); }
  std::uint64_t answered_call() const { return found_.id && !found_.re && names_method() ? out_.id : 0; }

  fault ill_formed() const {
    fault wrong = bad_frame(in_.error().message, answered_call());
    // Nesting that is too deep is a fault of the payload. The text is valid JSON.
    if (in_payload_ && wrong.text.ends_with(nested_too_deeply)) wrong.code = errc::bad_payload;
    return wrong;
  }

  // Checks that need all members. These faults close the connection, whatever else is wrong.
  std::optional<fault> settle_kind() {
    if (!found_.name || out_.name.empty()) {
      members_.complain("event_name: missing");
      return std::nullopt;
    }
    if (names_method()) {
      if (found_.id && found_.re) return violation("id and re in one frame");
      out_.kind = found_.id ? kind::call : found_.re ? kind::reply : kind::event;
      return std::nullopt;
    }
    const auto rule = std::find_if(kind_rules.begin(), kind_rules.end(), [this](const kind_rule& r) { return r.name == out_.name; });
    if (rule == kind_rules.end()) {
      out_.unknown_kind = true;
      if (!out_.optional) return violation("an unknown kind");
      return std::nullopt;
    }
    if (!may_write(*rule, other(reader_))) return violation("a kind that the sender may not send");
    if (found_.id && found_.re) return violation("id and re in one frame");
    out_.kind = rule->kind;
    out_.name.clear();
    const bool sound = [&] {
      switch (rule->id) {
        case id_rule::id:
          return found_.id && !found_.re;
        case id_rule::either:
          return found_.id || found_.re;
        case id_rule::any:
          return true;
        case id_rule::re_or_none:
          return !found_.id;
        case id_rule::seq:
          return found_.seq;
        case id_rule::ack:
          return found_.ack;
        default:
          return !found_.id && !found_.re;
      }
    }();
    if (!sound) members_.complain("an unexpected or missing id");
    return std::nullopt;
  }

  void settle_members() {
    const kind_rule& rule = *rule_of(out_.kind);
    out_.counted = rule.countable && out_.delivery == delivery_class::none && (rule.id != id_rule::re_or_none || out_.re != 0);
    if (!has_target(out_.kind)) {
      clear(out_.to);
      out_.to_json = {};
      out_.target_unreadable = false;
    }
    if (out_.kind != kind::event) out_.from.clear();
    out_.payload = as_bytes(found_.payload);
    if (out_.kind == kind::error && !out_.code) out_.code = errc::failed;
  }

  std::string_view frame_;
  side reader_;
  const read_limits& limits_;
  envelope& out_;
  json::reader in_;
  member_reader members_;
  seen_names seen_;
  found found_{};
  bool in_payload_ = false;
  bool not_agreed_ = false;  // a member belongs to a feature that was not agreed
};

// Reads {"event": ..., "to": ...}, the payload of an error that answers no call. Anything else is
// ignored.
void read_what_failed(envelope& e) {
  json::reader in(as_text(e.payload), {.tokens = e.payload_tokens});
  if (in.kind() != json::kind::object || !in.enter_object()) return;
  for (std::string_view name; in.next_member(name);) {
    const bool is_to = name == "to";
    std::string* member = name == "event" ? &e.name : is_to ? &e.to_written : nullptr;
    const json::reader::place start = in.here();
    if (member && in.kind() == json::kind::string) in.read(*member);
    else in.skip();
    if (is_to && !in.failed()) e.to_json = in.since(start);
  }
}

}  // namespace

std::optional<fault> read_json_frame(std::string_view frame, side reader, const read_limits& limits, envelope& out) {
  out.clear();
  if (auto wrong = frame_reader(frame, reader, limits, out).read()) return wrong;
  if (out.kind == kind::error && out.re == 0 && out.has_payload) read_what_failed(out);
  return std::nullopt;
}

}  // namespace parley::wire
