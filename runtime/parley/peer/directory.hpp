// Where everybody is: which loop a client is at home on, and what it speaks. Shared by the loops of a server; a server with one needs none.
//
// Any thread. Divided by id, so that loops hardly ever wait for each other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace parley {

template <class Place>
class client_directory {
 public:
  void add(const std::string& id, Place where) {
    part& p = part_of(id);
    const std::lock_guard lock(p.guard);
    p.places.insert_or_assign(id, where);
  }
  void remove(const std::string& id) {
    part& p = part_of(id);
    const std::lock_guard lock(p.guard);
    p.places.erase(id);
  }
  std::optional<Place> find(const std::string& id) const {
    const part& p = part_of(id);
    const std::lock_guard lock(p.guard);
    const auto it = p.places.find(id);
    return it == p.places.end() ? std::nullopt : std::optional<Place>(it->second);
  }

 private:
  static constexpr std::size_t parts = 64;
  static constexpr std::size_t cache_line = 64;

  struct alignas(cache_line) part {
    mutable std::mutex guard;
    std::unordered_map<std::string, Place> places;
  };

  const part& part_of(const std::string& id) const { return parts_[std::hash<std::string>{}(id) % parts]; }
  part& part_of(const std::string& id) { return parts_[std::hash<std::string>{}(id) % parts]; }

  std::array<part, parts> parts_;
};

}  // namespace parley
