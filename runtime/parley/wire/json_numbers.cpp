#include "parley/wire/json_numbers.hpp"

#include "parley/wire/eight_bytes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <type_traits>

namespace parley::json {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The parts of a number in the grammar of RFC 8259.
struct decimal {
  std::string_view whole;     // digits before the point
  std::string_view fraction;  // digits after it
  std::int64_t exponent = 0;  // as written, limited to +-10^9
  bool negative = false;
};

bool parse_decimal(std::string_view text, decimal& out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&] {
    const char* const begin = at;
    while (at != end && is_digit(*at)) ++at;
    return std::string_view(begin, static_cast<std::size_t>(at - begin));
  };
  if (at != end && *at == '-') out.negative = true, ++at;
  out.whole = digits();
  if (out.whole.empty() || (out.whole.size() > 1 && out.whole[0] == '0')) return false;
  if (at != end && *at == '.') {
    ++at;
    out.fraction = digits();
    if (out.fraction.empty()) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool negative = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) ++at;
    const std::string_view exponent = digits();
    if (exponent.empty()) return false;
    for (char c : exponent) out.exponent = std::min<std::int64_t>(out.exponent * 10 + (c - '0'), 1'000'000'000);
    if (negative) out.exponent = -out.exponent;
  }
  return at == end;
}

// Converts a decimal to an integer, if it is one and fits.
template <class Int>
bool to_integer(const decimal& number, Int& value) {
  constexpr std::size_t most_digits = 20;  // as many as 2^64 has
  std::array<char, most_digits + 1> text;
  std::size_t length = 0;
  const std::size_t count = number.whole.size() + number.fraction.size();
  const auto digit = [&](std::size_t i) { return i < number.whole.size() ? number.whole[i] : number.fraction[i - number.whole.size()]; };
  std::size_t first = 0;
  std::size_t last = count;  // significant digits are [first, last)
  while (first < last && digit(first) == '0') ++first;
  while (last > first && digit(last - 1) == '0') --last;
  if (first == last) {
    value = 0;
    return true;
  }
  // The number of zeros to append after the last significant digit. Negative if a fraction remains.
  const std::int64_t zeros = number.exponent + static_cast<std::int64_t>(number.whole.size()) - static_cast<std::int64_t>(last);
  const std::size_t significant = last - first;
  if (zeros < 0 || significant > most_digits || static_cast<std::uint64_t>(zeros) > most_digits - significant) return false;
  if (number.negative) text[length++] = '-';
  for (std::size_t i = first; i < last; ++i) text[length++] = digit(i);
  for (std::int64_t i = 0; i < zeros; ++i) text[length++] = '0';
  const auto [end, error] = std::from_chars(text.data(), text.data() + length, value);
  return error == std::errc{} && end == text.data() + length;
}

template <class Int>
bool integer_from(std::string_view text, Int& value) {
  // Nearly every integer consists of digits only.
  const bool negative = std::is_signed_v<Int> && !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  std::uint64_t sum = 0;  // meaningless for more than 19 digits
  std::size_t count = 0;
  for (std::uint64_t eight; digits.size() - count >= 8 && wire::eight_digits(digits.data() + count, eight); count += 8)
    sum = sum * 100'000'000 + eight;
  while (count < digits.size() && is_digit(digits[count])) sum = sum * 10 + static_cast<std::uint64_t>(digits[count++] - '0');
  const bool plain = count != 0 && count == digits.size();
  if (plain && digits[0] == '0' && count > 1) return false;
  if (plain && count <= 18) {
    value = static_cast<Int>(negative ? 0 - sum : sum);
    return true;
  }
  // 64-bit integers with up to 20 digits, such as hashes and random ids.
  if (plain && count <= 20) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
  }
  decimal number;
  return parse_decimal(text, number) && to_integer(number, value);
}

// Converts a number of few digits. Its digits and the power of ten are both exact as doubles, so
// one rounding yields the nearest double.
bool exact_from(const decimal& number, double& value) {
  constexpr std::array powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr std::size_t most_digits = 15;
  if (number.whole.size() + number.fraction.size() > most_digits) return false;
  const std::int64_t exponent = number.exponent - static_cast<std::int64_t>(number.fraction.size());
  const auto place = static_cast<std::uint64_t>(exponent < 0 ? -exponent : exponent);
  if (place >= powers.size()) return false;
  std::uint64_t digits = 0;
  for (const char c : number.whole) digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
  for (const char c : number.fraction) digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
  value = static_cast<double>(digits);
  if (exponent < 0) value /= powers[place];
  else value *= powers[place];
  if (number.negative) value = -value;
  return true;
}

template <class Float>
bool floating_from(std::string_view text, Float& value) {
  decimal number;
  if (!parse_decimal(text, number)) return false;
  if constexpr (std::is_same_v<Float, double>)
    if (exact_from(number, value)) return true;
  Float parsed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error == std::errc{}) {
    value = parsed;
    return true;
  }
  if (error != std::errc::result_out_of_range) return false;
  // The position of the first significant digit shows whether the number is too large or too small.
  std::int64_t magnitude = number.exponent + static_cast<std::int64_t>(number.whole.size());
  if (number.whole[0] == '0') {
    const std::size_t zeros = std::min(number.fraction.find_first_not_of('0'), number.fraction.size());
    magnitude = number.exponent - static_cast<std::int64_t>(zeros);
  }
  if (magnitude > 0) return false;
  value = number.negative ? -Float{0} : Float{0};
  return true;
}

}  // namespace

bool is_number(std::string_view token) noexcept {
  decimal number;
  return parse_decimal(token, number);
}

bool parse_integer(std::string_view token, std::int64_t& value) noexcept { return integer_from(token, value); }
bool parse_integer(std::string_view token, std::uint64_t& value) noexcept { return integer_from(token, value); }

bool parse_key(std::string_view token, std::int64_t& value) noexcept {
  return token.find_first_of(".eE") == std::string_view::npos && integer_from(token, value);
}
bool parse_key(std::string_view token, std::uint64_t& value) noexcept {
  return token.find_first_of(".eE") == std::string_view::npos && integer_from(token, value);
}

bool parse_floating(std::string_view token, double& value) noexcept { return floating_from(token, value); }
bool parse_floating(std::string_view token, float& value) noexcept { return floating_from(token, value); }

}  // namespace parley::json
