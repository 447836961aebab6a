// Reading C++ types in their FlatBuffers form (flat_values.hpp). What cannot be read sets the error of
// the reader, and the functions return false.
#pragma once

#include "parley/box.hpp"
#include "parley/wire/flat.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley::flat {

// Objects by position.
inline bool read_object(reader& in, std::size_t at, std::string& value, const field_limits& limits) {
  std::string_view text;
  if (!in.text_at(at, text)) return false;
  if (limits.max_len != 0 && text.size() > limits.max_len) return in.fail("longer than its max_len");
  in.memory().will_hold(value, text.size());
  value.assign(text);
  return true;
}
inline bool read_object(reader& in, std::size_t at, byte_vector& value, const field_limits& limits) {
  bytes_view bytes;
  if (!in.bytes_at(at, bytes)) return false;
  if (limits.max_len != 0 && bytes.size() > limits.max_len) return in.fail("longer than its max_len");
  in.memory().will_hold(value, bytes.size());
  value.assign(bytes.begin(), bytes.end());
  return true;
}
template <class Message>
bool read_object(reader& in, std::size_t at, Message& value, const field_limits&) {
  table fields;
  if (!in.table_at(at, fields)) return false;
  return read_binary(fields, value);
}

template <inline_value T>
bool read_inline(table from, unsigned id, T& value) {
  if constexpr (std::is_enum_v<T>) {
    std::int32_t number = 0;
    if (!from.scalar(id, number)) return false;
    value = static_cast<T>(number);
    return true;
  } else {
    return from.scalar(id, value);
  }
}

// Members of a table, by the type of the C++ member. An absent member is set to its default.
template <inline_value T>
bool read_field(table from, unsigned id, T& value, const field_limits&) {
  return read_inline(from, id, value);
}

template <inline_value T>
bool read_field(table from, unsigned id, std::optional<T>& value, const field_limits&) {
  value.reset();
  if (!from.has(id)) return true;
  return read_inline(from, id, value.emplace());
}

template <class Text>
bool read_text(table from, unsigned id, Text& value, const field_limits& limits) {
  const std::size_t at = from.reference(id);
  if (at) return read_object(from.in(), at, value, limits);
  value.clear();
  return !from.failed();
}
inline bool read_field(table from, unsigned id, std::string& value, const field_limits& limits) {
  return read_text(from, id, value, limits);
}
inline bool read_field(table from, unsigned id, byte_vector& value, const field_limits& limits) {
  return read_text(from, id, value, limits);
}

template <class T>
requires(!inline_value<T>) bool read_field(table from, unsigned id, std::optional<T>& value, const field_limits& limits) {
  const std::size_t at = from.reference(id);
  if (!at) {
    value.reset();
    return !from.failed();
  }
  if (!value) value.emplace();
  return read_object(from.in(), at, *value, limits);
}

template <class T>
bool read_field(table from, unsigned id, box<T>& value, const field_limits& limits) {
  const std::size_t at = from.reference(id);
  if (!at) {
    value.reset();
    return !from.failed();
  }
  if (!from.in().build(sizeof(T))) return false;
  if (!value) {
    from.in().memory().grew(sizeof(T));
    value.emplace();
  }
  return read_object(from.in(), at, *value, limits);
}

template <class T>
bool read_items(reader& in, std::size_t first, std::size_t count, std::vector<T>& items, const field_limits& limits) {
  if (!in.build(count * sizeof(T))) return false;
  const std::size_t room = items.capacity();
  items.resize(count);
  if (items.capacity() != room) in.memory().grew(items.capacity() * sizeof(T));
  if constexpr (std::is_same_v<T, bool>) {
    for (std::size_t i = 0; i < count; ++i) items[i] = in.load<std::uint8_t>(first + i) != 0;
  } else if constexpr (inline_value<T>) {
    if (count > 0) std::memcpy(items.data(), in.address(first), count * sizeof(T));
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t at = in.follow(first + i * sizeof(std::uint32_t));
      if constexpr (std::is_same_v<T, byte_vector>) {
        table around;
        if (at && in.table_at(at, around)) {
          if (!read_field(around, 0, items[i], limits)) return in.within_element(i);
          continue;
        }
        at = 0;
      }
      if (!at || !read_object(in, at, items[i], limits)) return in.within_element(i);
    }
  }
  return true;
}

