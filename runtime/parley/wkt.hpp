// The C++ values of google.protobuf's well-known types. Standard library and parley/box.hpp only; no JSON and no binary here (wire/wkt_codec.hpp has that).
//
//   schema                              as a field                      as a whole payload
//   google.protobuf.Timestamp           std::optional<parley::timestamp>  parley::timestamp
//   google.protobuf.Duration            std::optional<parley::duration>   parley::duration
//   google.protobuf.DoubleValue         std::optional<double>             double        (so all wrappers: float, std::int64_t,
//                                                                                        ..., bool, std::string, std::vector<std::byte>)
//   google.protobuf.Struct              std::optional<parley::structure>  parley::structure
//   google.protobuf.Value               std::optional<parley::value>      parley::value
//   google.protobuf.ListValue           std::optional<parley::list_value> parley::list_value
//   google.protobuf.NullValue           parley::null_value
//   google.protobuf.FieldMask           std::optional<parley::field_mask> parley::field_mask
//   google.protobuf.Any                 std::optional<parley::any>        parley::any
//   google.protobuf.Empty               std::optional<parley::empty>      no parameter, void
//
// All are regular: copied, moved, compared; tied to no thread. Printers write one line for people.
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

// seconds + nanos as a count of nanoseconds, if 64 bits hold it.
constexpr std::optional<std::int64_t> total_nanoseconds(std::int64_t seconds, std::int32_t nanos) noexcept {
  constexpr std::int64_t billion = 1'000'000'000;
  // Borrow a second, so that the smallest count does not overflow on its way.
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

// A span of time: seconds and nanos have the same sign, |nanos| < 10^9. JSON carries +-315,576,000,000 s (10,000 years).
struct duration {
  constexpr duration() = default;
  constexpr duration(std::int64_t whole_seconds, std::int32_t and_nanos) : seconds(whole_seconds), nanos(and_nanos) {}
  // Any std::chrono duration of whole numbers; finer than a nanosecond is cut off toward zero.
  template <std::integral Rep, class Period>
  constexpr duration(std::chrono::duration<Rep, Period> span) {
    const auto whole = std::chrono::duration_cast<std::chrono::duration<std::int64_t>>(span);
    seconds = whole.count();
    nanos = static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(span - whole).count());
  }

  // Nothing where 64-bit nanoseconds end, at about 292 years.
  constexpr std::optional<std::chrono::nanoseconds> to_chrono() const noexcept {
    const auto count = detail::total_nanoseconds(seconds, nanos);
    return count ? std::optional(std::chrono::nanoseconds(*count)) : std::nullopt;
  }

  bool operator==(const duration&) const = default;

  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};

// A point in time since 1970-01-01T00:00:00Z, without leap seconds; nanos count forward, 0 to 999,999,999, also before 1970.
// JSON carries the years 1 to 9999.
struct timestamp {
  constexpr timestamp() = default;
  constexpr timestamp(std::int64_t whole_seconds, std::int32_t and_nanos) : seconds(whole_seconds), nanos(and_nanos) {}
  // Any std::chrono time of the system clock, std::chrono::system_clock::now() for one.
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

  // Nothing outside the years 1677 to 2262, which 64-bit nanoseconds reach.
  constexpr std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> to_chrono() const noexcept {
    const auto count = detail::total_nanoseconds(seconds, nanos);
    return count ? std::optional(std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(*count))) : std::nullopt;
  }

  bool operator==(const timestamp&) const = default;

  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};

// Paths in the schema's spelling: "name", "address.zip_code". JSON joins them with commas in lowerCamelCase.
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

// Any JSON: null, a number, a string, true or false, an object, an array.
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

// A message of any type, encoded. wire/any.hpp packs and unpacks it.
// JSON shows the content only of a type that is known: packed here, or named in the decoder's parley::any_types.
struct any {
  std::string type_url{};            // "type.googleapis.com/lobby.v1.Line"; empty: nothing inside
  std::vector<std::byte> content{};  // in binary form
  const any_type* type = nullptr;    // set by pack() and by decoders that know the type; static storage
  std::string json{};                // the content as JSON where a decoder has made it already; else empty

  // The same type and the same bytes.
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
