// The loops that have clients of each principal, what those speak, and their roles. Shared by the
// loops of a server. A server with one loop does not use it. Private to the server room.
//
// Any thread. Divided by name, as the directory of clients (directory.hpp) is by id. Clients of one
// name and one loop with the same roles share an entry, so a principal with many sessions has few.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace parley {

template <class Where>
class user_directory {
 public:
  // Adds or removes one client. An empty name belongs to nobody.
  void add(const std::string& name, const Where& where) {
    if (name.empty()) return;
    part& p = part_of(name);
    const std::lock_guard lock(p.guard);
    std::vector<entry>& all = p.users[name];
    const auto same = std::find_if(all.begin(), all.end(), [&](const entry& one) { return one.where == where; });
    if (same == all.end()) all.push_back({where, 1});
    else ++same->clients;
  }
  void remove(const std::string& name, const Where& where) {
    if (name.empty()) return;
    part& p = part_of(name);
    const std::lock_guard lock(p.guard);
    const auto user = p.users.find(name);
    if (user == p.users.end()) return;
    std::vector<entry>& all = user->second;
    const auto same = std::find_if(all.begin(), all.end(), [&](const entry& one) { return one.where == where; });
    if (same == all.end() || --same->clients != 0) return;
    *same = all.back();
    all.pop_back();
    if (all.empty()) p.users.erase(user);
  }
  // Calls `f` with each place, under a lock. False: there is none.
  template <class F>
  bool each(const std::string& name, F f) const {
    const part& p = part_of(name);
    const std::lock_guard lock(p.guard);
    const auto user = p.users.find(name);
    if (user == p.users.end()) return false;
    for (const entry& one : user->second) f(one.where);
    return true;
  }

 private:
  static constexpr std::size_t parts = 64;
  static constexpr std::size_t cache_line = 64;

  struct entry {
    Where where;
    std::size_t clients;
  };
  struct alignas(cache_line) part {
    mutable std::mutex guard;
    std::unordered_map<std::string, std::vector<entry>> users;
  };

  const part& part_of(const std::string& name) const { return parts_[std::hash<std::string>{}(name) % parts]; }
  part& part_of(const std::string& name) { return parts_[std::hash<std::string>{}(name) % parts]; }

  std::array<part, parts> parts_;
};

}  // namespace parley
