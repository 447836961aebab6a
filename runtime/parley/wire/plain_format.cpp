// Plain mode: the five keys of datadivr in text frames, without a subprotocol.
#include "parley/wire/json_members.hpp"
#include "parley/wire/json_writer.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/target_text.hpp"

#include <algorithm>

namespace parley::wire {
namespace {

class frame_reader {
 public:
  frame_reader(std::string_view frame, side reader, const read_limits& limits, envelope& out)
      // Python peers write NaN. A server that decodes the payload refuses it there. A server that
      // relays it decides which receivers get it.
      : frame_(frame), reader_(reader), limits_(limits), out_(out), in_(frame, {.accept_nan_tokens = true}), members_(in_) {}

  std::optional<fault> read() {
    if (in_.enter_object())
      for (std::string_view name; in_.next_member(name);) read_member(name);
    if (!in_.finish()) return ill_formed();
    if (out_.name.empty()) members_.complain("event_name: missing");
    if (frame_.size() - payload_.size() - message_size_ > limits_.max_envelope) members_.complain("the envelope is too large");
    if (members_.complaint()) return refused(members_.complaint());
    out_.payload = as_bytes(payload_);
    if (out_.name == "error" && (reader_ == side::server || out_.from.empty() || out_.from == "server")) {
      out_.kind = kind::error;
      out_.name.clear();
      if (!out_.code) out_.code = errc::failed;  // datadivr has only a text
    }
    return std::nullopt;
  }

 private:
  void read_member(std::string_view name) {
    if (!seen_.add(name)) members_.refuse("a duplicate member, or too many members");
    else if (name == "event_name") take([this] { members_.text(out_.name, limits_.max_envelope, "event_name: not a string"); });
    else if (name == "payload") take([this] { read_payload(); });
    else if (name == "to") take([this] { read_to(); });
    else if (name == "from_id" && reader_ == side::client) take([this] { read_from(); });
    else if (name == "message") take([this] { read_message(); });
    else if (name == "code" && reader_ == side::client) take([this] { read_code(); });
    else if (name == (reader_ == side::server ? "id" : "re")) take([this] { read_foreign_id(); });
    else in_.skip();
  }
  void take(auto read) {
    if (in_.kind() == json::kind::null) in_.read_null();
    else read();
  }

  void read_payload() {
    if (in_.raw(payload_, limits_.max_depth, out_.payload_tokens)) out_.has_payload = true;
    else in_payload_ = true;
    out_.payload_not_json = in_.passed_nan();
  }
  void read_to() {
    if (members_.text(out_.to_written, limits_.max_envelope, "to: not a string"))
      out_.target_unreadable = !read_target(out_.to_written, out_.to);
  }
  void read_from() { members_.text(out_.from, limits_.max_envelope, "from_id: not a string"); }
  void read_code() {
    std::string_view name;
    if (members_.text(name, limits_.max_envelope, "code: not a string")) out_.code = errc_from_wire_name(name);
  }
  // The text of a method with `body: MESSAGE` is its payload. The size of the frame limits it, and
  // it does not count as envelope.
  void read_message() { out_.has_text = members_.long_text(out_.text, message_size_, "message: not a string"); }
  // An integer is kept as written. A string is kept as Parley's writer would spell it, so that
  // equal ids have equal texts.
  void read_foreign_id() {
    constexpr const char* complaint = "id: neither an integer nor a string of at most 64 bytes";
    if (in_.kind() == json::kind::string) {
      std::string_view text;
      if (members_.text(text, max_foreign_id, complaint)) json::writer(out_.foreign_id).text(text);
      return;
    }
    std::string_view digits;
    if (in_.kind() != json::kind::number) members_.refuse(complaint);
    else if (!in_.raw(digits, 0)) return;
    else if (is_integer(digits) && digits.size() <= max_foreign_id) out_.foreign_id = digits;
    else members_.complain(complaint);
  }
  static bool is_integer(std::string_view number) {
    return std::all_of(number.begin(), number.end(), [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
  }

  fault refused(std::string text) const {
    fault wrong = bad_frame(std::move(text));
    if (reader_ == side::server) wrong.foreign_re = out_.foreign_id;
    return wrong;
  }
  fault ill_formed() const {
    fault wrong = refused(in_.error().message);
    if (in_payload_ && wrong.text.ends_with(nested_too_deeply)) wrong.code = errc::bad_payload;
    return wrong;
  }

  std::string_view frame_;
  side reader_;
  const read_limits& limits_;
  envelope& out_;
  json::reader in_;
  member_reader members_;
  seen_names seen_;
  std::string_view payload_;
  std::size_t message_size_ = 0;
  bool in_payload_ = false;
};

class plain final : public envelope_format {
 public:
  bool binary() const override { return false; }
  parley::format payload_format() const override { return format::json; }
  bool has_session() const override { return false; }

  std::optional<fault> read(bytes_view frame, side reader, const read_limits& limits, envelope& out) const override {
    out.clear();
    return frame_reader(as_text(frame), reader, limits, out).read();
  }

  // Always writes all five keys, in datadivr's order. Writes `re` and `code` only for a peer that
  // sent an `id`.
  bool write(const envelope& e, side writer, bytes_view payload, std::string& out) const override {
    const bool error = e.kind == kind::error;
    const bool names_method = e.kind == kind::event || e.kind == kind::call || e.kind == kind::reply;
    if (!error && !(names_method && is_method_name(e.name))) return false;
    if (writer == side::client && !has_plain_text(e.to)) return false;

    out.reserve(out.size() + payload.size() + e.text.size() + 192);
    json::writer w(out);
    w.open_object();
    w.member("\"event_name\":");
    w.text(error ? std::string_view("error") : e.name);
    w.member("\"payload\":");
    w.raw(payload.empty() ? std::string_view("null") : as_text(payload));
    w.member("\"to\":");
    if (!e.to_written.empty()) w.text(e.to_written);
    // datadivr's clients write "others" if the user names no target.
    else if (e.to.kind == target_kind::none) w.text("others");
    else if (e.to.kind == target_kind::several) w.text(list_of(e.to.parts));
    else write_target(e.to, w);
    w.member("\"from_id\":");
    // datadivr's clients write "server" too. The server that receives it overwrites it.
    w.text(writer == side::client || e.from.empty() ? std::string_view("server") : e.from);
    w.member("\"message\":");
    if (e.has_text) w.text(error ? cut_text(e.text, max_text) : std::string_view(e.text));
    else w.null();
    if (!e.foreign_id.empty()) {
      w.member(writer == side::server ? "\"re\":" : "\"id\":");
      w.raw(e.foreign_id);
      if (writer == side::server && e.code) {
        w.member("\"code\":");
        w.text(wire_name(*e.code));
      }
    }
    w.close_object();
    return true;
  }

 private:
  // For receivers `to` is information only, and always a string.
  static std::string list_of(const std::vector<target>& parts) {
    std::string list;
    for (const target& part : parts) list += (list.empty() ? "" : ",") + to_text(part);
    return list;
  }
};

}  // namespace

const envelope_format& plain_format() {
  static const plain format;
  return format;
}

}  // namespace parley::wire
