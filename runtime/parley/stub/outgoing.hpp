// What a stub hands to its end of the conversation: an encoded payload with its target and options.
// Does not use Asio.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/target.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

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
  std::shared_ptr<const named_method> named{};  // keeps `what` and `text` alive, if they are a named method's
  const std::string* text = nullptr;            // the envelope's `message`. Null: none
  std::shared_ptr<const error> unwritable{};    // the reason why the payload could not be written

  // How many bytes it counts as while it waits.
  std::size_t cost() const noexcept { return cost_of(size()); }
  std::size_t size() const noexcept { return (json ? json->size() : 0) + (binary ? binary->size() : 0) + (text ? text->size() : 0); }
};

// When a call is over that begins `now`. Its own deadline comes first, then its method's, then
// `otherwise`.
time_point deadline_of(const outgoing&, std::chrono::steady_clock::duration otherwise, time_point now);

// The formats that `outgoing` must contain.
struct formats_in_use {
  bool json = false;
  bool binary = false;
};

}  // namespace parley
