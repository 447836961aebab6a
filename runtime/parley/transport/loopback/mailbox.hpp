// The receiving side of one end of a connection in memory. The other end, possibly on another
// thread, holds nothing of this end but its mailbox.
//
// A mailbox can be severed. It then has no executor and no owner, and the remaining references are
// to an empty box. The other end therefore never becomes the last owner of an executor, a socket or
// a handler that belongs to another loop.
#pragma once

#include "parley/transport/transport.hpp"

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace parley::transport {

class loopback_network;
class mailbox;

// A message from one end to the other.
struct letter {
  enum class kind {
    opened,   // accepted: `text` is the subprotocol, `from` the server's box
    refused,  // `status`
    message,  // `content`, `as`
    ping,
    pong,
    closed,  // `status`, `text`: a close frame
    lost,    // the connection broke
    taken,   // `size`: the cost of what the other end has taken
  };
  kind what;
  buffer content{};
  opcode as = opcode::text;
  int status = 0;
  std::string text{};
  std::size_t size = 0;
  std::shared_ptr<mailbox> from{};
};

// The receiving end. Called on its executor, with one letter per turn.
class reader {
 public:
  virtual ~reader() = default;
  virtual void on_letter(letter&& one) = 0;
};

class mailbox : public std::enable_shared_from_this<mailbox> {
 public:
  mailbox(const asio::any_io_executor& on, std::shared_ptr<loopback_network> network);

  // On the executor of the mailbox.
  void set_owner(std::weak_ptr<reader> owner);
  void set_paused(bool paused);
  void post(std::function<void()> what);
  void sever() noexcept;
  // Whether a letter waits that the network does not hold.
  bool has_waiting();

  // Any thread. Returns false if the box is severed.
  bool put(letter one);
  // Delivers a letter about the connection itself before all waiting letters, also while paused or
  // held.
  bool put_first(letter one);
  // Drops all waiting letters and then calls put_first.
  bool put_only(letter one);
  // Call it when a hold has ended.
  void wake();

 private:
  void schedule();
  void deliver();

  std::mutex guard_;
  std::optional<asio::any_io_executor> on_;
  std::weak_ptr<reader> owner_;
  const std::shared_ptr<loopback_network> network_;
  std::deque<letter> first_;
  std::deque<letter> waiting_;
  bool paused_ = false;
  bool held_ = false;       // registered with the network as waiting
  bool scheduled_ = false;  // deliver() has been posted
};

}  // namespace parley::transport
