// Host names with addresses that a test chooses, and names whose look-up lasts until the test ends
// it. Include it in one file of a program, where it replaces getaddrinfo(3). Other names are looked
// up as usual.
#pragma once

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::transport::testing {

class chosen_names {
 public:
  // Without an address the name is not found. If `held` is set, the look-up does not end before
  // release().
  void choose(const std::string& name, std::vector<std::string> addresses, bool held = false) {
    const std::lock_guard lock(guard_);
    names_[name] = {std::move(addresses), held, 0, 0};
  }
  void hold(const std::string& name) { choose(name, {}, true); }
  void release(const std::string& name) {
    const std::lock_guard lock(guard_);
    names_[name].held = false;
    changed_.notify_all();
  }
  // The look-ups of the name that have started, and those of them that are still running.
  int begun(const std::string& name) { return counts(name).first; }
  int running(const std::string& name) { return counts(name).first - counts(name).second; }
  void wait_until_begun(const std::string& name, int times = 1) {
    std::unique_lock lock(guard_);
    changed_.wait(lock, [&] { return names_[name].begun >= times; });
  }
  void wait_until_ended(const std::string& name) {
    std::unique_lock lock(guard_);
    changed_.wait(lock, [&] { return names_[name].begun == names_[name].ended; });
  }

  std::optional<std::vector<std::string>> look_up(const std::string& name) {
    std::unique_lock lock(guard_);
    const auto found = names_.find(name);
    if (found == names_.end()) return std::nullopt;
    ++found->second.begun;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !found->second.held; });
    ++found->second.ended;
    changed_.notify_all();
    return found->second.addresses;
  }

 private:
  struct chosen {
    std::vector<std::string> addresses;
    bool held = false;
    int begun = 0, ended = 0;
  };
  std::pair<int, int> counts(const std::string& name) {
    const std::lock_guard lock(guard_);
    return {names_[name].begun, names_[name].ended};
  }

  std::mutex guard_;
  std::condition_variable changed_;
  std::map<std::string, chosen> names_;
};

// Never destroyed, because a look-up may outlive main().
inline chosen_names& names() {
  static chosen_names& all = *new chosen_names;
  return all;
}

}  // namespace parley::transport::testing

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const auto chosen = node ? parley::transport::testing::names().look_up(node) : std::nullopt;
  if (!chosen) return real(node, service, hints, found);
  *found = nullptr;
  addrinfo numeric = *hints;
  numeric.ai_flags = AI_NUMERICHOST;
  addrinfo** last = found;
  for (const std::string& address : *chosen) {
    if (const int wrong = real(address.c_str(), service, &numeric, last); wrong != 0) return wrong;
    while (*last) last = &(*last)->ai_next;
  }
  return *found ? 0 : EAI_NONAME;
}
