// The JSON form of C++ types: reader and writer functions by type, and the members of a message.
// For generated codecs and wkt_codec.
//
// The JSON form depends on the C++ type alone. write_json(writer&, value) and read_json(reader&,
// value) are defined here for scalars, strings and bytes, and for their lists, maps, optionals and
// boxes. Those for well-known types are in wkt_values.hpp. Those for messages and enums are in the
// type's own namespace, where argument-dependent lookup finds them.
#pragma once

#include "parley/box.hpp"
#include "parley/wire/json.hpp"
#include "parley/wire/json_numbers.hpp"
#include "parley/wire/json_writer.hpp"
#include "parley/wire/writable.hpp"

#include <bit>
#include <bitset>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace parley::json {

// -------------------------------------------------------------------------------------------------
// Writing

inline void write_json(writer& out, double value) { out.number(value); }
inline void write_json(writer& out, float value) { out.number(value); }
inline void write_json(writer& out, std::int32_t value) { out.number(value); }
inline void write_json(writer& out, std::uint32_t value) { out.number(value); }
inline void write_json(writer& out, std::int64_t value) { out.number_text(value); }
inline void write_json(writer& out, std::uint64_t value) { out.number_text(value); }
inline void write_json(writer& out, bool value) { out.boolean(value); }
inline void write_json(writer& out, const std::string& value) { out.text(value); }
inline void write_json(writer& out, const std::vector<std::byte>& value) { out.base64(value); }

template <class T>
void write_json(writer& out, const std::optional<T>& value) {
  write_json(out, *value);
}
template <class T>
void write_json(writer& out, const box<T>& value) {
  out.builds(sizeof(T));
  write_json(out, *value);
}

template <class T>
void write_items(writer& out, const std::vector<T>& items) {
  for (const auto& item : items) {
    out.element();
    write_json(out, static_cast<const T&>(item));
    if constexpr (!always_writable<T>)
      if (out.failed()) return out.within_element(static_cast<std::size_t>(&item - items.data()));
  }
}

template <class T>
void write_json(writer& out, const std::vector<T>& items) {
  [[maybe_unused]] const level_around<T, writer> level(out);
  if constexpr (!always_writable<T>)
    if (out.failed()) return;
  out.builds(items.size() * sizeof(T));
  out.open_array();
  write_items(out, items);
  out.close_array();
}

inline void write_key(writer& out, bool key) { out.member(key ? "\"true\":" : "\"false\":"); }
template <std::integral Int>
void write_key(writer& out, Int key) {
  out.member("");
  out.number_text(key);
  out.raw(":");
}
// A key is not repaired, because a repaired key could equal another one.
inline void write_key(writer& out, const std::string& key) {
  if (!out.member_named(key)) out.fail("a key that is not UTF-8");
}

template <class Key, class T>
void write_json(writer& out, const std::map<Key, T>& entries) {
  constexpr bool may_fail = !always_writable<std::map<Key, T>>;
  [[maybe_unused]] const level_around<T, writer> level(out);
  if constexpr (may_fail)
    if (out.failed()) return;
  out.builds(entries.size() * entry_size<Key, T>);
  out.open_object();
  std::size_t number = 0;
  for (const auto& [key, value] : entries) {
    write_key(out, key);
    write_json(out, value);
    if constexpr (may_fail)
      if (out.failed()) return out.within_entry(number);
    ++number;
  }
  out.close_object();
}

// An open enum: written as its name, or as its number if the schema has no name for it.
template <class Enum>
void write_enum(writer& out, Enum value) {
  const std::string_view name = name_of(value);
  if (name.empty()) out.number(static_cast<std::int32_t>(value));
  else out.plain_text(name);
}

// Whether proto3 leaves the value out. Negative zero is not a default.
inline bool is_default(double value) { return std::bit_cast<std::uint64_t>(value) == 0; }
inline bool is_default(float value) { return std::bit_cast<std::uint32_t>(value) == 0; }
template <class T>
requires(std::integral<T> || std::is_enum_v<T>) bool is_default(T value) {
  return value == T{};
}
template <class T>
bool is_default(const std::optional<T>& value) {
  return !value.has_value();
}
template <class T>
bool is_default(const box<T>& value) {
  return !value.has_value();
}
template <class T>
bool is_default(const T& value) requires requires { value.empty(); } {
  return value.empty();
}

// The name without the quotes and the colon.
constexpr std::string_view bare(std::string_view name_and_colon) { return name_and_colon.substr(1, name_and_colon.size() - 3); }

