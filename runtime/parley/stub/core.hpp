// The handle that generated stubs hold on one end of the conversation. Has no templates and does not
// use Asio.
#pragma once

#include "parley/rpc/pending.hpp"
#include "parley/stub/outgoing.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

namespace parley {

struct loop_executor;  // loop_executor.hpp

// A running coroutine that handles an event. Destroyed when the coroutine has ended.
class running_handler {
 public:
  virtual ~running_handler() = default;
  virtual void threw(const std::exception_ptr&) = 0;
};

// Runs the coroutines that handle events.
class handler_host {
 public:
  virtual ~handler_host() = default;
  virtual const loop_executor& handlers_run_on() const = 0;
  // Called before the coroutine starts. The result is held while it runs. Null if too many are
  // running, which has been reported by then.
  virtual std::shared_ptr<running_handler> begin_handler(const method& event, const origin& from) = 0;
};

// A type-erased handler for one event.
class subscriber {
 public:
  virtual ~subscriber() = default;
  // The error says why the payload could not be read.
  virtual result<> deliver(format, bytes_view payload, const decode_options&, const origin& from, handler_host& at) = 0;
};

class call_server;  // serve.hpp

// One end of the conversation: a client's link, or a server. Every function may be called from any
// thread.
class core {
 public:
  using ticket = std::uint64_t;

  virtual ~core() = default;
  // Runs handlers, and completion handlers without an associated executor.
  virtual const loop_executor& runs_on() const = 0;
  // Whether the calling thread runs that executor's loop.
  virtual bool runs_here() const = 0;
  virtual formats_in_use formats() const = 0;
  // Declares the methods that a stub uses. They are compared with the other end's when the
  // connection opens. Does not wait. Throws std::invalid_argument if two services claim one wire
  // name.
  virtual void use(const service&) = 0;

  virtual ticket reserve() = 0;
  // Ignores the outgoing.
  virtual void connect(ticket, outgoing, std::unique_ptr<pending_call>) = 0;
  virtual void start(ticket, outgoing, std::unique_ptr<pending_call>) = 0;
  virtual void cancel(ticket) = 0;
  virtual sent send(outgoing) = 0;
  virtual void send_when_room(ticket, outgoing, std::unique_ptr<pending_call>) = 0;
  virtual std::uint64_t subscribe(const method&, std::shared_ptr<subscriber>) = 0;
  virtual std::uint64_t answer(const method&, std::shared_ptr<call_server>) = 0;
  virtual void unsubscribe(std::uint64_t) = 0;
};

// Stubs are made from an endpoint: a handle on a client or a server. It is safe to copy, and safe
// to keep after its client or server is destroyed. Calls then complete with `cancelled`.
struct endpoint {
  endpoint(std::shared_ptr<parley::core> c, call_options o) : core(std::move(c)), options(o) {}
  // For a stub of this service. Declares the service to the core, and throws what core::use throws.
  endpoint(const endpoint& other, const service& used) : endpoint(other) { core->use(used); }

  std::shared_ptr<parley::core> core;
  call_options options;
};

// Encodes the payload in the formats in use. If it cannot be written, the error travels as
// `unwritable` to where the operation completes.
outgoing encode_for(const endpoint& to, const method& what, const void* payload, target where);

}  // namespace parley
