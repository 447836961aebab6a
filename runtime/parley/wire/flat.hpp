// Reading and writing FlatBuffers by field id, without flatc's headers.
//
// Writing goes from the innermost object outwards, as FlatBuffers requires. Only vtables are shared
// inside a buffer.
//   parley::flat::writer out;
//   const parley::flat::offset text = out.text("hello");
//   out.begin_table();
//   out.add(0, std::uint32_t{7});
//   out.add(1, text);
//   out.finish(out.end_table(), bytes);
//
// Reading and checking happen in one pass that takes time linear in the buffer's length, whatever
// the bytes are. Each table, list and string that is read is charged its size, and the sum may not
// exceed the buffer's length. A buffer therefore gains nothing by referring to one object several
// times. Positions are relative to the buffer's start, which may be at any address. One thread at a
// time.
//   parley::flat::reader in(bytes, options);
//   const parley::flat::table root = in.root();
//   root.scalar(0, number);
//   root.text(1, text);
//   if (in.failed()) return in.error();
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/decode_memory.hpp"
#include "parley/wire/fallible_writer.hpp"
#include "parley/wire/format.hpp"
#include "parley/wire/payload_fault.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace parley::flat {

static_assert(std::endian::native == std::endian::little, "scalars are copied as they lie in the buffer");

template <class T>
concept scalar = std::is_arithmetic_v<T>;

// C++ types that lie in the table or list itself.
template <class T>
concept inline_value = std::is_arithmetic_v<T> || (std::is_enum_v<T> && !std::is_same_v<T, std::byte>);

using byte_vector = std::vector<std::byte>;

// -------------------------------------------------------------------------------------------------
// Writing

// The position of a written object. 0 means none.
struct offset {
  std::uint32_t at = 0;
  explicit operator bool() const noexcept { return at != 0; }
};

class writer : public fallible_writer {
 public:
  // Borrows a builder that the thread keeps (up to 256 KiB) and reuses. The writer must therefore
  // be destroyed on the thread that created it.
  writer();
  ~writer();
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  // Bytes in `content` that are not UTF-8 become U+FFFD, because every reader would refuse them.
  offset text(std::string_view content);
  // A map key. A key that is not UTF-8 fails, because a repaired key could equal another one.
  offset key(std::string_view content);
  offset bytes(bytes_view content);
  template <scalar T>
  offset list(std::span<const T> items) {
    return raw_list(items.data(), items.size(), sizeof(T), sizeof(T));
  }
  // A list of structs, which have a fixed layout and no pointers.
  template <class Struct>
  offset structs(std::span<const Struct> items) {
    return raw_list(items.data(), items.size(), sizeof(Struct), alignof(Struct));
  }

  // A list of strings or tables: begin_list, then add_item after each item has been written, then
  // end_list. Lists may nest.
  std::size_t begin_list();
  void add_item(offset);
  offset end_list(std::size_t begun);

  // Between begin_table and end_table only add and add_present may be called.
  void begin_table();
  // A zero is left out. Negative zero is written.
  template <scalar T>
  void add(unsigned id, T value) {
    using bits = std::conditional_t<
        sizeof(T) == 1, std::uint8_t,
        std::conditional_t<sizeof(T) == 2, std::uint16_t, std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;
    if (std::bit_cast<bits>(value) != 0) add_present(id, value);
  }
  // Also writes a zero. For fields whose default is `null`.
  template <scalar T>
  void add_present(unsigned id, T value);
  void add(unsigned id, offset);
  offset end_table();

  // Appends the buffer, a multiple of 8 bytes long. Call it once. After a failure the content is
  // unspecified.
  void finish(offset root, std::string& out);

 private:
  struct state;
  offset raw_list(const void* items, std::size_t count, std::size_t size, std::size_t alignment);

  std::unique_ptr<state> state_;
  std::unique_ptr<state>* give_back_to_;
};

// -------------------------------------------------------------------------------------------------
// Reading

class reader;

// A table whose inline part has been checked. Cheap to copy. Must not outlive its reader. Absent
// fields read as zero, empty or absent. Functions that return bool return false on failure; see
// reader::failed().
class table {
 public:
  table() = default;  // a table without fields

  flat::reader& in() const noexcept { return *in_; }
  bool has(unsigned id) const noexcept { return entry(id) != 0; }
  bool failed() const noexcept;

  template <scalar T>
  bool scalar(unsigned id, T& value) const;
  bool text(unsigned id, std::string_view& value) const;
  bool bytes(unsigned id, bytes_view& value) const;
  bool child(unsigned id, table& value) const;
  // A list whose items have `size` bytes: returns the position of its first item and the number of
  // items.
  bool list(unsigned id, std::size_t size, std::size_t& first, std::size_t& count) const;

