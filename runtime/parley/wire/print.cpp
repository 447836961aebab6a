#include "parley/wire/print.hpp"

#include "parley/wire/time_text.hpp"

#include <ostream>

namespace parley::text {
namespace {

template <class Number>
void print_number(printer& out, Number value) {
  json::writer(out.out()).number(value);
}

}  // namespace

void print(printer& out, double value) { print_number(out, value); }
void print(printer& out, float value) { print_number(out, value); }
void print(printer& out, std::int32_t value) { print_number(out, value); }
void print(printer& out, std::uint32_t value) { print_number(out, value); }
void print(printer& out, std::int64_t value) { print_number(out, value); }
void print(printer& out, std::uint64_t value) { print_number(out, value); }
void print(printer& out, bool value) { out.out() += value ? "true" : "false"; }
void print(printer& out, const std::string& value) { json::writer(out.out()).text(value); }
void print(printer& out, const std::vector<std::byte>& value) { out.out() += "<" + std::to_string(value.size()) + " bytes>"; }
void print(printer& out, const empty&) { out.out() += "{}"; }
void print(printer& out, const timestamp& time) { append_text(time, out.out()); }
void print(printer& out, const duration& span) { append_text(span, out.out()); }
void print(printer& out, const field_mask& mask) { print(out, mask.paths); }
void print(printer& out, const null_value&) { out.out() += "null"; }
void print(printer& out, const structure& object) { print(out, object.fields); }
void print(printer& out, const list_value& list) { print<value>(out, list.values); }
void print(printer& out, const value& any_kind) {
  std::visit([&](const auto& kind) { print(out, kind); }, any_kind.kind);
}
void print(printer& out, const any& packed) {
  out.out() += packed.type_url.empty() ? "{}" : packed.type_url + " <" + std::to_string(packed.content.size()) + " bytes>";
}

void print_flags(printer& out, std::int32_t value, std::string_view (*name_of_bit)(std::int32_t)) {
  if (const std::string_view whole = name_of_bit(value); !whole.empty()) {
    out.out() += whole;
    return;
  }
  const char* separator = "";
  auto rest = static_cast<std::uint32_t>(value);
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
    if ((rest & bit) == 0) continue;
    const std::string_view name = name_of_bit(static_cast<std::int32_t>(bit));
    if (name.empty()) continue;
    rest &= ~bit;
    out.out() += std::exchange(separator, "|");
    out.out() += name;
  }
  if (rest == 0 && *separator) return;
  out.out() += separator;
  print(out, static_cast<std::int32_t>(rest));
}

}  // namespace parley::text

namespace parley {

std::ostream& operator<<(std::ostream& out, const empty& value) { return out << text::to_line(value); }
std::ostream& operator<<(std::ostream& out, const duration& value) { return out << text::to_line(value); }
std::ostream& operator<<(std::ostream& out, const timestamp& value) { return out << text::to_line(value); }
std::ostream& operator<<(std::ostream& out, const field_mask& value) { return out << text::to_line(value); }
std::ostream& operator<<(std::ostream& out, const null_value& value) { return out << text::to_line(value); }
std::ostream& operator<<(std::ostream& out, const structure& value) { return out << text::to_line(value); }
std::ostream& operator<<(std::ostream& out, const list_value& value) { return out << text::to_line(value); }
std::ostream& operator<<(std::ostream& out, const value& value) { return out << text::to_line(value); }
std::ostream& operator<<(std::ostream& out, const any& value) { return out << text::to_line(value); }

}  // namespace parley