template <class T>
bool read_field(table from, unsigned id, std::vector<T>& items, const field_limits& limits) {
  std::size_t first = 0;
  std::size_t count = 0;
  if (!from.list(id, inline_value<T> ? sizeof(T) : sizeof(std::uint32_t), first, count)) return false;
  if (count == 0) return items.clear(), true;
  reader& in = from.in();
  if (limits.max_count != 0 && count > limits.max_count) return in.fail("more elements than its max_count");
  if (!in.enter() || !read_items(in, first, count, items, limits)) return false;
  in.leave();
  return true;
}

// The value of a map entry. An absent message is set to its default.
template <class T>
bool read_entry_value(table from, T& value, const field_limits& limits) {
  if constexpr (inline_value<T> || std::is_same_v<T, std::string> || std::is_same_v<T, byte_vector>) {
    return read_field(from, 1, value, limits);
  } else {
    const std::size_t at = from.reference(1);
    return at ? read_object(from.in(), at, value, limits) : !from.failed();
  }
}

template <class Key, class T>
bool read_field(table from, unsigned id, std::map<Key, T>& entries, const field_limits& limits) {
  entries.clear();
  std::size_t first = 0;
  std::size_t count = 0;
  if (!from.list(id, sizeof(std::uint32_t), first, count)) return false;
  if (count == 0) return true;
  reader& in = from.in();
  if (limits.max_count != 0 && count > limits.max_count) return in.fail("more entries than its max_count");
  if (!in.enter() || !in.build(count * entry_size<Key, T>)) return false;
  in.memory().grew(count * entry_size<Key, T>);
  for (std::size_t i = 0; i < count; ++i) {
    table entry;
    Key key{};
    const std::size_t at = in.follow(first + i * sizeof(std::uint32_t));
    if (!at || !in.table_at(at, entry) || !read_field(entry, 0, key, {})) return in.within_entry(i);
    const auto [place, is_new] = entries.try_emplace(std::move(key));
    if (!is_new) return in.fail("duplicate key"), in.within_entry(i);
    if (!read_entry_value(entry, place->second, limits)) return in.within_entry(i);
  }
  in.leave();
  return true;
}

// Reads the members of a message one after the other and stops at the first failure.
//
//   fields each(from);
//   each.read(0, "id", m.id);
//   each.read(1, "name", m.name);
//   return each.done();
class fields {
 public:
  explicit fields(table from) : from_(from), ok_(from.in().enter()) {}

  template <class T>
  void read(unsigned id, std::string_view json_name, T& value, const field_limits& limits = {}) {
    if (!ok_) return;
    ok_ = read_field(from_, id, value, limits) || from_.in().within_member(json_name);
  }

  // Which member of a oneof is set, by its number in the union whose value has this id. 0 if none
  // is set or the member is not known here.
  std::uint8_t which(unsigned id) {
    std::uint8_t number = 0;
    if (ok_) ok_ = from_.scalar(id - 1, number);
    return ok_ ? number : std::uint8_t{0};
  }
  // The value of that member, from the table around it.
  template <class Alternative, class Variant>
  void read_alternative(unsigned id, std::string_view json_name, Variant& oneof, const field_limits& limits = {}) {
    auto& value = oneof.template emplace<Alternative>().value;
    table around;
    const std::size_t at = from_.reference(id);
    // A union that has a number but no value is invalid.
    ok_ = at ? from_.in().table_at(at, around) : from_.in().fail("a member of a oneof without its value");
    ok_ = ok_ && read_wrapped(around, value, limits);
    if (!ok_) from_.in().within_member(json_name);
  }

  bool done() {
    if (ok_) from_.in().leave();
    return ok_;
  }

 private:
  template <class T>
  static bool read_wrapped(table around, T& value, const field_limits& limits) {
    if constexpr (requires { read_field(around, 0, value, limits); }) {
      if constexpr (requires {
                      value.emplace();
                      value.has_value();
                    })
        value.emplace();  // a box: set even if its table is absent
      const bool absent = !around.has(0);
      return absent || read_field(around, 0, value, limits);
    } else {
      const std::size_t at = around.reference(0);
      return at ? read_object(around.in(), at, value, limits) : !around.failed();
    }
  }

  table from_;
  bool ok_;
};

template <class Message>
[[gnu::hot]] result<> read_document(bytes_view bytes, Message& message, const decode_options& options) {
  reader in(bytes, options);
  const table root = in.root();
  if (!in.failed()) read_binary(root, message);
  if (options.grown) *options.grown += in.memory().grown();
  if (in.failed()) return in.error();
  return {};
}

}  // namespace parley::flat
