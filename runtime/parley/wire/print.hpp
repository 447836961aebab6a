// Prints a message as one line for human readers: `{id: 7, mood: GLAD, tags: {a: "b"}}`. Fields
// with their default value are left out. Sensitive fields are shown as ***.
//
// Generated code defines print(text::printer&, const M&) beside each message. Lists, maps and
// scalars are here, and the well-known types are in print.cpp. The output is not a format, and
// nothing parses it.
#pragma once

#include "parley/box.hpp"
#include "parley/wire/json_values.hpp"
#include "parley/wkt.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace parley::text {

class printer;

void print(printer&, double);
void print(printer&, float);
void print(printer&, std::int32_t);
void print(printer&, std::uint32_t);
void print(printer&, std::int64_t);
void print(printer&, std::uint64_t);
void print(printer&, bool);
void print(printer&, const std::string&);             // in quotes, control characters escaped
void print(printer&, const std::vector<std::byte>&);  // its length
void print(printer&, const empty&);
void print(printer&, const timestamp&);
void print(printer&, const duration&);
void print(printer&, const field_mask&);
void print(printer&, const null_value&);
void print(printer&, const structure&);
void print(printer&, const list_value&);
void print(printer&, const value&);
void print(printer&, const any&);
template <class T>
void print(printer&, const std::optional<T>&);
template <class T>
void print(printer&, const box<T>&);
template <class T>
void print(printer&, const std::vector<T>&);
template <class Key, class T>
void print(printer&, const std::map<Key, T>&);

class printer {
 public:
  explicit printer(std::string& out) noexcept : out_(out) {}
  printer(const printer&) = delete;
  printer& operator=(const printer&) = delete;

  void open() { out_ += '{'; }
  void close() { out_ += '}'; }
  template <class T>
  void member(std::string_view name, const T& value) {
    using json::is_default;
    if (is_default(value)) return;
    label(name);
    print(*this, value);
  }
  template <class T>
  void sensitive_member(std::string_view name, const T& value) {
    using json::is_default;
    if (is_default(value)) return;
    label(name);
    out_ += "***";
  }
  template <class Alternative, class Variant>
  void alternative(std::string_view name, const Variant& oneof) {
    const auto* set = std::get_if<Alternative>(&oneof);
    if (!set) return;
    label(name);
    print(*this, set->value);
  }
  template <class Alternative, class Variant>
  void sensitive_alternative(std::string_view name, const Variant& oneof) {
    if (!std::holds_alternative<Alternative>(oneof)) return;
    label(name);
    out_ += "***";
  }

  // Writes the separator. Called after open() and between elements.
  void separate() {
    if (const char last = out_.back(); last != '{' && last != '[') out_ += ", ";
  }
  void label(std::string_view name) {
    separate();
    out_ += name;
    out_ += ": ";
  }
  std::string& out() noexcept { return out_; }

 private:
  std::string& out_;
};

template <class T>
void print(printer& out, const std::optional<T>& value) {
  if (value) print(out, *value);
  else out.out() += "null";
}
template <class T>
void print(printer& out, const box<T>& value) {
  if (value) print(out, *value);
  else out.out() += "null";
}

template <class T>
void print(printer& out, const std::vector<T>& items) {
  out.out() += '[';
  for (const auto& item : items) {
    out.separate();
    print(out, static_cast<const T&>(item));
  }
  out.out() += ']';
}

template <class Key, class T>
void print(printer& out, const std::map<Key, T>& entries) {
  out.open();
  for (const auto& [key, value] : entries) {
    out.separate();
    print(out, key);
    out.out() += ": ";
    print(out, value);
  }
  out.close();
}

// An enum's name, or its number if the schema has no name for it.
template <class Enum>
void print_enum(printer& out, Enum value) {
  if (const std::string_view name = name_of(value); !name.empty()) out.out() += name;
  else print(out, static_cast<std::int32_t>(value));
}
// The names of an enum's bits, as GLAD|LOUD. Bits without a name are printed as a number.
void print_flags(printer&, std::int32_t value, std::string_view (*name_of_bit)(std::int32_t));

template <class T>
std::string to_line(const T& value) {
  std::string line;
  printer out(line);
  print(out, value);
  return line;
}

}  // namespace parley::text
