// The members of one place by the name of their principal. Several members may have one name. Adding,
// removing and finding take constant time.
//
// One thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace parley::routing {

class user_index {
 public:
  // An empty name belongs to nobody and is not added.
  void add(const std::string& name, const std::string& id) {
    if (!name.empty()) ids_[name].insert(id);
  }
  void remove(const std::string& name, const std::string& id) {
    const auto found = ids_.find(name);
    if (found == ids_.end()) return;
    found->second.erase(id);
    if (found->second.empty()) ids_.erase(found);
  }
  // Calls `f` with the id of each member of this name, in no particular order. False: there is none.
  template <class F>
  bool each(const std::string& name, F f) const {
    const auto found = ids_.find(name);
    if (found == ids_.end()) return false;
    for (const std::string& id : found->second) f(id);
    return true;
  }

 private:
  std::unordered_map<std::string, std::unordered_set<std::string>> ids_;
};

}  // namespace parley::routing
