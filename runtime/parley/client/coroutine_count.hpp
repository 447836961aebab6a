// Counts the coroutines that currently handle events: all of them, and those of each sending
// client. On one executor. Private to the client room.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace parley {

class coroutine_count {
 public:
  // Events of the server are limited by `in_all` alone.
  coroutine_count(std::size_t in_all, std::size_t per_sender) : in_all_(in_all), per_sender_(per_sender) {}

  enum class verdict { entered, too_many, too_many_of_one };
  // `sender` is a client's id, or empty for the server. Each result `entered` requires one call of
  // leave().
  verdict enter(const std::string& sender) {
    if (running_ >= in_all_) return verdict::too_many;
    if (!sender.empty()) {
      const auto found = senders_.find(sender);
      const std::size_t theirs = found == senders_.end() ? 0 : found->second;
      if (theirs >= per_sender_) return verdict::too_many_of_one;
      if (found == senders_.end()) senders_.emplace(sender, 1);
      else ++found->second;
    }
    ++running_;
    return verdict::entered;
  }
  void leave(const std::string& sender) {
    --running_;
    refused_ = false;
    const auto found = senders_.find(sender);
    if (found != senders_.end() && --found->second == 0) senders_.erase(found);
  }
  // Returns true once, and again after a coroutine has ended.
  bool note_refusal() noexcept { return !std::exchange(refused_, true); }

 private:
  std::size_t in_all_;
  std::size_t per_sender_;
  std::size_t running_ = 0;
  bool refused_ = false;
  std::unordered_map<std::string, std::size_t> senders_;  // for each sender with a running coroutine
};

}  // namespace parley
