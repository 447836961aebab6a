// The calls of a server to its clients, by ticket. A call can be cancelled from any thread, before
// and after it has reached the loop of its client. Private to the server room.
#pragma once

#include "parley/conversation/conversation.hpp"
#include "parley/rpc/pending.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace parley {

class server_loop;

// Any thread may call it.
class asked_calls {
 public:
  struct place {
    server_loop* loop;
    std::weak_ptr<conversation> end;  // set when the call has reached its loop
  };

  // Call it before the call is posted to its loop, because it can be cancelled from then on.
  void begin(rpc::ticket of, server_loop& loop) {
    const std::lock_guard lock(mutex_);
    calls_.emplace(of, entry{{&loop, {}}});
  }
  // The call has reached its loop. Returns false if it was cancelled before.
  bool reach(rpc::ticket of, const std::shared_ptr<conversation>& end) {
    const std::lock_guard lock(mutex_);
    entry& one = calls_.at(of);
    one.where.end = end;
    return !one.cancelled;
  }
  // Returns where the call is. Nothing: it has ended.
  std::optional<place> cancel(rpc::ticket of) {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(of);
    if (found == calls_.end()) return std::nullopt;
    found->second.cancelled = true;
    return found->second.where;
  }
  void end(rpc::ticket of) {
    const std::lock_guard lock(mutex_);
    calls_.erase(of);
  }

 private:
  struct entry {
    place where;
    bool cancelled = false;
  };
  std::mutex mutex_;
  std::unordered_map<rpc::ticket, entry> calls_;
};

}  // namespace parley
