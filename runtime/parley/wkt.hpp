// The C++ values of google.protobuf's well-known types. Uses only the standard library and
// parley/box.hpp. Encoding and decoding are in wire/wkt_codec.hpp.
//
//   schema: google.protobuf.   as a field                          as a whole payload
//   Timestamp                  std::optional<parley::timestamp>    parley::timestamp
//   Duration                   std::optional<parley::duration>     parley::duration
//   DoubleValue                std::optional<double>               double
//   Struct                     std::optional<parley::structure>    parley::structure
//   Value                      std::optional<parley::value>        parley::value
//   ListValue                  std::optional<parley::list_value>   parley::list_value
//   NullValue                  parley::null_value
//   FieldMask                  std::optional<parley::field_mask>   parley::field_mask
//   Any                        std::optional<parley::any>          parley::any
//   Empty                      std::optional<parley::empty>        no parameter, void
//
// The other wrappers follow DoubleValue, with float, std::int64_t, ..., bool, std::string and
// std::vector<std::byte>.
//
// All types are regular: they can be copied, moved and compared. They are not tied to a thread. The
// operators << write one readable line.
#pragma once

#include "parley/box.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace parley {

struct empty {
  bool operator==(const empty&) const = default;
};

namespace detail {

// seconds + nanos as a number of nanoseconds. Empty if 64 bits cannot hold it.
constexpr std::optional<std::int64_t> total_nanoseconds(std::int64_t seconds, std::int32_t nanos) noexcept {
  constexpr std::int64_t billion = 1'000'000'000;
  // Borrow a second, so that computing the smallest count does not overflow.
  if (seconds < 0 && nanos > 0) {
    ++seconds;
    nanos -= static_cast<std::int32_t>(billion);
  }
  using limits = std::numeric_limits<std::int64_t>;
  if (seconds > limits::max() / billion || seconds < limits::min() / billion) return std::nullopt;
  const std::int64_t whole = seconds * billion;
  if (nanos > 0 ? whole > limits::max() - nanos : whole < limits::min() - nanos) return std::nullopt;
  return whole + nanos;
}

}  // namespace detail

// A span of time. seconds and nanos have the same sign, and |nanos| < 10^9. JSON can carry up to
// +-315,576,000,000 s (10,000 years).
struct duration {
  constexpr duration() = default;
  constexpr duration(std::int64_t whole_seconds, std::int32_t and_nanos) : seconds(whole_seconds), nanos(and_nanos) {}
  // From a std::chrono duration of whole numbers. Fractions of a nanosecond are cut off toward
  // zero.
  template <std::integral Rep, class Period>
  constexpr duration(std::chrono::duration<Rep, Period> span) {
    const auto whole = std::chrono::duration_cast<std::chrono::duration<std::int64_t>>(span);
    seconds = whole.count();
    nanos = static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(span - whole).count());
  }

  // Empty if the value exceeds 64-bit nanoseconds, at about 292 years.
  constexpr std::optional<std::chrono::nanoseconds> to_chrono() const noexcept {
    const auto count = detail::total_nanoseconds(seconds, nanos);
    return count ? std::optional(std::chrono::nanoseconds(*count)) : std::nullopt;
  }

  bool operator==(const duration&) const = default;

  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};

// A point in time since 1970-01-01T00:00:00Z, without leap seconds. nanos are between 0 and
// 999,999,999 and count forward, also before 1970. JSON can carry the years 1 to 9999.
struct timestamp {
  constexpr timestamp() = default;
  constexpr timestamp(std::int64_t whole_seconds, std::int32_t and_nanos) : seconds(whole_seconds), nanos(and_nanos) {}
  // From a time of the system clock, for example std::chrono::system_clock::now().
  template <class Duration>
  constexpr timestamp(std::chrono::time_point<std::chrono::system_clock, Duration> when) {
    const auto whole = std::chrono::duration_cast<std::chrono::duration<std::int64_t>>(when.time_since_epoch());
    seconds = whole.count();
    nanos = static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch() - whole).count());
    if (nanos < 0) {
      --seconds;
      nanos += 1'000'000'000;
    }
  }

  // Empty outside the years 1677 to 2262, which is the range of 64-bit nanoseconds.
  constexpr std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> to_chrono() const noexcept {
    const auto count = detail::total_nanoseconds(seconds, nanos);
    return count ? std::optional(std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(*count))) : std::nullopt;
  }

  bool operator==(const timestamp&) const = default;

  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};

// Paths as spelled in the schema: "name", "address.zip_code". In JSON they are written in
// lowerCamelCase, joined by commas.
struct field_mask {
  std::vector<std::string> paths{};
  bool operator==(const field_mask&) const = default;
};

struct null_value {
  bool operator==(const null_value&) const = default;
};

struct value;

// A JSON object.
struct structure {
  std::map<std::string, value> fields{};
  friend bool operator==(const structure&, const structure&);
};

// A JSON array.
struct list_value {
  late_vector<value> values{};
  friend bool operator==(const list_value&, const list_value&);
};

// Any JSON value: null, a number, a string, true or false, an object, or an array.
struct value {
  using kinds = std::variant<null_value, double, std::string, bool, structure, list_value>;

  value() = default;
  value(null_value) {}
  template <class Number>
  requires(std::is_arithmetic_v<Number> && !std::same_as<Number, bool>) value(Number number) : kind(static_cast<double>(number)) {}
  template <std::same_as<bool> Bool>
  value(Bool truth) : kind(truth) {}
  value(std::string text) : kind(std::move(text)) {}
  value(std::string_view text) : kind(std::string(text)) {}
  value(const char* text) : kind(std::string(text)) {}
  value(structure object) : kind(std::move(object)) {}
  value(list_value list) : kind(std::move(list)) {}

  bool is_null() const noexcept { return std::holds_alternative<null_value>(kind); }
  friend bool operator==(const value&, const value&) = default;

  kinds kind{};
};

inline bool operator==(const structure& a, const structure& b) { return a.fields == b.fields; }
inline bool operator==(const list_value& a, const list_value& b) { return a.values == b.values; }

struct any_type;

// An encoded message of any type. wire/any.hpp packs and unpacks it. JSON contains the content only
// if the type is known: it was packed here, or it is listed in the decoder's parley::any_types.
struct any {
  // For example "type.googleapis.com/lobby.v1.Line". Empty: there is no content.
  std::string type_url{};
  std::vector<std::byte> content{};  // in binary form
  // Set by pack(), and by decoders that know the type. Points to static storage.
  const any_type* type = nullptr;
  // The content as JSON, if a decoder has produced it already. Otherwise empty.
  std::string json{};

  // Compares the type and the bytes.
  friend bool operator==(const any& a, const any& b) { return a.type_url == b.type_url && a.content == b.content; }
};

std::ostream& operator<<(std::ostream&, const empty&);
std::ostream& operator<<(std::ostream&, const duration&);
std::ostream& operator<<(std::ostream&, const timestamp&);
std::ostream& operator<<(std::ostream&, const field_mask&);
std::ostream& operator<<(std::ostream&, const null_value&);
std::ostream& operator<<(std::ostream&, const structure&);
std::ostream& operator<<(std::ostream&, const list_value&);
std::ostream& operator<<(std::ostream&, const value&);
std::ostream& operator<<(std::ostream&, const any&);

}  // namespace parley
