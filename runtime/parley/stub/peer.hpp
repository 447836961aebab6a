// One client, as the server sees it. Does not use Asio.
#pragma once

#include "parley/core/core.hpp"
#include "parley/stub/principal.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

class conversation;
struct loop_executor;  // loop_executor.hpp

// Belongs to its connection. Valid from connected() until disconnected() has returned, and in every
// handler called for it. Use it on its executor() only.
class peer {
 public:
  // `who` lives as long as the conversation.
  explicit peer(conversation& with, const parley::principal& who = nobody_in_particular()) : with_(with), who_(who) {}
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  const std::string& id() const noexcept;  // a UUID, issued by the server
  // The network address, for example "127.0.0.1:54321". Over a Unix socket the client's process:
  // "unix:pid=1234,uid=1000".
  std::string remote() const;
  // Who the client is, as server_options::auth has found out. Nobody in particular without a check.
  // Valid as long as the peer. Another credential of the client changes roles, claims and expiry in
  // place, so a coroutine copies what must not change while it waits.
  const parley::principal& principal() const noexcept { return who_; }
  // "parley.v1.fbs" or "parley.v1.json". Empty for plain JSON.
  std::string_view subprotocol() const noexcept;
  // The asio::any_io_executor of its connection. A template, so that only its callers need Asio.
  template <class Loop = loop_executor>
  auto executor() const {
    const Loop& on = runs_on();
    return on.executor;
  }

  // Ends the connection with close code 4012 and `text` as the reason. The client receives
  // `disconnected`.
  void close(std::string_view text = "removed by the server");

  // The application's own data about this client. There is one value of each type. It is created on
  // first use and destroyed with the peer.
  template <class T>
  T& state() {
    for (auto& [type, value] : state_)
      if (type == &tag<T>) return *static_cast<T*>(value.get());
    state_.emplace_back(&tag<T>, std::make_shared<T>());
    return *static_cast<T*>(state_.back().second.get());
  }

 private:
  const loop_executor& runs_on() const noexcept;
  template <class T>
  static inline const char tag = 0;

  conversation& with_;
  const parley::principal& who_;
  std::vector<std::pair<const void*, std::shared_ptr<void>>> state_;
};

}  // namespace parley
