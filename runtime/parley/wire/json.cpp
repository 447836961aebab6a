#include "parley/wire/json.hpp"

#include "parley/core/base64.hpp"
#include "parley/wire/eight_bytes.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>
#include <type_traits>
#include <utility>

namespace parley::json {

// simdjson's index of tokens: where each brace, bracket, colon, comma, opening quote and each other word begins.
struct reader::tokens {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> index;
  std::string padded;  // only where simdjson's portable code runs, which may read one byte past the end
};

namespace {

constexpr std::size_t kept_capacity = 256 * 1024;  // bytes of text; the index takes four times as much
constexpr std::size_t smallest_capacity = 4 * 1024;

constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* text_of(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "not UTF-8";
    case simdjson::UNCLOSED_STRING:
      return "a string without an end";
    case simdjson::UNESCAPED_CHARS:
      return "a control character in a string";
    case simdjson::EMPTY:
      return "empty";
    case simdjson::CAPACITY:
      return "too long";
    default:
      return "not JSON";
  }
}

// A number of RFC 8259's grammar, taken apart.
struct decimal {
  std::string_view whole;     // digits before the point
  std::string_view fraction;  // digits after it
  std::int64_t exponent = 0;  // as written, held within +-10^9
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

// The integer that a decimal stands for, if it is one and fits. Exact, without a detour through double.
template <class Int>
bool to_integer(const decimal& number, Int& value) {
  constexpr std::size_t most_digits = 20;  // of 2^64
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
  // Zeros to append after the last significant digit; negative: a fraction remains.
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
  // Nearly every integer is plain digits.
  const bool negative = std::is_signed_v<Int> && !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (!digits.empty() && digits.size() <= 18 && std::all_of(digits.begin(), digits.end(), is_digit)) {
    if (digits.size() > 1 && digits[0] == '0') return false;
    std::int64_t sum = 0;
    for (char c : digits) sum = sum * 10 + (c - '0');
    value = static_cast<Int>(negative ? -sum : sum);
    return true;
  }
  // Those of 64 bits that need their last digits, too: hashes, random ids.
  if (!digits.empty() && digits.size() <= 20 && digits[0] != '0' && std::all_of(digits.begin(), digits.end(), is_digit)) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
  }
  decimal number;
  return parse_decimal(text, number) && to_integer(number, value);
}

// The usual number of few digits: both it as an integer and the power of ten are exact, so one rounding makes it the nearest double.
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
  // Too large or too small? By the place of the first digit that counts.
  std::int64_t magnitude = number.exponent + static_cast<std::int64_t>(number.whole.size());
  if (number.whole[0] == '0') {
    const std::size_t zeros = std::min(number.fraction.find_first_not_of('0'), number.fraction.size());
    magnitude = number.exponent - static_cast<std::int64_t>(zeros);
  }
  if (magnitude > 0) return false;
  value = number.negative ? -Float{0} : Float{0};
  return true;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hex digits; -1: not there.
int code_unit(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F));
  if (c < 0x10000) return byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
  byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
}

bool has_escapes(std::string_view content) {
  if (content.size() > 64) return std::memchr(content.data(), '\\', content.size()) != nullptr;
  return !wire::none_of_eights(content, [](std::uint64_t word) { return wire::zeros(word ^ wire::eight('\\')); });
}

// What stands between the quotes; nullptr or what is wrong with it.
const char* unescape(std::string_view content, std::string& out) {
  constexpr const char* bad_escape = "not an escape that JSON knows";
  out.clear();
  const char* at = content.data();
  const char* const end = at + content.size();
  while (at != end) {
    const auto* slash = static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    if (!slash) slash = end;
    out.append(at, slash);
    at = slash;
    if (at == end) break;
    if (++at == end) return bad_escape;
    switch (*at++) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '/':
        out += '/';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        const int unit = code_unit(at, end);
        if (unit < 0) return bad_escape;
        at += 4;
        auto code = static_cast<std::uint32_t>(unit);
        if (code >= 0xD800 && code < 0xE000) {
          const bool paired = code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u';
          const int low = paired ? code_unit(at + 2, end) : -1;
          if (low < 0xDC00 || low > 0xDFFF) return "half of a surrogate pair";
          at += 6;
          code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<std::uint32_t>(low) - 0xDC00);
        }
        append_utf8(out, code);
        break;
      }
      default:
        return bad_escape;
    }
  }
  return nullptr;
}

}  // namespace

bool parse_integer(std::string_view digits, std::int64_t& value) noexcept { return integer_from(digits, value); }
bool parse_integer(std::string_view digits, std::uint64_t& value) noexcept { return integer_from(digits, value); }
bool parse_key(std::string_view digits, std::int64_t& value) noexcept {
  return digits.find_first_of(".eE") == std::string_view::npos && integer_from(digits, value);
}
bool parse_key(std::string_view digits, std::uint64_t& value) noexcept {
  return digits.find_first_of(".eE") == std::string_view::npos && integer_from(digits, value);
}

