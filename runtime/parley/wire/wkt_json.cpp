#include "parley/wire/json_values.hpp"
#include "parley/wire/time_text.hpp"
#include "parley/wire/wkt_rules.hpp"
#include "parley/wire/wkt_values.hpp"

namespace parley::json {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// "zip_code" -> "zipCode".
void append_camel(std::string_view path, std::string& out) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '_' && i + 1 < path.size() && is_lower(path[i + 1])) out += static_cast<char>(path[++i] - 'a' + 'A');
    else out += path[i];
  }
}

// "zipCode" -> "zip_code". Returns false if the reverse would yield another text.
bool append_snake(std::string_view path, std::string& out) {
  if (path.empty()) return false;
  for (char c : path) {
    if (!is_upper(c) && !is_lower(c) && !(c >= '0' && c <= '9') && c != '.') return false;
    if (is_upper(c)) {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return true;
}

template <class Time>
bool read_time(reader& in, Time& time, const char* what) {
  std::string_view text;
  if (!in.read(text)) return false;
  return parse_text(text, time) || in.fail(what);
}

template <class T>
void check(writer& out, const T& value) {
  if (const char* fault = fault_of(value)) out.fail(fault);
}

template <class Time>
void write_time(writer& out, const Time& time) {
  check(out, time);
  out.raw_by([&time](std::string& text) {
    text += '"';
    append_text(time, text);
    text += '"';
  });
}

}  // namespace

void write_json(writer& out, const empty&) { out.raw("{}"); }
void write_json(writer& out, const timestamp& time) { write_time(out, time); }
void write_json(writer& out, const duration& span) { write_time(out, span); }
void write_json(writer& out, const null_value&) { out.null(); }
void write_json(writer& out, const structure& object) { write_json(out, object.fields); }
void write_json(writer& out, const list_value& list) { write_json(out, list.values); }

void write_json(writer& out, const field_mask& mask) {
  check(out, mask);
  std::string joined;
  for (const std::string& path : mask.paths) {
    if (!joined.empty()) joined += ',';
    append_camel(path, joined);
  }
  out.text(joined);
}

void write_json(writer& out, const value& any_kind) {
  check(out, any_kind);
  std::visit([&](const auto& kind) { write_json(out, kind); }, any_kind.kind);
}

bool read_json(reader& in, empty&) {
  members<0> each(in, {});
  while (each.next()) {}
  return each.ok();
}

bool read_json(reader& in, timestamp& time) { return read_time(in, time, "not a time as RFC 3339 has it"); }
bool read_json(reader& in, duration& span) { return read_time(in, span, "not a number of seconds like 1.5s"); }

bool read_json(reader& in, field_mask& mask) {
  mask.paths.clear();
  std::string_view rest;
  if (!in.read(rest)) return false;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const bool last = comma == std::string_view::npos;
    if (!append_snake(rest.substr(0, comma), mask.paths.emplace_back()) || comma + 1 == rest.size())
      return in.fail("not paths in lowerCamelCase");
    rest = last ? std::string_view() : rest.substr(comma + 1);
  }
  return true;
}

bool read_json(reader& in, null_value&) {
  if (in.kind() == kind::null) return in.read_null();
  if (in.kind() == kind::string) {
    std::string_view name;
    return in.read(name) && (name == "NULL_VALUE" || in.fail("not null"));
  }
  std::int32_t number = 0;
  return in.read(number) && (number == 0 || in.fail("not null"));
}

bool read_json(reader& in, value& any_kind) {
  switch (in.kind()) {
    case kind::null:
      any_kind.kind.emplace<null_value>();
      return in.read_null();
    case kind::boolean:
      return in.read(any_kind.kind.emplace<bool>());
    case kind::number:
      return in.read(any_kind.kind.emplace<double>());
    case kind::string:
      return in.read(any_kind.kind.emplace<std::string>());
    case kind::object:
      return read_json(in, any_kind.kind.emplace<structure>());
    case kind::array:
      return read_json(in, any_kind.kind.emplace<list_value>());
    case kind::none:
      break;
  }
  return in.fail("not a value");
}

bool read_json(reader& in, structure& object) { return read_json(in, object.fields); }
bool read_json(reader& in, list_value& list) { return read_json(in, list.values); }

}  // namespace parley::json
