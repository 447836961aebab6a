// What generated stubs hold: a handle on one end of the conversation, without templates and without Asio's token machinery.
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

// Who sent an event or asked a call, as the server stamped it.
struct origin {
  std::string id;  // the client's id; empty: the server itself
  bool is_server() const noexcept { return id.empty(); }
};

// What became of an event that was handed over for sending.
enum class sent {
  queued,     // on its way, unless the connection is lost first; if it cannot leave after all, client::on_error is called
  dropped,    // this end's queue is full: nothing was sent
  closed,     // there is no connection, or the one client named is not there
  too_large,  // over the method's max_bytes, or more than the other end accepts
  // Nothing is sent, and a client's on_error or a server's log has the details:
  mismatched,  // the two ends' contracts differ in this event (`version_mismatch`)
  unwritable,  // the payload holds what no reader would take (`bad_payload` with its path; wire/codec.hpp)
};

// Trivially destructible on purpose: harmless in braces inside co_await (see gcc12.hpp).
struct call_options {
  std::optional<std::chrono::steady_clock::duration> deadline{};  // default: the method's deadline_ms, else 30 s
};
static_assert(std::is_trivially_destructible_v<call_options>);

// A method that no schema declares (by_name.hpp).
struct named_method;

// A payload on its way out, encoded in each format that this end speaks just now (at least one).
struct outgoing {
  const method* what = nullptr;
  std::optional<std::string> json{};
  std::optional<std::string> binary{};
  target to{};
  call_options options{};
  std::shared_ptr<const named_method> named{};  // what `what` belongs to, if nobody else keeps it
  std::size_t beside = 0;                       // bytes of the envelope's `message`
  std::shared_ptr<const error> unwritable{};    // why there is no payload, if it cannot be written

  // What it counts as while it waits.
  std::size_t cost() const noexcept { return cost_of(size()); }
  std::size_t size() const noexcept { return (json ? json->size() : 0) + (binary ? binary->size() : 0) + beside; }
};

// Which formats `outgoing` should hold.
struct formats_in_use {
  bool json = false;
  bool binary = false;
};

// A coroutine that handles an event, for as long as it runs.
class running_handler {
 public:
  virtual ~running_handler() = default;
  virtual void threw(const std::exception_ptr&) = 0;
};

// Where such coroutines run.
class handler_host {
 public:
  virtual ~handler_host() = default;
  virtual const asio::any_io_executor& handlers_run_on() const = 0;
  // Held while the coroutine runs. Null: too many run already, which has been reported.
  virtual std::shared_ptr<running_handler> begin_handler(const method& event, const origin& from) = 0;
};

// A handler for one event, erased.
class subscriber {
 public:
  virtual ~subscriber() = default;
  // The error says why the payload could not be read.
  virtual result<> deliver(format, bytes_view payload, const decode_options&, const origin& from, handler_host& at) = 0;
};

class call_server;  // serve.hpp

// One end: a client's link, or a server. Every function may be called from any thread.
class core {
 public:
  using ticket = std::uint64_t;

  virtual ~core() = default;
  virtual asio::any_io_executor executor() const = 0;  // where handlers and, by default, completions run
  virtual bool runs_here() const = 0;                  // is this a thread that runs that executor's loop?
  virtual formats_in_use formats() const = 0;
  // The methods a stub uses; they are compared with the other end's when the connection opens. Never waits. Throws
  // std::invalid_argument when two services claim one wire name.
  virtual void use(const service&) = 0;

  virtual ticket reserve() = 0;
  virtual void connect(ticket, outgoing, std::unique_ptr<pending_call>) = 0;  // the outgoing is not looked at
  virtual void start(ticket, outgoing, std::unique_ptr<pending_call>) = 0;
  virtual void cancel(ticket) = 0;
  virtual sent send(outgoing) = 0;
  virtual void send_when_room(ticket, outgoing, std::unique_ptr<pending_call>) = 0;
  virtual std::uint64_t subscribe(const method&, std::shared_ptr<subscriber>) = 0;
  virtual std::uint64_t answer(const method&, std::shared_ptr<call_server>) = 0;
  virtual void unsubscribe(std::uint64_t) = 0;
};

// What stubs are made from: a handle on a client or a server. Safe to copy, safe to keep after its client or server is gone (calls then
// complete with `cancelled`).
struct endpoint {
  endpoint(std::shared_ptr<parley::core> c, call_options o) : core(std::move(c)), options(o) {}
  // For a stub of this service, which it tells the core. Throws what core::use throws.
  endpoint(const endpoint& other, const service& used) : endpoint(other) { core->use(used); }

  std::shared_ptr<parley::core> core;
  call_options options;
};

// Encodes in the formats in use. A payload that cannot be written travels as `unwritable` to where the operation completes.
outgoing encode_for(const endpoint& to, const method& what, const void* payload, target where);

}  // namespace parley