// ---------------------------------------------------------------------------------------------------------------------
// The index of tokens

reader::reader(std::string_view text, const decode_options& options) : text_(text.data()), options_(options) {
  // One index is kept per thread; a second reader at the same time (an envelope's and its payload's) has its own.
  thread_local std::unique_ptr<tokens> kept;
  tokens_ = kept ? std::move(kept) : std::make_unique<tokens>();
  give_back_to_ = &kept;

  static const simdjson::implementation& simd = *simdjson::get_active_implementation();
  auto& index = tokens_->index;
  simdjson::error_code code = simdjson::SUCCESS;
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) code = simdjson::CAPACITY;
  else if (!index) code = simd.create_dom_parser_implementation(std::max(text.size(), smallest_capacity), 1, index);
  else if (index->capacity() < text.size()) code = index->allocate(std::max(text.size(), 2 * index->capacity()), 1);
  if (code == simdjson::MEMALLOC) throw std::bad_alloc();
  if (code == simdjson::SUCCESS) {
    const char* content = text.data();
    static const bool reads_past_the_end = simd.name() == "fallback";
    if (reads_past_the_end) {
      tokens_->padded.assign(text);
      tokens_->padded.append(simdjson::SIMDJSON_PADDING, ' ');
      content = tokens_->padded.data();
    }
    code = index->stage1(reinterpret_cast<const std::uint8_t*>(content), text.size(), simdjson::stage1_mode::regular);
  }
  if (code != simdjson::SUCCESS) {
    fail(text_of(code));
    return;
  }
  first_ = next_ = index->structural_indexes.get();
  end_ = first_ + index->n_structural_indexes;
}

reader::~reader() {
  if (!tokens_ || !tokens_->index || tokens_->index->capacity() > kept_capacity) return;
  *give_back_to_ = std::move(tokens_);
}

// A token reaches to the next one, less the space between them. What is glued to a word belongs to it; nothing is ever glued to a string:
// simdjson begins a new token after the closing quote.
std::string_view reader::take_token() noexcept {
  const char* const begin = text_ + next_[0];
  const char* end = text_ + next_[1];
  while (end != begin && is_space(end[-1])) --end;
  ++next_;
  return {begin, static_cast<std::size_t>(end - begin)};
}

json::kind reader::kind() const noexcept {
  switch (const char c = next_char()) {
    case '{':
      return kind::object;
    case '[':
      return kind::array;
    case '"':
      return kind::string;
    case 't':
    case 'f':
      return kind::boolean;
    case 'n':
      return kind::null;
    case '-':
      return kind::number;
    case 'N':
    case 'I':
      return options_.accept_nan_tokens ? kind::number : kind::none;
    default:
      return is_digit(c) ? kind::number : kind::none;
  }
}

bool reader::fail(const char* what) {
  fault_.set(what);
  next_ = end_;
  return false;
}
bool reader::fail(const parley::error& inner) {
  fault_.set_inner(inner);
  next_ = end_;
  return false;
}

void reader::back_to(place where) noexcept {
  if (failed()) return;
  next_ = where.token;
  depth_ = where.depth;
}

bool reader::finish() {
  if (next_ != end_) fail("something follows the value");
  return !failed();
}

// ---------------------------------------------------------------------------------------------------------------------
// Objects and lists

bool reader::expect(char c) {
  if (next_char() != c || next_ == end_) return false;
  ++next_;
  return true;
}

bool reader::enter_object() {
  if (!expect('{')) return fail("not an object");
  if (++depth_ > options_.max_depth) return fail("nested too deeply");
  return true;
}

bool reader::enter_array() {
  if (!expect('[')) return fail("not a list");
  if (++depth_ > options_.max_depth) return fail("nested too deeply");
  return true;
}

bool reader::close() {
  --depth_;
  return false;
}

bool reader::next_member(std::string_view& name) {
  if (failed()) return false;
  // The token before this one tells whether this is the first member: no value ends in an opening brace.
  const bool first = text_[next_[-1]] == '{';
  if (expect('}')) return close();
  if (!first && !expect(',')) return fail("no comma or brace after a member");
  if (next_char() != '"' || !take_string(name, scratch_)) return fail("not a member's name");
  if (!expect(':')) return fail("no colon after a member's name");
  return true;
}

