// The loop of each client, and what the client speaks. Shared by the loops of a server. A server
// with one loop does not use it. Private to the server room.
//
// Any thread. The directory is divided by id, so that loops rarely wait for each other.
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

template <class Where>
class client_directory {
 public:
  void add(const std::string& id, Where where) {
    part& p = part_of(id);
    const std::lock_guard lock(p.guard);
    p.clients.insert_or_assign(id, where);
  }
  void remove(const std::string& id) {
    part& p = part_of(id);
    const std::lock_guard lock(p.guard);
    p.clients.erase(id);
  }
  std::optional<Where> find(const std::string& id) const {
    const part& p = part_of(id);
    const std::lock_guard lock(p.guard);
    const auto it = p.clients.find(id);
    return it == p.clients.end() ? std::nullopt : std::optional<Where>(it->second);
  }

 private:
  static constexpr std::size_t parts = 64;
  static constexpr std::size_t cache_line = 64;

  struct alignas(cache_line) part {
    mutable std::mutex guard;
    std::unordered_map<std::string, Where> clients;
  };

  const part& part_of(const std::string& id) const { return parts_[std::hash<std::string>{}(id) % parts]; }
  part& part_of(const std::string& id) { return parts_[std::hash<std::string>{}(id) % parts]; }

  std::array<part, parts> parts_;
};

}  // namespace parley