  // The position of an inline field. 0 if it is absent or the read failed.
  std::size_t slot(unsigned id, std::size_t size) const;
  // The position of the object that a field refers to. 0 if it is absent or the read failed.
  std::size_t reference(unsigned id) const;

 private:
  friend class reader;
  std::uint16_t entry(unsigned id) const noexcept;

  flat::reader* in_ = nullptr;
  std::size_t at_ = 0;
  std::size_t vtable_ = 0;
  std::size_t vtable_size_ = 0;
  std::size_t size_ = 0;
};

class reader {
 public:
  // The buffer must outlive the reader.
  explicit reader(bytes_view buffer, const decode_options& options = {});
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  // An empty buffer is a table without fields.
  table root();

  // Objects by position. Each is charged when it is read.
  bool text_at(std::size_t at, std::string_view& value);
  bool bytes_at(std::size_t at, bytes_view& value);
  bool table_at(std::size_t at, table& value);
  bool list_at(std::size_t at, std::size_t size, std::size_t& first, std::size_t& count);
  // Returns the position of the object that the offset stored at `at` refers to, or 0 on failure.
  // `at` must be in an inline part or list that has been checked.
  std::size_t follow(std::size_t at);
  // `at` must be in a checked part here, too.
  template <class T>
  T load(std::size_t at) const noexcept {
    T value;
    std::memcpy(&value, buffer_.data() + at, sizeof value);
    return value;
  }
  const std::byte* address(std::size_t at) const noexcept { return buffer_.data() + at; }

  // Accounts for `size` bytes of objects about to be built; see decode_memory.
  bool build(std::size_t size) { return memory_.pay(size) || fail(too_much_memory); }
  decode_memory& memory() noexcept { return memory_; }
  // Nesting: call enter before a message, list or map is read, and leave after it.
  bool enter();
  void leave() noexcept { --depth_; }
  std::size_t depth() const noexcept { return depth_; }

  bool failed() const noexcept { return fault_.failed(); }
  [[gnu::cold]] bool fail(const char* what);
  // Records an error from another decoder that read a part.
  bool fail(const parley::error& inner) { return fault_.set_inner(inner), false; }
  bool within_member(std::string_view name) { return fault_.within_member(name), false; }
  bool within_entry(std::size_t number) { return fault_.within_entry(number), false; }
  bool within_element(std::size_t number) { return fault_.within_element(number), false; }
  parley::error error() const { return fault_.error(); }
  const decode_options& options() const noexcept { return options_; }

 private:
  bool visit(std::size_t size);

  bytes_view buffer_;
  decode_options options_;
  std::size_t visits_left_;
  decode_memory memory_;
  std::size_t depth_ = 0;
  payload_fault fault_;
};

// The functions that every field of every message uses are inline below.

inline constexpr const char* out_of_bounds = "points outside the buffer";
inline constexpr const char* misaligned = "not aligned";

inline std::size_t reader::follow(std::size_t at) {
  const std::size_t target = at + load<std::uint32_t>(at);
  if (target == at || target > buffer_.size() - sizeof(std::uint32_t)) return fail(out_of_bounds), 0;
  if (target % sizeof(std::uint32_t) != 0) return fail(misaligned), 0;
  return target;
}

inline bool table::failed() const noexcept { return in_ && in_->failed(); }

inline std::uint16_t table::entry(unsigned id) const noexcept {
  const std::size_t at = 4 + 2 * std::size_t{id};
  return at + 2 <= vtable_size_ ? in_->load<std::uint16_t>(vtable_ + at) : std::uint16_t{0};
}

[[gnu::hot]] inline std::size_t table::slot(unsigned id, std::size_t size) const {
  const std::size_t place = entry(id);
  if (place == 0 || in_->failed()) return 0;
  if (place < sizeof(std::int32_t) || place + size > size_) return in_->fail("a field outside its table"), 0;
  if ((at_ + place) % size != 0) return in_->fail(misaligned), 0;
  return at_ + place;
}

[[gnu::hot]] inline std::size_t table::reference(unsigned id) const {
  const std::size_t at = slot(id, sizeof(std::uint32_t));
  return at ? in_->follow(at) : 0;
}

template <scalar T>
[[gnu::hot]] bool table::scalar(unsigned id, T& value) const {
  value = T{};
  if (!has(id)) return true;
  const std::size_t at = slot(id, sizeof(T));
  if (!at) return false;
  if constexpr (std::is_same_v<T, bool>) value = in_->load<std::uint8_t>(at) != 0;
  else value = in_->load<T>(at);
  return true;
}

}  // namespace parley::flat
