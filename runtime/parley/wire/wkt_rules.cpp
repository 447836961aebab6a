#include "parley/wire/wkt_rules.hpp"

#include "parley/wire/time_text.hpp"
#include "parley/wire/utf8.hpp"

#include <cmath>
#include <string_view>

namespace parley {
namespace {

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether a JSON reader would restore the same path.
bool survives_camel_case(std::string_view path) noexcept {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool follows = i + 1 < path.size();
    if (path[i] == '_' ? !follows || !is_lower(path[i + 1]) : !is_lower(path[i]) && !is_digit(path[i]) && path[i] != '.') return false;
  }
  return !path.empty();
}

}  // namespace

const char* fault_of(const timestamp& time) noexcept {
  const bool fine = time.seconds >= first_second && time.seconds <= last_second && time.nanos >= 0 && time.nanos < nanos_of_a_second;
  return fine ? nullptr : "not a time of the years 1 to 9999, with nanos from 0 to 999,999,999";
}

const char* fault_of(const duration& span) noexcept {
  const std::int64_t limit = most_seconds - (span.nanos == 0 ? 0 : 1);
  const bool in_range = span.seconds >= -limit && span.seconds <= limit;
  const bool nanos_fine = span.nanos > -nanos_of_a_second && span.nanos < nanos_of_a_second;
  const bool one_sign = span.seconds == 0 || span.nanos == 0 || (span.seconds < 0) == (span.nanos < 0);
  return in_range && nanos_fine && one_sign ? nullptr : "not a span of at most 10,000 years, with seconds and nanos of the same sign";
}

const char* fault_of(const field_mask& mask) noexcept {
  for (const std::string& path : mask.paths)
    if (!survives_camel_case(path)) return "a path that lowerCamelCase cannot express";
  return nullptr;
}

const char* fault_of(const value& any_kind) noexcept {
  const auto* number = std::get_if<double>(&any_kind.kind);
  return !number || std::isfinite(*number) ? nullptr : "NaN or infinity, which is not a JSON number";
}

const char* fault_of(const any& packed) noexcept {
  if (packed.type_url.empty() && !packed.content.empty()) return "an Any with content and without a type";
  return is_utf8(packed.type_url) ? nullptr : "an Any whose type is not UTF-8";
}

}  // namespace parley
