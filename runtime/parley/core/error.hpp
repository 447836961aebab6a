// Errors of calls and other operations, as values. Uses only the standard library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace parley {

// Error codes. They cross the wire by number. To add one, append it, name it and decide its
// conditions in error.cpp, and add it to the table in schema/parley/envelope.fbs.
enum class errc {
  cancelled = 1,      // the caller gave up, or the local end was closed
  deadline_exceeded,  // no answer in time
  disconnected,       // the connection was lost, or never existed
  overloaded,         // too many calls, or too much is queued
  unimplemented,      // the other end does not have this method
  bad_frame,          // the envelope is wrong
  bad_payload,        // the payload is wrong
  too_large,          // a message exceeds a limit
  unknown_target,     // there is no such receiver
  denied,             // not allowed
  failed,             // the handler failed, or the code is not known here
  version_mismatch,   // the contracts of the two ends differ
  unauthenticated,    // the other end requires authentication
  invalid,            // the request makes no sense
};

// Conditions for programs to branch on: `if (result.error() == parley::condition::retryable)`.
// Compare the error and not its code. A code alone does not tell whether a request was sent, so the
// codes `deadline_exceeded` and `disconnected` by themselves are never retryable.
enum class condition {
  // Trying again later may succeed, and nothing is done twice.
  retryable = 1,
  // The end that reports the error blames what the other end sent or asked for.
  peer_at_fault,
  // The other end, or the receiver, is not there.
  gone,
};

const std::error_category& error_category() noexcept;
const std::error_category& condition_category() noexcept;
std::error_code make_error_code(errc) noexcept;
std::error_condition make_error_condition(condition) noexcept;

// The code's name in a JSON envelope, for example "deadline_exceeded".
std::string_view wire_name(errc) noexcept;
// A name or number from a later revision of the protocol reads as `failed`. The caller keeps the
// text.
errc errc_from_wire_name(std::string_view) noexcept;
errc errc_from_wire_number(unsigned) noexcept;

}  // namespace parley

template <>
struct std::is_error_code_enum<parley::errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<parley::condition> : std::true_type {};

namespace parley {

// Has constructors on purpose. GCC 12's bug with braces in co_await affects aggregates, but not
// classes with constructors.
struct error {
  [[gnu::cold]] error(errc c, std::string text = {}) : code(make_error_code(c)), message(std::move(text)) {}
  [[gnu::cold]] error(std::error_code c, std::string text = {}) : code(c), message(std::move(text)) {}

  // The reason that the handler gave, as a value of the enum in the method's option `errors`. Empty
  // if the handler gave no reason, or if the value is not known here.
  template <class Enum>
  std::optional<Enum> reason() const {
    Enum value{};
    if (reason_name.empty() || !from_name(reason_name, value)) return std::nullopt;
    return value;
  }

  // Whether the request can be repeated without the risk of doing something twice.
  bool safe_to_repeat() const noexcept { return !maybe_done || repeatable; }

  // An error is `retryable` in two cases:
  // - its code is `overloaded`
  // - its code is `deadline_exceeded` or `disconnected`, and the request is safe_to_repeat()
  //
  // The other conditions depend on the code alone.
  bool operator==(condition) const noexcept;
  bool operator==(const error&) const = default;

  std::error_code code;
  std::string message;
  std::string reason_name;  // the name of the enum value in the schema; empty: no reason given
  bool from_peer = false;   // true: the other end reported the error; false: found by this end
  // The WebSocket close code of the connection that ended (RFC 6455 section 7.4, and section 10 of
  // schema/parley/envelope.fbs). It was sent by the other end if from_peer is set, otherwise by
  // this end. 1006: no close frame was sent. 0: no connection ended.
  std::uint16_t close_code = 0;
  // Whether the other end may have acted on the request: it may have received it, and it has not
  // clearly refused it. False if the request cannot have reached the other end, was refused there,
  // or does not exist (connecting, receiving).
  bool maybe_done = false;
  // Whether the schema declares that running the request twice does no harm (`idempotency_level` or
  // `once`).
  bool repeatable = false;
};

// Thrown by blocking functions and by result::value(). Asynchronous operations never throw it.
class call_failed : public std::system_error {
 public:
  // what() is "<message>: <text of the code>". If the message already ends with that text, it is
  // not repeated.
  explicit call_failed(parley::error e) : std::system_error(described(e)), error_(std::move(e)) {}
  const parley::error& error() const noexcept { return error_; }

 private:
  static std::system_error described(const parley::error& e);

  parley::error error_;
};

}  // namespace parley
