#include "parley/wire/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>

namespace parley {
namespace {

void append_digits(std::string& out, std::int64_t number, std::size_t width) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  const auto length = static_cast<std::size_t>(end - text.data());
  if (length < width) out.append(width - length, '0');
  out.append(text.data(), length);
}

// Appends nothing, or a point with 3, 6 or 9 digits.
void append_fraction(std::string& out, std::int32_t nanos) {
  if (nanos == 0) return;
  out += '.';
  if (nanos % 1'000'000 == 0) append_digits(out, nanos / 1'000'000, 3);
  else if (nanos % 1'000 == 0) append_digits(out, nanos / 1'000, 6);
  else append_digits(out, nanos, 9);
}

// Reads the text from the left. After the first mismatch every further read fails.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok_ = take(c) && ok_; }
  // Reads exactly `width` digits, a number in [low, high].
  int number(std::size_t width, int low, int high) {
    const std::string_view text = digits(width);
    int value = 0;
    for (char c : text) value = value * 10 + (c - '0');
    ok_ = ok_ && text.size() == width && value >= low && value <= high;
    return ok_ ? value : low;
  }
  // Reads at most `most` digits.
  std::string_view digits(std::size_t most) {
    std::size_t count = 0;
    while (count < most && count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') ++count;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  // Reads nothing, or a point with one to nine digits.
  std::int32_t fraction() {
    if (!take('.')) return 0;
    const std::string_view text = digits(9);
    ok_ = ok_ && !text.empty();
    std::int32_t nanos = 0;
    for (std::size_t i = 0; i < 9; ++i) nanos = nanos * 10 + (i < text.size() ? text[i] - '0' : 0);
    return nanos;
  }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

void append_text(timestamp time, std::string& out) {
  if (time.seconds < first_second) time = {first_second, 0};
  if (time.seconds > last_second) time = {last_second, nanos_of_a_second - 1};
  time.nanos = std::clamp(time.nanos, 0, nanos_of_a_second - 1);

  using namespace std::chrono;
  const sys_seconds when{seconds{time.seconds}};
  const sys_days day = floor<days>(when);
  const year_month_day date{day};
  const hh_mm_ss clock{when - day};
  append_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, clock.hours().count(), 2);
  out += ':';
  append_digits(out, clock.minutes().count(), 2);
  out += ':';
  append_digits(out, clock.seconds().count(), 2);
  append_fraction(out, time.nanos);
  out += 'Z';
}

bool parse_text(std::string_view text, timestamp& time) {
  using namespace std::chrono;
  scanner in(text);
  const year y{in.number(4, 1, 9999)};
  in.expect('-');
  const month m{static_cast<unsigned>(in.number(2, 1, 12))};
  in.expect('-');
  const day d{static_cast<unsigned>(in.number(2, 1, 31))};
  in.expect('T');
  const int hour = in.number(2, 0, 23);
  in.expect(':');
  const int minute = in.number(2, 0, 59);
  in.expect(':');
  const int second = in.number(2, 0, 59);
  const std::int32_t nanos = in.fraction();
  int offset = 0;  // minutes east of Greenwich
  if (!in.take('Z')) {
    const bool west = in.take('-');
    if (!west) in.expect('+');
    offset = in.number(2, 0, 23) * 60;
    in.expect(':');
    offset += in.number(2, 0, 59);
    if (west) offset = -offset;
  }
  const year_month_day date{y / m / d};
  if (!in.done() || !date.ok()) return false;
  const sys_seconds when = sys_days{date} + hours{hour} + minutes{minute} + seconds{second} - minutes{offset};
  time = {when.time_since_epoch().count(), nanos};
  return time.seconds >= first_second && time.seconds <= last_second;
}

void append_text(duration span, std::string& out) {
  span.nanos = std::clamp(span.nanos, -(nanos_of_a_second - 1), nanos_of_a_second - 1);
  span.seconds = std::clamp(span.seconds, -most_seconds, most_seconds);
  // The limits are whole seconds, and both parts have the same sign. If a program's parts differ in
  // sign, the sign of the seconds is used.
  if (span.seconds == most_seconds || span.seconds == -most_seconds) span.nanos = 0;
  if ((span.seconds > 0 && span.nanos < 0) || (span.seconds < 0 && span.nanos > 0)) span.nanos = 0;
  if (span.seconds < 0 || span.nanos < 0) out += '-';
  append_digits(out, std::abs(span.seconds), 1);
  append_fraction(out, std::abs(span.nanos));
  out += 's';
}

bool parse_text(std::string_view text, duration& span) {
  scanner in(text);
  const bool negative = in.take('-');
  const std::string_view whole = in.digits(12);
  const std::int32_t nanos = in.fraction();
  in.expect('s');
  if (!in.done() || whole.empty()) return false;
  std::int64_t seconds = 0;
  for (char c : whole) seconds = seconds * 10 + (c - '0');
  if (seconds > most_seconds || (seconds == most_seconds && nanos != 0)) return false;
  span = negative ? duration(-seconds, -nanos) : duration(seconds, nanos);
  return true;
}

}  // namespace parley
