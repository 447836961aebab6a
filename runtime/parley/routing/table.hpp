// The connected members of one place by client id. Adding, removing and finding take constant time.
// The memory grows and shrinks with the number of members.
//
// One thread at a time. A table owns its members and nothing they point to.
#pragma once

#include "parley/core/flat_index.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace parley::routing {

// Member is a copyable handle. Positions count from 0 to size() - 1, and are valid until the next
// add() or remove(). Their order depends only on the order in which members were added and removed.
template <class Member>
class table {
 public:
  using position = flat_index::position;
  static constexpr position none = flat_index::none;

  // If the id is already in the table, its member is kept.
  void add(const std::string& id, Member member) {
    const std::uint32_t hash = hash_of(id);
    if (at(id, hash) != none) return;
    index_.add(hash, static_cast<position>(members_.size()));
    members_.push_back({id, std::move(member)});
  }

  void remove(const std::string& id) {
    const std::uint32_t hash = hash_of(id);
    const position hole = at(id, hash);
    if (hole == none) return;
    index_.remove(hash, hole);
    const auto last = static_cast<position>(members_.size() - 1);
    if (hole != last) {
      index_.move(hash_of(members_[last].first), last, hole);
      members_[hole] = std::move(members_[last]);
    }
    members_.pop_back();
    if (members_.capacity() > kept && members_.size() * 4 < members_.capacity()) shrink();
  }

  std::size_t size() const noexcept { return members_.size(); }
  // `none` if there is no member with this id.
  position at(const std::string& id) const { return at(id, hash_of(id)); }
  const std::string& id_of(position where) const noexcept { return members_[where].first; }
  const Member& operator[](position where) const noexcept { return members_[where].second; }
  // Null if there is no member with this id. Valid until the next add() or remove().
  const Member* find(const std::string& id) const {
    const position where = at(id);
    return where == none ? nullptr : &members_[where].second;
  }
  // The members at the positions [from, end).
  void append_to(std::vector<Member>& out, position from, position end) const {
    const auto* const last = members_.data() + end;
    for (const auto* one = members_.data() + from; one != last; ++one) out.push_back(one->second);
  }

 private:
  // A table of this size is not worth shrinking.
  static constexpr std::size_t kept = 64;

  static std::uint32_t hash_of(const std::string& id) noexcept { return flat_index::hash_of(std::hash<std::string>()(id)); }
  position at(const std::string& id, std::uint32_t hash) const {
    return index_.find(hash, [&](position where) { return members_[where].first == id; });
  }
  void shrink() {
    std::vector<std::pair<std::string, Member>> fewer;
    fewer.reserve(members_.size() * 2);
    std::move(members_.begin(), members_.end(), std::back_inserter(fewer));
    members_ = std::move(fewer);
  }

  std::vector<std::pair<std::string, Member>> members_;
  flat_index index_;  // maps ids to positions in members_
};

}  // namespace parley::routing
