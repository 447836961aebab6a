// The Extra section of a binary frame: a finished FlatBuffer (root offset first) of the rarer members.
// Laid out by hand: its writer appends to the frame without a builder's memory, its reader walks within a budget.
#pragma once

#include "parley/wire/envelope.hpp"
#include "parley/wire/flat.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace parley::wire {

// Which member has which id in the table, as schema/parley/envelope.fbs says. If you add one: append it there and here.
namespace extra_id {
enum : std::uint16_t { group, deadline_ms, code, text, meta, except, to, idempotency_key, ttl_ms, reason, slot, count };
}

class extra_writer {
 public:
  // `e` must outlive it and be in_bounds().
  extra_writer(const envelope& e, side writer) noexcept;
  bool empty() const noexcept { return vtable_size_ == 0; }
  // Bytes that write() appends, padded to 8.
  std::size_t size() const noexcept { return size_; }
  // `out` has a multiple of 4 bytes.
  void write(std::string& out) const;

 private:
  bool has(std::uint16_t id) const noexcept { return (present_ >> id & 1u) != 0; }
  std::size_t object_size(std::uint16_t id) const noexcept;

  const envelope& envelope_;
  std::span<const target> listed_{};  // what `to` holds
  std::string_view text_;             // as it is sent: errors are cut
  std::uint32_t present_ = 0;         // a bit for each id
  std::size_t vtable_size_ = 0;
  std::size_t table_size_ = 0;
  std::size_t size_ = 0;
};

// A list of the table Entry, at most max_meta_entries long. False: the walk has failed.
bool read_entries(const flat::table& in, unsigned id, std::vector<meta_entry>& out);

// What the head decides about.
struct extra_views {
  bool has_group = false;
  std::string_view group{};
  bool unreadable_part = false;  // among out.to.parts
};
// Fills those members of `out` that Extra holds, out.to.parts among them. A violation, with fixed words, when it is not a sound table
// inside its bounds.
std::optional<fault> read_extra(bytes_view section, envelope& out, extra_views& views);

}  // namespace parley::wire
