// Which values can be written, for both formats: the limits of the schema, and the location of a
// fault in a message.
#pragma once

#include "parley/box.hpp"
#include "parley/wire/format.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/nesting.hpp"
#include "parley/wire/payload_fault.hpp"
#include "parley/wire/utf8.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace parley {

struct timestamp;
struct duration;
struct null_value;
struct field_mask;

// Types whose every value can be written. Messages are not among them, because they may contain a
// well-known type. Neither are maps whose keys are strings.
template <class T>
inline constexpr bool always_writable = std::is_arithmetic_v<T> || std::is_enum_v<T>;
template <>
inline constexpr bool always_writable<std::string> = true;
template <class T>
inline constexpr bool always_writable<std::optional<T>> = always_writable<T>;
template <class T>
inline constexpr bool always_writable<std::vector<T>> = always_writable<T>;
template <class Key, class T>
inline constexpr bool always_writable<std::map<Key, T>> = always_writable<T> && !std::is_same_v<Key, std::string>;

// The number of levels that a value of a type that cannot nest is certain to have.
template <class T>
std::size_t levels_of(const T& value) {
  constexpr bool is_text = std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<std::byte>>;
  constexpr bool has_a_text = std::is_same_v<T, timestamp> || std::is_same_v<T, duration> || std::is_same_v<T, field_mask>;
  if constexpr (!std::is_class_v<T> || can_nest<T> || is_text || has_a_text || std::is_same_v<T, null_value>) {
    return 0;
  } else if constexpr (requires { value.has_value(); }) {
    return value.has_value() ? levels_of(*value) : 0;
  } else if constexpr (requires { typename T::mapped_type; }) {
    return value.empty() ? 0 : 1 + levels_of(value.begin()->second);
  } else if constexpr (requires { typename T::allocator_type; }) {
    if constexpr (std::is_class_v<typename T::value_type>) return value.empty() ? 0 : 1 + levels_of(value.front());
    else return value.empty() ? 0 : 1;
  } else {
    return 1;
  }
}

// One level of a value that can nest, while the value is written.
template <class Writer>
class nesting_level {
 public:
  explicit nesting_level(Writer& out) : out_(out) { out_.enter(); }
  ~nesting_level() { out_.leave(); }
  nesting_level(const nesting_level&) = delete;
  nesting_level& operator=(const nesting_level&) = delete;

  Writer& out() const noexcept { return out_; }
  // Checks a member whose type does not count its own levels.
  template <class T>
  void check(std::string_view name, const T& value) const {
    if (out_.failed() || out_.depth() + levels_of(value) <= wire::default_max_depth) return;
    out_.fail(nested_too_deeply);
    out_.within_member(name);
  }
  // The same for a member of a oneof, if it is the one that is set.
  template <class Alternative, class Variant>
  void check_alternative(std::string_view name, const Variant& oneof) const {
    if (const auto* set = std::get_if<Alternative>(&oneof)) check(name, set->value);
  }

 private:
  Writer& out_;
};
template <class Writer>
struct no_level {
  explicit no_level(Writer&) noexcept {}
};
// The level of a list or map with such elements.
template <class T, class Writer>
using level_around = std::conditional_t<can_nest<T>, nesting_level<Writer>, no_level<Writer>>;

// Writes a part and calls `where` if that fails. After a failure nothing more is written.
template <class Writer, class Write, class Where>
void write_part(Writer& out, Write write, Where where) {
  if (out.failed()) return;
  write();
  if (out.failed()) where();
}

// Compares the size of the text as it is sent, where bytes that are not UTF-8 become U+FFFD.
inline bool is_longer(const std::string& text, std::size_t limit) {
  constexpr std::size_t replacement = 3;
  if (text.size() > limit) return true;
  return text.size() * replacement > limit && !is_utf8(text) && to_utf8(text).size() > limit;
}
inline bool is_longer(const std::vector<std::byte>& bytes, std::size_t limit) { return bytes.size() > limit; }

// Checks (parley.field).max_len and max_count as the readers do.
template <class Writer, class T>
void check_limits(Writer& out, const T& value, const field_limits& limits) {
  if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<std::byte>>) {
    if (limits.max_len != 0 && is_longer(value, limits.max_len)) out.fail("longer than its max_len");
  } else if constexpr (requires { typename T::mapped_type; }) {
    if (limits.max_count != 0 && value.size() > limits.max_count) return out.fail("more entries than its max_count");
    std::size_t number = 0;
    for (const auto& entry : value) {
      const bool before = out.failed();
      check_limits(out, entry.second, limits);
      if (out.failed() != before) return out.within_entry(number);
      ++number;
    }
  } else if constexpr (requires {
                         typename T::value_type;
                         value.capacity();
                       }) {
    if (limits.max_count != 0 && value.size() > limits.max_count) return out.fail("more elements than its max_count");
    if constexpr (std::is_class_v<typename T::value_type>) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        const bool before = out.failed();
        check_limits(out, value[i], limits);
        if (out.failed() != before) return out.within_element(i);
      }
    }
  } else if constexpr (requires {
                         value.has_value();
                         *value;
                       }) {
    if (value) check_limits(out, *value, limits);
  }
}
// The same for a member of a message.
template <class Writer, class T>
void check_member(Writer& out, std::string_view name, const T& value, const field_limits& limits) {
  const bool before = out.failed();
  check_limits(out, value, limits);
  if (out.failed() != before) out.within_member(name);
}

}  // namespace parley
