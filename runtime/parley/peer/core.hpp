// The handle that generated stubs hold on one end of the conversation. It has no templates and does
// not use Asio's completion tokens.
#pragma once

#include "parley/core/core.hpp"
#include "parley/rpc/pending.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/target.hpp"

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace parley {

// The sender of an event or the caller of a call, as stamped by the server.
struct origin {
  std::string id;  // the client's id, or empty for the server itself
  bool is_server() const noexcept { return id.empty(); }
};

// The outcome of sending an event. In all cases but `queued` nothing is sent.
enum class sent {
  // The event is queued and leaves unless the connection is lost first. If it cannot be sent after
  // all, client::on_error is called.
  queued,
  // The local queue is full.
  dropped,
  // There is no connection, or the one client named as the target is not there.
  closed,
  // The event exceeds the method's max_bytes, or the limit of the other end.
  too_large,
  // The contracts of the two ends differ in this event. A client's on_error receives
  // `version_mismatch`; a server logs it.
  mismatched,
  // The payload contains something that no reader accepts. A client's on_error receives
  // `bad_payload` with the path; a server logs it. See wire/codec.hpp.
  unwritable,
};

// Trivially destructible on purpose, so that braces inside co_await are harmless (see gcc12.hpp).
struct call_options {
  // If it is not set: the method's deadline_ms, else the deadline in the client's or server's
  // options.
  std::optional<std::chrono::steady_clock::duration> deadline{};
};
static_assert(std::is_trivially_destructible_v<call_options>);

// A method that is not declared in a schema (by_name.hpp).
struct named_method;

// An outgoing payload, encoded in each format that this end speaks at the moment (at least one).
struct outgoing {
  const method* what = nullptr;
  std::optional<std::string> json{};
  std::optional<std::string> binary{};
  target to{};
  call_options options{};
  std::shared_ptr<const named_method> named{};  // keeps `what` alive, if it is a named method's
  std::size_t beside = 0;                       // bytes of the envelope's `message`
  std::shared_ptr<const error> unwritable{};    // the reason why the payload could not be written

  // How many bytes it counts as while it waits.
  std::size_t cost() const noexcept { return cost_of(size()); }
  std::size_t size() const noexcept { return (json ? json->size() : 0) + (binary ? binary->size() : 0) + beside; }
};

// When a call is over that begins `now`. Its own deadline comes first, then its method's, then
// `otherwise`.
time_point deadline_of(const outgoing&, std::chrono::steady_clock::duration otherwise, time_point now);

// The formats that `outgoing` must contain.
struct formats_in_use {
  bool json = false;
  bool binary = false;
};

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
  virtual const asio::any_io_executor& handlers_run_on() const = 0;
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
  virtual asio::any_io_executor executor() const = 0;
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
