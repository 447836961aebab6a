// Where one end of a connection in memory receives, and all that the other end, on another thread perhaps, ever holds of it.
//
// It can be severed: then it has no executor and no owner any more. Whoever else still holds it holds an empty box, so nobody becomes the
// last owner of an executor, a socket or a handler that belongs to somebody else's loop.
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

// What one end tells the other.
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

// The receiving end. Called on its executor, one letter in a turn.
class reader {
 public:
  virtual ~reader() = default;
  virtual void on_letter(letter&& one) = 0;
};

class mailbox : public std::enable_shared_from_this<mailbox> {
 public:
  mailbox(const asio::any_io_executor& on, std::shared_ptr<loopback_network> network);

  // On the box's own executor.
  void set_owner(std::weak_ptr<reader> owner);
  void set_paused(bool paused);
  void post(std::function<void()> what);
  void sever() noexcept;
  // A letter that the network does not hold.
  bool has_waiting();

  // Any thread. False: severed.
  bool put(letter one);
  // Before everything that waits, and also while paused or held: news of the connection itself.
  bool put_first(letter one);
  // What waits is dropped; then put_first.
  bool put_only(letter one);
  // A hold has ended.
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
  bool held_ = false;       // the network knows that this box waits
  bool scheduled_ = false;  // deliver() has been posted
};

}  // namespace parley::transport
