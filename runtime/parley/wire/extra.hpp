// The Extra section of a binary frame: a finished FlatBuffer (root offset first) with the less
// frequent fields. Written by hand: the writer appends to the frame without the memory of a
// builder, and the reader has a budget.
#pragma once

#include "parley/wire/envelope.hpp"
#include "parley/wire/flat.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace parley::wire {

// The ids of the fields in the table (schema/parley/envelope.fbs). If you add one, append it there
// and here.
namespace extra_id {
enum : std::uint16_t { group, deadline_ms, code, text, meta, except, to, idempotency_key, ttl_ms, reason, slot, count };
}

class extra_writer {
 public:
  // `e` must outlive the writer and must be in_bounds().
  extra_writer(const envelope& e, side writer) noexcept;
  bool empty() const noexcept { return vtable_size_ == 0; }
  // The number of bytes that write() appends, padded to 8.
  std::size_t size() const noexcept { return size_; }
  // The length of `out` must be a multiple of 4.
  void write(std::string& out) const;

 private:
  bool has(std::uint16_t id) const noexcept { return (present_ >> id & 1u) != 0; }
  std::size_t object_size(std::uint16_t id) const noexcept;

  const envelope& envelope_;
  std::span<const target> listed_{};  // the targets in `to`
  std::string_view text_;             // as sent; error texts are cut
  std::uint32_t present_ = 0;         // one bit for each id
  std::size_t vtable_size_ = 0;
  std::size_t table_size_ = 0;
  std::size_t size_ = 0;
};

// A list of the table Entry, with at most max_meta_entries items. Returns false if the read has
// failed.
bool read_entries(const flat::table& in, unsigned id, std::vector<meta_entry>& out);

// Values for the code that reads the header.
struct extra_views {
  bool has_group = false;
  std::string_view group{};
  bool unreadable_part = false;  // in out.to.parts
};
// Sets the fields of `out` that Extra contains, including out.to.parts. Returns a violation with
// fixed text if the section is not a valid table within its limits.
[[gnu::noinline]] std::optional<fault> read_extra(bytes_view section, envelope& out, extra_views& views);

}  // namespace parley::wire
