#include "parley/wire/json.hpp"

#include "parley/core/base64.hpp"
#include "parley/core/per_thread.hpp"
#include "parley/core/raise.hpp"
#include "parley/wire/json_numbers.hpp"
#include "parley/wire/json_strings.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace parley::json {

// simdjson's index of tokens: the positions of each brace, bracket, colon, comma, opening quote and
// other word.
struct reader::tokens {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> index;
  std::string padded;  // used by simdjson's portable code only, which may read one byte past the end
  // These describe the text that was read last, for a reader of a part of it.
  std::uint32_t reading = 0;
  const char* text = nullptr;
  bool escapes = false;  // whether the text has a backslash
};

namespace {

constexpr std::size_t kept_capacity = 256 * 1024;  // bytes of text; the index takes four times as much
constexpr std::size_t smallest_capacity = 4 * 1024;

// Most characters are no space, so the first comparison decides.
constexpr bool is_space(char c) { return static_cast<unsigned char>(c) <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t'); }
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

}  // namespace

// ---------------------------------------------------------------------------------------------------------------------
// The index of tokens

reader::reader(std::string_view text, const decode_options& options) : options_(options), memory_(text.size(), options) {
  // One index is kept for each thread. A second reader at the same time has its own.
  auto& kept = per_thread<std::unique_ptr<tokens>>();
  tokens_ = kept ? std::move(kept) : std::make_unique<tokens>();
  give_back_to_ = &kept;
  const known_tokens& known = options.tokens;
  if (!knows(text, known)) {
    find_tokens(text);
    return;
  }
  text_ = tokens_->text;
  escapes_ = tokens_->escapes;
  next_ = tokens_->index->structural_indexes.get() + known.first;
  end_ = tokens_->index->structural_indexes.get() + known.past;
}

bool reader::knows(std::string_view text, const known_tokens& known) const noexcept {
  return known.index == tokens_.get() && known.reading == tokens_->reading && known.size == text.size() &&
         known.past <= tokens_->index->n_structural_indexes &&
         tokens_->text + tokens_->index->structural_indexes[known.first] == text.data();
}

void reader::find_tokens(std::string_view text) {
  static const simdjson::implementation& simd = *simdjson::get_active_implementation();
  auto& index = tokens_->index;
  thread_local std::uint32_t readings = 0;  // unique for all indexes of the thread, so that a new index at an old address is not mistaken
  tokens_->reading = ++readings;
  simdjson::error_code code = simdjson::SUCCESS;
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) code = simdjson::CAPACITY;
  else if (!index) code = simd.create_dom_parser_implementation(std::max(text.size(), smallest_capacity), 1, index);
  else if (index->capacity() < text.size()) code = index->allocate(std::max(text.size(), 2 * index->capacity()), 1);
  if (code == simdjson::MEMALLOC) raise(std::bad_alloc());
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
  text_ = tokens_->text = text.data();
  escapes_ = tokens_->escapes = std::memchr(text.data(), '\\', text.size()) != nullptr;
  next_ = index->structural_indexes.get();
  end_ = next_ + index->n_structural_indexes;
}

reader::~reader() {
  if (!tokens_ || !tokens_->index || tokens_->index->capacity() > kept_capacity) return;
  *give_back_to_ = std::move(tokens_);
}

// A token ends where the next one begins, without the space between them. Characters that follow a
// word directly belong to it. None follow a string, because simdjson begins a new token after the
// closing quote.
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

std::string_view reader::since(place where) const noexcept {
  std::string_view text(text_ + *where.token, *next_ - *where.token);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

void reader::back_to(place where) noexcept {
  if (failed()) return;
  next_ = where.token;
  depth_ = where.depth;
}

bool reader::finish() {
  if (next_ != end_) fail("unexpected data after the value");
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
  if (++depth_ > options_.max_depth) return fail(nested_too_deeply);
  return true;
}

bool reader::enter_array() {
  if (!expect('[')) return fail("not a list");
  if (++depth_ > options_.max_depth) return fail(nested_too_deeply);
  return true;
}

bool reader::close() {
  --depth_;
  return false;
}

bool reader::next_member(std::string_view& name) {
  if (failed()) return false;
  // The previous token shows whether this is the first member, because no value ends in an opening
  // brace.
  const bool first = text_[next_[-1]] == '{';
  if (expect('}')) return close();
  if (!first && !expect(',')) return fail("no comma or brace after a member");
  if (next_char() != '"' || !take_string(name, scratch_)) return fail("not a member name");
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

// Sets `inside` to the text between the quotes of the next string.
inline bool reader::take_quoted(std::string_view& inside) {
  const std::string_view token = take_token();
  if (token.size() < 2 || token.back() != '"') return fail("a string without an end");
  inside = token.substr(1, token.size() - 2);
  return true;
}

// The content of a string: a view of the text, or of `scratch` if it has escapes.
bool reader::take_string(std::string_view& content, std::string& scratch) {
  if (!take_quoted(content)) return false;
  if (!escapes_ || !has_escapes(content)) return true;
  if (const char* wrong = unescape(content, scratch)) return fail(wrong);
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
  if (!take_quoted(content)) return false;
  if (escapes_ && has_escapes(content)) {
    const std::size_t room = value.capacity();
    const char* wrong = unescape(content, value);
    if (value.capacity() != room) memory_.grew(value.capacity());
    return !wrong || fail(wrong);
  }
  memory_.will_hold(value, content.size());
  value.assign(content);
  return true;
}

bool reader::read(std::vector<std::byte>& value) {
  std::string_view text;
  if (!read(text)) return false;
  const std::size_t room = value.capacity();
  const bool sound = from_base64(text, value);
  if (value.capacity() != room) memory_.grew(value.capacity());
  return sound || fail("not base64");
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
  return (take_number(digits) && parse_integer(digits, value)) || fail("not an integer of this size");
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
  if (parse_floating(digits, value)) return true;
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
// Values that are skipped

bool reader::skip() { return skip_value(options_.max_depth - std::min(depth_, options_.max_depth)); }

bool reader::raw(std::string_view& text, std::size_t max_depth) {
  const std::uint32_t* const begin = next_;
  passed_nan_ = false;
  if (!skip_value(max_depth)) return false;
  // The last token of the value ends where the next one begins, without the space between them.
  const std::uint32_t* const past = next_--;
  const std::string_view last = take_token();
  next_ = past;
  text = {text_ + *begin, static_cast<std::size_t>(last.data() + last.size() - (text_ + *begin))};
  return true;
}

bool reader::raw(std::string_view& text, std::size_t max_depth, known_tokens& known) {
  const std::uint32_t* const begin = next_;
  if (!raw(text, max_depth)) return false;
  const std::uint32_t* const all = tokens_->index->structural_indexes.get();
  known = {.index = tokens_.get(),
           .reading = tokens_->reading,
           .first = static_cast<std::uint32_t>(begin - all),
           .past = static_cast<std::uint32_t>(next_ - all),
           .size = static_cast<std::uint32_t>(text.size())};
  return true;
}

// The depth limit limits the recursion. Each level takes a few words of stack.
bool reader::skip_value(std::size_t depth_left) {
  switch (kind()) {
    case kind::object:
    case kind::array:
      return depth_left > 0 ? skip_members(depth_left - 1) : fail(nested_too_deeply);
    case kind::string: {
      std::string_view content;
      return take_string(content, scratch_);
    }
    case kind::number: {
      const std::string_view word = take_token();
      if (is_number(word)) return true;
      if (options_.accept_nan_tokens && (word == "NaN" || word == "Infinity" || word == "-Infinity")) return passed_nan_ = true;
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
