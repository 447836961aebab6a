#include "parley/wire/flat_values.hpp"
#include "parley/wire/wkt_rules.hpp"
#include "parley/wire/wkt_values.hpp"

// The field ids are those of schema/parley/wkt.fbs.
namespace parley::flat {
namespace {

// Value.kind, in the order of parley::value's alternatives.
enum class value_kind : std::uint8_t { null, number, text, truth, object, list };

// Values that JSON cannot express are neither written nor read.
template <class T>
void check(writer& out, const T& value) {
  if (const char* fault = fault_of(value)) out.fail(fault);
}
template <class T>
bool check(table from, const T& value) {
  const char* const fault = fault_of(value);
  return !fault || from.in().fail(fault);
}

template <class Time>
offset write_time(writer& out, const Time& time) {
  check(out, time);
  out.begin_table();
  out.add(0, time.seconds);
  out.add(1, time.nanos);
  return out.end_table();
}

template <class Time>
bool read_time(table from, Time& time) {
  return from.scalar(0, time.seconds) && from.scalar(1, time.nanos) && check(from, time);
}

offset write_only(writer& out, offset member) {
  out.begin_table();
  out.add(0, member);
  return out.end_table();
}

// Empty contents are left out. They count as a level anyway, because they are one in JSON.
template <class Contents>
offset write_level(writer& out, const Contents& contents) {
  if (!contents.empty()) return write_member(out, contents);
  const nesting_level level(out);
  return {};
}

}  // namespace

offset write_binary(writer& out, const empty&) { return write_only(out, {}); }
offset write_binary(writer& out, const null_value&) { return write_only(out, {}); }
offset write_binary(writer& out, const timestamp& time) { return write_time(out, time); }
offset write_binary(writer& out, const duration& span) { return write_time(out, span); }
offset write_binary(writer& out, const field_mask& mask) {
  check(out, mask);
  return write_only(out, write_member(out, mask.paths));
}
offset write_binary(writer& out, const structure& object) { return write_only(out, write_level(out, object.fields)); }
offset write_binary(writer& out, const list_value& list) { return write_only(out, write_level(out, list.values)); }

offset write_binary(writer& out, const value& any_kind) {
  check(out, any_kind);
  const auto* text = std::get_if<std::string>(&any_kind.kind);
  const auto* object = std::get_if<structure>(&any_kind.kind);
  const auto* list = std::get_if<list_value>(&any_kind.kind);
  const offset text_at = text ? write_member(out, *text) : offset{};
  const offset object_at = object ? write_level(out, object->fields) : offset{};
  const offset list_at = list ? write_level(out, list->values) : offset{};
  out.begin_table();
  if (const auto* number = std::get_if<double>(&any_kind.kind)) out.add(1, *number);
  out.add(2, text_at);
  out.add(4, object_at);
  out.add(5, list_at);
  if (const auto* truth = std::get_if<bool>(&any_kind.kind)) out.add(3, *truth);
  out.add(0, static_cast<std::uint8_t>(any_kind.kind.index()));
  return out.end_table();
}

offset write_binary(writer& out, const any& packed) {
  check(out, packed);
  out.builds(packed.content.size());
  const offset url = write_member(out, packed.type_url);
  const offset content = write_member(out, packed.content);
  out.begin_table();
  out.add(0, url);
  out.add(1, content);
  return out.end_table();
}

bool read_binary(table, empty&) { return true; }
bool read_binary(table, null_value&) { return true; }
bool read_binary(table from, timestamp& time) { return read_time(from, time); }
bool read_binary(table from, duration& span) { return read_time(from, span); }
bool read_binary(table from, field_mask& mask) { return read_field(from, 0, mask.paths, {}) && check(from, mask); }
bool read_binary(table from, structure& object) { return read_field(from, 0, object.fields, {}); }
bool read_binary(table from, list_value& list) { return read_field<value>(from, 0, list.values, {}); }

bool read_binary(table from, value& any_kind) {
  std::uint8_t kind = 0;
  if (!from.scalar(0, kind)) return false;
  switch (static_cast<value_kind>(kind)) {
    case value_kind::null:
      any_kind.kind.emplace<null_value>();
      return true;
    case value_kind::number:
      return from.scalar(1, any_kind.kind.emplace<double>()) && check(from, any_kind);
    case value_kind::text:
      return read_field(from, 2, any_kind.kind.emplace<std::string>(), {});
    case value_kind::truth:
      return from.scalar(3, any_kind.kind.emplace<bool>());
    case value_kind::object:
      return read_field(from, 4, any_kind.kind.emplace<structure>().fields, {});
    case value_kind::list:
      return read_field<value>(from, 5, any_kind.kind.emplace<list_value>().values, {});
  }
  return from.in().fail("a value of an unknown kind");
}

}  // namespace parley::flat
