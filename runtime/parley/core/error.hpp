// What can go wrong with a call, as a value. Standard library only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace parley {

// Crosses the wire by number. If you add a value: append it, name it and decide its conditions in error.cpp,
// and add it to the table in schema/parley/envelope.fbs.
enum class errc {
  cancelled = 1,
  deadline_exceeded,
  disconnected,
  overloaded,
  unimplemented,
  bad_frame,
  bad_payload,
  too_large,
  unknown_target,
  denied,
  failed,
  version_mismatch,
  unauthenticated,
  invalid,
};

// What a program branches on: `if (result.error() == parley::condition::retryable)`. Compare the error, not its code: a code alone does not
// know whether a request has left, so `deadline_exceeded` and `disconnected` by themselves are never retryable.
enum class condition {
  retryable = 1,  // trying again later may succeed, and does nothing twice
  peer_at_fault,  // the side that reports it blames what the other side sent or asked for
  gone,           // the other end is not there
};

const std::error_category& error_category() noexcept;
const std::error_category& condition_category() noexcept;
std::error_code make_error_code(errc) noexcept;
std::error_condition make_error_condition(condition) noexcept;

// The code's name in a JSON envelope: "deadline_exceeded".
std::string_view wire_name(errc) noexcept;
// A name or number of a later revision reads as `failed`; the caller keeps the text.
errc errc_from_wire_name(std::string_view) noexcept;
errc errc_from_wire_number(unsigned) noexcept;

}  // namespace parley

template <>
struct std::is_error_code_enum<parley::errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<parley::condition> : std::true_type {};

namespace parley {

// Constructors on purpose: a class with constructors survives GCC 12's braces-in-co_await bug, an aggregate does not.
struct error {
  error(errc c, std::string text = {}) : code(make_error_code(c)), message(std::move(text)) {}
  error(std::error_code c, std::string text = {}) : code(c), message(std::move(text)) {}

  // The refusal the handler named, if the method's schema says `errors: "<Enum>"` and the value is known here.
  template <class Enum>
  std::optional<Enum> reason() const {
    Enum value{};
    if (reason_name.empty() || !from_name(reason_name, value)) return std::nullopt;
    return value;
  }

  // Whether repeating the request cannot do a thing twice that is to be done once.
  bool safe_to_repeat() const noexcept { return !maybe_done || repeatable; }

  // `retryable`: the code says so (`overloaded`), or it is `deadline_exceeded` or `disconnected` and the request is safe_to_repeat().
  bool operator==(condition) const noexcept;
  bool operator==(const error&) const = default;

  std::error_code code;
  std::string message;
  std::string reason_name;  // the enum value's name in the schema; empty: none given
  bool from_peer = false;   // the other end said so; otherwise it was found here
  // Of the connection that ended: its WebSocket close code (RFC 6455 7.4, schema/parley/envelope.fbs section 10), sent by the end that
  // from_peer names; 1006: no close frame was sent. 0: no connection ended.
  std::uint16_t close_code = 0;
  // The other end may have acted on the request: it may have received it, and did not answer it with a clear refusal. False: the request
  // cannot have reached the other end, or was refused there, or there was none (connecting, receiving).
  bool maybe_done = false;
  bool repeatable = false;  // the schema says that running twice does no harm: `idempotency_level`, or `once`
};

// Thrown by the blocking forms and by result::value(); never by an asynchronous operation.
class call_failed : public std::system_error {
 public:
  // what() is "<message>: <the code's own text>", each only once.
  explicit call_failed(parley::error e) : std::system_error(described(e)), error_(std::move(e)) {}
  const parley::error& error() const noexcept { return error_; }

 private:
  static std::system_error described(const parley::error& e);

  parley::error error_;
};

}  // namespace parley
