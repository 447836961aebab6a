// Which clients of a loop are to be disconnected, and when: each at a time of its own, once nothing is
// going on with it, and at the latest at a given time. Without I/O and without a clock. Private to the
// server room.
#pragma once

#include "parley/core/core.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <unordered_map>
#include <vector>

namespace parley {

template <class Client>
class departures {
 public:
  // `due` is the earliest time. Does nothing for a client that was added before.
  void add(Client who, time_point due, time_point latest) {
    if (places_.contains(who)) return;
    due = std::min(due, latest);
    places_.emplace(who, queue_.emplace(due, entry{who, latest}));
  }
  void remove(Client who) {
    const auto place = places_.find(who);
    if (place == places_.end()) return;
    queue_.erase(place->second);
    places_.erase(place);
  }
  // Nobody stays longer than until then.
  void hurry(time_point latest) {
    std::multimap<time_point, entry> sooner;
    for (auto& [due, one] : queue_) {
      one.latest = std::min(one.latest, latest);
      places_[one.who] = sooner.emplace(std::min(due, one.latest), one);
    }
    queue_ = std::move(sooner);
  }

  bool contains(Client who) const { return places_.contains(who); }
  // When to call take(). time_point::max(): never.
  time_point next() const { return queue_.empty() ? time_point::max() : queue_.begin()->first; }
  // Removes and returns the clients that have to leave now. `idle(who)` tells whether nothing is going
  // on with a client. Busy ones are asked again soon.
  template <class Idle>
  std::vector<Client> take(time_point now, Idle idle) {
    std::vector<Client> leave;
    while (!queue_.empty() && queue_.begin()->first <= now) {
      const auto first = queue_.begin();
      const entry one = first->second;
      queue_.erase(first);
      if (now < one.latest && !idle(one.who)) {
        places_[one.who] = queue_.emplace(std::min(now + again, one.latest), one);
        continue;
      }
      places_.erase(one.who);
      leave.push_back(one.who);
    }
    return leave;
  }

 private:
  struct entry {
    Client who;
    time_point latest;
  };
  // Short for a person, and long enough for a server with 100,000 busy clients.
  static constexpr std::chrono::milliseconds again{50};

  std::multimap<time_point, entry> queue_;
  std::unordered_map<Client, typename std::multimap<time_point, entry>::iterator> places_;
};

}  // namespace parley