template <class T>
void write_present(writer& out, std::string_view name_and_colon, const T& value) {
  out.member(name_and_colon);
  if constexpr (always_writable<T>) {
    write_json(out, value);
  } else {
    write_part(
        out, [&] { write_json(out, value); }, [&] { out.within_member(bare(name_and_colon)); });
  }
}
// Writes a member, unless it has its default value.
template <class T>
void write_member(writer& out, std::string_view name_and_colon, const T& value) {
  if (!is_default(value)) write_present(out, name_and_colon, value);
}
// Writes a member of a oneof, if it is the one that is set.
template <class Alternative, class Variant>
void write_alternative(writer& out, std::string_view name_and_colon, const Variant& oneof) {
  if (const auto* set = std::get_if<Alternative>(&oneof)) write_present(out, name_and_colon, set->value);
}
// The same with the schema's limits.
template <class T>
void write_member(writer& out, std::string_view name_and_colon, const T& value, const field_limits& limits) {
  check_member(out, bare(name_and_colon), value, limits);
  write_member(out, name_and_colon, value);
}
template <class Alternative, class Variant>
void write_alternative(writer& out, std::string_view name_and_colon, const Variant& oneof, const field_limits& limits) {
  if (const auto* set = std::get_if<Alternative>(&oneof)) check_member(out, bare(name_and_colon), set->value, limits);
  write_alternative<Alternative>(out, name_and_colon, oneof);
}

// -------------------------------------------------------------------------------------------------
// Reading

template <class T>
requires std::is_arithmetic_v<T> bool read_json(reader& in, T& value, const field_limits& = {}) {
  return in.read(value);
}

inline bool read_json(reader& in, std::string& value, const field_limits& limits = {}) {
  if (!in.read(value)) return false;
  return limits.max_len == 0 || value.size() <= limits.max_len || in.fail("longer than its max_len");
}
inline bool read_json(reader& in, std::vector<std::byte>& value, const field_limits& limits = {}) {
  if (!in.read(value)) return false;
  return limits.max_len == 0 || value.size() <= limits.max_len || in.fail("longer than its max_len");
}

// Messages, enums and well-known types have no length limits.
template <class T>
bool read_limited(reader& in, T& value, const field_limits& limits) {
  if constexpr (requires { read_json(in, value, limits); }) return read_json(in, value, limits);
  else return read_json(in, value);
}

template <class T>
bool read_json(reader& in, std::optional<T>& value, const field_limits& limits = {}) {
  if (!value) value.emplace();
  if (!read_limited(in, *value, limits)) return false;
  if (in.take_ignored()) value.reset();
  return true;
}
template <class T>
bool read_json(reader& in, box<T>& value, const field_limits& limits = {}) {
  if (!in.build(sizeof(T))) return false;
  if (!value) {
    in.memory().grew(sizeof(T));
    value.emplace();
  }
  return read_limited(in, *value, limits);
}

// Existing elements are overwritten, so a reused list keeps its elements' memory.
template <class T>
bool read_json(reader& in, std::vector<T>& items, const field_limits& limits = {}) {
  // Small elements are at most a dozen times as large as their text, which has already been
  // received. They are accounted for together.
  constexpr bool pays_each = std::is_class_v<T> && !std::is_same_v<T, std::string> && !std::is_same_v<T, std::vector<std::byte>>;
  if (!in.enter_array()) return false;
  const growing growth(in.memory(), items);
  std::size_t count = 0;
  while (in.next_element()) {
    if (limits.max_count != 0 && count == limits.max_count) return in.fail("more elements than its max_count");
    bool ok = false;
    if constexpr (std::is_same_v<T, bool>) {
      bool item = false;
      ok = in.read(item);
      if (count == items.size()) items.push_back(item);
      else items[count] = item;
    } else {
      if constexpr (pays_each)
        if (!in.build(sizeof(T))) return false;
      if (count == items.size()) items.emplace_back();
      ok = read_limited(in, items[count], limits);
    }
    if (!ok) return in.within_element(count);
    if (!in.take_ignored()) ++count;
  }
  if (in.failed()) return false;
  if constexpr (!pays_each)
    if (!in.build(count * sizeof(T))) return false;
  items.resize(count);
  return true;
}

inline bool read_key(reader&, std::string_view text, std::string& key) { return key = text, true; }
inline bool read_key(reader& in, std::string_view text, bool& key) {
  key = text == "true";
  return key || text == "false" || in.fail("a key that is not true or false");
}
template <std::integral Int>
bool read_key(reader& in, std::string_view text, Int& key) {
  std::conditional_t<std::is_signed_v<Int>, std::int64_t, std::uint64_t> wide = 0;
  if (!parse_key(text, wide) || !std::in_range<Int>(wide)) return in.fail("a key that is not an integer of this size");
  key = static_cast<Int>(wide);
  return true;
}

