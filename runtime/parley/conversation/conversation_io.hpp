// The interface of a conversation to its connection. attachment.hpp implements it with a transport
// and a clock. An application with a loop of its own can implement it with buffers. Private to
// conversation.
#pragma once

#include "parley/core/core.hpp"
#include "parley/session/session.hpp"
#include "parley/transport/message.hpp"

#include <cstddef>
#include <string>

namespace parley {

class conversation_io : public session::output {
 public:
  virtual time_point now() const = 0;
  // Calls conversation::tick() at this time, or at an earlier time that was given before.
  virtual void tick_by(time_point) = 0;
  // Also calls conversation::drained() when the connection holds no more than this many bytes.
  virtual void tell_when_below(std::size_t bytes) = 0;
  // Reports that handling the current message was as much work as this many further ones
  // (transport::connection).
  virtual void costs(std::size_t messages) = 0;
  // Whether the connection has opened. The greeting may still be missing.
  virtual bool reached() const = 0;
  // How the connection was refused or closed, while conversation::detach() runs. Null at any other
  // time, and if there is no transport.
  virtual const transport::close_reason* ending() const { return nullptr; }
  // Drops the connection, or abandons the attempt to connect. conversation::detach() is called with
  // `why`.
  virtual void give_up(error why) = 0;
  virtual void abort() = 0;
  // The peer's address, for logs. Empty if there is no connection.
  virtual std::string remote() const = 0;
};

}  // namespace parley
