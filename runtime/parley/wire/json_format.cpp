// Subprotocol parley.v1.json: one JSON object in each text frame. Absent members are left out.
// Writers put `event_name` first and `payload` last. Readers accept any order.
#include "parley/wire/json_frame.hpp"
#include "parley/wire/json_writer.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/target_text.hpp"

#include <string>
#include <string_view>

namespace parley::wire {
namespace {

class json_v1 final : public envelope_format {
 public:
  bool binary() const override { return false; }
  parley::format payload_format() const override { return format::json; }
  bool has_session() const override { return true; }

  std::optional<fault> read(bytes_view frame, side reader, const read_limits& limits, envelope& out) const override {
    return read_json_frame(as_text(frame), reader, limits, out);
  }

  bool write(const envelope& e, side writer, bytes_view payload, std::string& out) const override {
    const kind_rule* rule = rule_of(e.kind);
    const bool names_method = e.kind == kind::event || e.kind == kind::call || e.kind == kind::reply;
    if (!rule || !in_bounds(e)) return false;
    if (names_method ? !is_method_name(e.name) : rule->name.empty()) return false;
    const std::size_t start = out.size();
    out.reserve(start + payload.size() + e.text.size() + 128);
    json::writer w(out);
    w.open_object();
    w.member("\"event_name\":");
    w.text(names_method ? std::string_view(e.name) : rule->name);
    if (has_target(e.kind)) write_targets(e, writer, w);
    if (e.kind == kind::event && writer == side::server) text("\"from_id\":", e.from.empty() ? std::string_view("server") : e.from, w);
    write_ids(e, *rule, w);
    if (e.code) text("\"code\":", wire_name(*e.code), w);
    if (!e.reason.empty()) text("\"reason\":", e.reason, w);
    const std::size_t before_message = w.size();
    if (e.has_text) text("\"message\":", e.kind == kind::error ? cut_text(e.text, max_text) : e.text, w);
    const std::size_t content = payload.size() + (text_is_payload(e.kind) ? w.size() - before_message : 0);
    if (e.deadline_ms) number("\"deadline_ms\":", *e.deadline_ms, w);
    if (e.ttl_ms) number("\"ttl_ms\":", *e.ttl_ms, w);
    if (e.delivery != delivery_class::none) text("\"class\":", e.delivery == delivery_class::latest ? "latest" : "drop", w);
    if (!e.slot.empty()) {
      w.member("\"slot\":");
      w.base64(as_bytes(e.slot));
    }
    if (!e.key.empty()) text("\"key\":", e.key, w);
    if (!e.meta.empty()) write_meta(e, w);
    if (e.optional) {
      w.member("\"opt\":");
      w.boolean(true);
    }
    write_payload(e, payload, w);
    w.close_object();
    w.end();
    if (out.size() - start - content <= max_json_envelope) return true;
    out.resize(start);
    return false;
  }

  bool begin_reply(std::string_view name, std::uint32_t, std::uint64_t re, std::string& out) const override {
    using namespace std::string_view_literals;
    json::writer w(out);
    w.raw(R"({"event_name":")"sv);
    w.raw(name);
    w.raw(R"(","re":)"sv);
    w.number(re);
    w.raw(R"(,"payload":)"sv);
    return true;
  }
  void end_reply(std::string& out) const override { out += '}'; }

 private:
  static void text(std::string_view name, std::string_view value, json::writer& w) {
    w.member(name);
    w.text(value);
  }
  static void number(std::string_view name, std::uint64_t value, json::writer& w) {
    w.member(name);
    w.number(value);
  }
  static void write_targets(const envelope& e, side writer, json::writer& w) {
    if (e.to.kind == target_kind::several) {
      w.member("\"to\":");
      w.open_array();
      for (const target& part : e.to.parts) {
        w.element();
        write_target(part, w);
      }
      w.close_array();
    } else if (e.to.kind != target_kind::none) {
      w.member("\"to\":");
      write_target(e.to, w);
    }
    if (writer == side::server || e.to.except.empty()) return;
    w.member("\"except\":");
    w.open_array();
    for (const std::string& id : e.to.except) {
      w.element();
      w.text(id);
    }
    w.close_array();
  }
  static void write_ids(const envelope& e, const kind_rule& rule, json::writer& w) {
    const bool either = rule.id == id_rule::either || rule.id == id_rule::any;
    const bool may_have_re = rule.id == id_rule::re || rule.id == id_rule::re_or_none || either;
    if (may_have_re && e.re != 0) number("\"re\":", e.re, w);
    else if (rule.id == id_rule::id || (either && (e.id != 0 || rule.id != id_rule::any))) number("\"id\":", e.id, w);
    if (rule.id == id_rule::ack) number("\"ack\":", e.ack, w);
    else if (rule.id == id_rule::seq || e.seq != 0) number("\"seq\":", e.seq, w);
  }
  static void write_meta(const envelope& e, json::writer& w) {
    w.member("\"meta\":");
    w.open_object();
    for (const meta_entry& m : e.meta) {
      w.member_named(m.key);
      w.text(m.value);
    }
    w.close_object();
  }
  static void write_payload(const envelope& e, bytes_view payload, json::writer& w) {
    if (!payload.empty()) {
      w.member("\"payload\":");
      w.raw(as_text(payload));
    } else if (e.kind == kind::error && e.re == 0) {
      w.member("\"payload\":");
      w.open_object();
      if (!e.name.empty()) text("\"event\":", e.name, w);
      if (!e.to_json.empty()) {
        w.member("\"to\":");
        w.raw(e.to_json);
      }
      w.close_object();
    }
  }
};

}  // namespace

const envelope_format& json_format() {
  static const json_v1 format;
  return format;
}

}  // namespace parley::wire