template <class Key, class T>
bool read_json(reader& in, std::map<Key, T>& entries, const field_limits& limits = {}) {
  entries.clear();
  if (!in.enter_object()) return false;
  std::string_view name;
  for (std::size_t count = 0; in.next_member(name); ++count) {
    if (limits.max_count != 0 && count == limits.max_count) return in.fail("more entries than its max_count");
    if (!in.build(entry_size<Key, T>)) return false;
    in.memory().grew(entry_size<Key, T> + name.size());
    Key key{};
    if (!read_key(in, name, key)) return in.within_entry(count);
    const auto [entry, is_new] = entries.try_emplace(std::move(key));
    if (!is_new) return in.fail("duplicate key"), in.within_entry(count);
    if (!read_limited(in, entry->second, limits)) return in.within_entry(count);
    if (in.take_ignored()) entries.erase(entry);
  }
  return !in.failed();
}

// Reads a name or a number. A name that the schema does not know fails, or the value is left out if
// unknown members are ignored.
template <class Enum>
bool read_enum(reader& in, Enum& value) {
  if (in.kind() == kind::string) {
    std::string_view name;
    if (!in.read(name)) return false;
    if (from_name(name, value)) return true;
    value = Enum{};
    return in.options().ignore_unknown ? in.ignore() : in.fail("not a name of its enum");
  }
  std::int32_t number = 0;
  if (!in.read(number)) return false;
  value = static_cast<Enum>(number);
  return true;
}

// -------------------------------------------------------------------------------------------------
// The members of a message

struct member_name {
  std::string_view json_name;
  std::string_view name;  // as in the schema; also accepted
  // google.protobuf.Value and NullValue. For other types null means absent.
  bool null_is_value = false;
};

// Returns the index of `name`, searching from `hint` on because peers write members in the schema's
// order. Returns names.size() if there is none.
std::size_t find_member(std::span<const member_name> names, std::size_t hint, std::string_view name) noexcept;

// Iterates over an object's members. Each known member may appear once. Null is skipped, and so are
// unknown members if the options allow them.
//
//   for (members<2> each(in, names); each.next();)
//     switch (each.field()) {
//       case 0: each.read(m.id); break;
//       case 1: each.read(m.name); break;
//     }
template <std::size_t Count>
class members {
 public:
  members(reader& in, std::span<const member_name, Count> names) : in_(in), names_(names) { in_.enter_object(); }

  bool next() {
    std::string_view name;
    for (; in_.next_member(name); ++number_) {
      const std::size_t found = find_member(names_, hint_, name);
      if (found == Count) {
        if (!in_.options().ignore_unknown) return in_.fail("a member that is not in the schema"), in_.within_entry(number_);
        if (!in_.skip()) return in_.within_entry(number_);
        continue;
      }
      field_ = found;
      hint_ = found + 1;
      if (named_[found]) return in_.fail("duplicate member"), in_.within_member(names_[found].json_name);
      named_[found] = true;
      if (in_.kind() == kind::null && !names_[found].null_is_value) {
        if (!in_.read_null()) return in_.within_member(names_[found].json_name);
        continue;
      }
      present_[found] = true;
      ++number_;
      return true;
    }
    return false;
  }

  // The current member, by its index in `names`.
  std::size_t field() const noexcept { return field_; }
  // Whether the member was present and not null.
  bool has(std::size_t field) const noexcept { return present_[field]; }
  bool ok() const noexcept { return !in_.failed(); }

  template <class T>
  void read(T& value, const field_limits& limits = {}) {
    if (!read_limited(in_, value, limits)) in_.within_member(names_[field_].json_name);
    else if (in_.take_ignored()) value = T{};
  }

  // A member of a oneof. Only one of them may be present.
  template <class Alternative, class Variant>
  void read_alternative(Variant& oneof, const field_limits& limits = {}) {
    bool ok = oneof.index() == 0 || in_.fail("a second member of its oneof");
    ok = ok && read_limited(in_, oneof.template emplace<Alternative>().value, limits);
    if (!ok) in_.within_member(names_[field_].json_name);
    else if (in_.take_ignored()) oneof = {};
  }

 private:
  reader& in_;
  std::span<const member_name, Count> names_;
  std::bitset<Count> named_;
  std::bitset<Count> present_;
  std::size_t field_ = 0;
  std::size_t hint_ = 0;
  std::size_t number_ = 0;
};

template <std::size_t Count>
members(reader&, const member_name (&)[Count]) -> members<Count>;

// -------------------------------------------------------------------------------------------------
// Whole documents

template <class T>
result<> read_document(std::string_view text, T& value, const decode_options& options) {
  reader in(text, options);
  read_json(in, value);
  if (options.grown) *options.grown += in.memory().grown();
  if (!in.finish()) return in.error();
  return {};
}

// `out` is unchanged if the value cannot be written.
template <class T>
result<> write_document(const T& value, std::string& out) {
  const std::size_t start = out.size();
  writer json(out);
  write_json(json, value);
  return json.finish_document(start);
}

}  // namespace parley::json