bool reader::next_element() {
  if (failed()) return false;
  const bool first = text_[next_[-1]] == '[';
  if (expect(']')) return close();
  if (!first && !expect(',')) return fail("no comma or bracket after an element");
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Values

bool reader::read_null() {
  if (kind() != kind::null || take_token() != "null") return fail("not null");
  return true;
}

bool reader::read(bool& value) {
  if (kind() == kind::boolean) {
    const std::string_view word = take_token();
    if (word == "true" || word == "false") {
      value = word == "true";
      return true;
    }
  }
  return fail("not true or false");
}

// The content of the string that stands next: a view of the text, or of `scratch` if it has escapes.
bool reader::take_string(std::string_view& content, std::string& scratch) {
  std::string_view token = take_token();
  if (token.size() < 2 || token.back() != '"') return fail("a string without an end");
  token = token.substr(1, token.size() - 2);
  if (!has_escapes(token)) {
    content = token;
    return true;
  }
  if (const char* wrong = unescape(token, scratch)) return fail(wrong);
  content = scratch;
  return true;
}

bool reader::read(std::string_view& value) {
  if (next_char() != '"') return fail("not a string");
  return take_string(value, scratch_);
}

bool reader::read(std::string& value) {
  if (next_char() != '"') return fail("not a string");
  std::string_view content;
  if (!take_string(content, value)) return false;
  if (content.data() != value.data()) value.assign(content);
  return true;
}

bool reader::read(std::vector<std::byte>& value) {
  std::string_view text;
  if (!read(text)) return false;
  return from_base64(text, value) || fail("not base64");
}

bool reader::take_number(std::string_view& digits) {
  switch (kind()) {
    case kind::number:
      digits = take_token();
      return true;
    case kind::string:
      return take_string(digits, scratch_);
    default:
      return false;
  }
}

template <class Int>
bool reader::read_integer(Int& value) {
  std::string_view digits;
  return (take_number(digits) && integer_from(digits, value)) || fail("not an integer of this size");
}

bool reader::read(std::int64_t& value) { return read_integer(value); }
bool reader::read(std::uint64_t& value) { return read_integer(value); }
bool reader::read(std::int32_t& value) {
  std::int64_t wide = 0;
  if (!read_integer(wide)) return false;
  if (!std::in_range<std::int32_t>(wide)) return fail("not an integer of this size");
  value = static_cast<std::int32_t>(wide);
  return true;
}
bool reader::read(std::uint32_t& value) {
  std::uint64_t wide = 0;
  if (!read_integer(wide)) return false;
  if (!std::in_range<std::uint32_t>(wide)) return fail("not an integer of this size");
  value = static_cast<std::uint32_t>(wide);
  return true;
}

template <class Float>
bool reader::read_floating(Float& value) {
  const bool words_allowed = kind() == kind::string || options_.accept_nan_tokens;
  std::string_view digits;
  if (!take_number(digits)) return fail("not a number");
  if (floating_from(digits, value)) return true;
  if (words_allowed) {
    using limits = std::numeric_limits<Float>;
    if (digits == "NaN") return value = limits::quiet_NaN(), true;
    if (digits == "Infinity") return value = limits::infinity(), true;
    if (digits == "-Infinity") return value = -limits::infinity(), true;
  }
  return fail("not a number of this size");
}

bool reader::read(double& value) { return read_floating(value); }
bool reader::read(float& value) { return read_floating(value); }

// ---------------------------------------------------------------------------------------------------------------------
// Values nobody wants

bool reader::skip() { return skip_value(options_.max_depth - std::min(depth_, options_.max_depth)); }

bool reader::raw(std::string_view& text, std::size_t max_depth) {
  const std::uint32_t* const begin = next_;
  if (!skip_value(max_depth)) return false;
  // The last token of the value ends where the next one begins, less the space between.
  const std::uint32_t* const past = next_--;
  const std::string_view last = take_token();
  next_ = past;
  text = {text_ + *begin, static_cast<std::size_t>(last.data() + last.size() - (text_ + *begin))};
  return true;
}

// Recursion is bounded by the depth limit, a few words of stack each.
bool reader::skip_value(std::size_t depth_left) {
  switch (kind()) {
    case kind::object:
    case kind::array:
      return depth_left > 0 ? skip_members(depth_left - 1) : fail("nested too deeply");
    case kind::string: {
      std::string_view content;
      return take_string(content, scratch_);
    }
    case kind::number: {
      decimal number;
      const std::string_view word = take_token();
      if (parse_decimal(word, number)) return true;
      if (options_.accept_nan_tokens && (word == "NaN" || word == "Infinity" || word == "-Infinity")) return true;
      return fail("not a number");
    }
    case kind::boolean: {
      bool value = false;
      return read(value);
    }
    case kind::null:
      return read_null();
    case kind::none:
      return fail("not a value");
  }
  return fail("not a value");
}

bool reader::skip_members(std::size_t depth_left) {
  const bool object = next_char() == '{';
  ++next_;
  ++depth_;
  std::string_view name;
  while (object ? next_member(name) : next_element())
    if (!skip_value(depth_left)) return false;
  return !failed();
}

}  // namespace parley::json
