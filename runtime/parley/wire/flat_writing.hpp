// Writing C++ types in their FlatBuffers form (flat_values.hpp). write_object() writes everything that
// is not inline, before the table that refers to it is begun. It returns a null offset for an absent
// value.
#pragma once

#include "parley/box.hpp"
#include "parley/wire/flat.hpp"
#include "parley/wire/writable.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace parley::flat {

inline offset write_object(writer& out, const std::string& value) { return out.text(value); }
inline offset write_object(writer& out, const byte_vector& value) { return out.bytes(value); }
template <class Message>
offset write_object(writer& out, const Message& value) {
  return write_binary(out, value);
}

template <class T>
auto to_scalar(T value) {
  if constexpr (std::is_enum_v<T>) return static_cast<std::int32_t>(value);
  else return value;
}

template <inline_value T>
offset write_list(writer& out, const std::vector<T>& items) {
  out.builds(items.size() * sizeof(T));
  if constexpr (std::is_same_v<T, bool>) {
    const std::vector<std::uint8_t> bytes(items.begin(), items.end());
    return out.list(std::span(bytes));
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(sizeof(T) == sizeof(std::int32_t));
    return out.structs(std::span<const T>(items));
  } else {
    return out.list(std::span<const T>(items));
  }
}
template <class T>
offset write_list(writer& out, const std::vector<T>& items) {
  [[maybe_unused]] const level_around<T, writer> level(out);
  if constexpr (!always_writable<T>)
    if (out.failed()) return {};
  out.builds(items.size() * sizeof(T));
  const std::size_t begun = out.begin_list();
  for (const T& item : items) {
    offset written = write_object(out, item);
    if constexpr (!always_writable<T>)
      if (out.failed()) return out.within_element(static_cast<std::size_t>(&item - items.data())), offset{};
    if constexpr (std::is_same_v<T, byte_vector>) {
      out.begin_table();
      out.add(0, written);
      written = out.end_table();
    }
    out.add_item(written);
  }
  return out.end_list(begun);
}

template <class Key, class T>
offset write_entries(writer& out, const std::map<Key, T>& entries) {
  constexpr bool may_fail = !always_writable<std::map<Key, T>>;
  [[maybe_unused]] const level_around<T, writer> level(out);
  if constexpr (may_fail)
    if (out.failed()) return {};
  out.builds(entries.size() * entry_size<Key, T>);
  const std::size_t begun = out.begin_list();
  std::size_t number = 0;
  for (const auto& [key, value] : entries) {
    offset key_at;
    offset value_at;
    if constexpr (!inline_value<Key>) key_at = out.key(key);
    if constexpr (!inline_value<T>) value_at = write_object(out, value);
    if constexpr (may_fail)
      if (out.failed()) return out.within_entry(number), offset{};
    ++number;
    out.begin_table();
    // The key is written even if it is zero or empty, as flatc does for keys.
    if constexpr (inline_value<Key>) out.add_present(0, key);
    else out.add(0, key_at);
    if constexpr (inline_value<T>) out.add(1, to_scalar(value));
    else out.add(1, value_at);
    out.add_item(out.end_table());
  }
  return out.end_list(begun);
}

// The same for a member of a message. Nothing is written for the default value.
inline offset write_member(writer& out, const std::string& value) { return value.empty() ? offset{} : out.text(value); }
inline offset write_member(writer& out, const byte_vector& value) { return value.empty() ? offset{} : out.bytes(value); }
template <class T>
offset write_member(writer& out, const std::vector<T>& items) {
  return items.empty() ? offset{} : write_list(out, items);
}
template <class Key, class T>
offset write_member(writer& out, const std::map<Key, T>& entries) {
  return entries.empty() ? offset{} : write_entries(out, entries);
}
template <class T>
offset write_member(writer& out, const std::optional<T>& value) {
  return value ? write_object(out, *value) : offset{};
}
template <class T>
offset write_member(writer& out, const box<T>& value) {
  if (!value) return {};
  out.builds(sizeof(T));
  return write_object(out, *value);
}
// With the member's JSON name, which appears in the error if the value cannot be written, and with
// the schema's limits.
template <class T>
offset write_member(writer& out, std::string_view json_name, const T& value) {
  if constexpr (always_writable<T>) {
    return write_member(out, value);
  } else {
    offset written;
    write_part(
        out, [&] { written = write_member(out, value); }, [&] { out.within_member(json_name); });
    return written;
  }
}
template <class T>
offset write_member(writer& out, std::string_view json_name, const T& value, const field_limits& limits) {
  check_member(out, json_name, value, limits);
  return write_member(out, json_name, value);
}

// The table around a member of a oneof.
template <class Alternative>
offset write_alternative(writer& out, const Alternative& set) {
  using value_type = std::remove_cvref_t<decltype(set.value)>;
  if constexpr (inline_value<value_type>) {
    out.begin_table();
    out.add(0, to_scalar(set.value));
  } else {
    offset written;
    if constexpr (requires { set.value.has_value(); }) written = write_member(out, set.value);
    else written = write_object(out, set.value);
    out.begin_table();
    out.add(0, written);
  }
  return out.end_table();
}

// A oneof: call write() for each alternative, then put both parts into the table.
struct union_offset {
  std::uint8_t number = 0;  // number of the alternative in the union; 0: none is set
  offset value;

  template <class Alternative, class Variant>
  void write(std::uint8_t its_number, std::string_view json_name, writer& out, const Variant& oneof) {
    const auto* set = std::get_if<Alternative>(&oneof);
    if (!set) return;
    number = its_number;
    if constexpr (always_writable<std::remove_cvref_t<decltype(set->value)>>) {
      value = write_alternative(out, *set);
    } else {
      write_part(
          out, [&] { value = write_alternative(out, *set); }, [&] { out.within_member(json_name); });
    }
  }
  // The same with the schema's limits.
  template <class Alternative, class Variant>
  void write(std::uint8_t its_number, std::string_view json_name, writer& out, const Variant& oneof, const field_limits& limits) {
    write<Alternative>(its_number, json_name, out, oneof);
    if (const auto* set = std::get_if<Alternative>(&oneof)) check_member(out, json_name, set->value, limits);
  }
};

// Inline members of the table that has been begun.
template <inline_value T>
void add_member(writer& out, unsigned id, T value) {
  out.add(id, to_scalar(value));
}
template <inline_value T>
void add_member(writer& out, unsigned id, const std::optional<T>& value) {
  if (value) out.add_present(id, to_scalar(*value));
}

// `out` is unchanged if the message cannot be written.
template <class Message>
result<> write_document(const Message& message, std::string& out) {
  writer buffer;
  const std::size_t start = out.size();
  buffer.finish(write_binary(buffer, message), out);
  return buffer.finish_document(out, start);
}

}  // namespace parley::flat
