// JSON as it is written: compact, UTF-8 as it is, appended to a string.
//
//   parley::json::writer out(text);
//   out.open_object();
//   out.member("\"id\":");
//   out.text(id);
//   out.close_object();
//   out.end();  // or the writer's destruction: until then `text` may have room at its end that means nothing
//
// Whoever writes members keeps their names apart; nothing is checked here. What a payload's types find that cannot be written is recorded
// (fallible_writer); the functions here fail never.
#pragma once

#include "parley/core/bytes.hpp"
#include "parley/wire/fallible_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace parley::json {

class writer : public fallible_writer {
 public:
  // Appends; what `out` held before stays. From the first value to end() nobody else touches it.
  explicit writer(std::string& out) noexcept : out_(out), at_(out.data() + out.size()), end_(at_) {}
  ~writer() { end(); }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  // Gives the string the length of what was written.
  void end() {
    if (at_ == end_) return;
    out_.resize(size());
    end_ = at_;
  }
  // The string's length, without the room at its end.
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - out_.data()); }

  // end(), and bad_payload if something could not be written or a reader would not build it: what follows `start` is taken off again.
  result<> finish_document(std::size_t start) {
    end();
    return fallible_writer::finish_document(out_, start);
  }

  void open_object() { put('{'); }
  void close_object() { put('}'); }
  void open_array() { put('['); }
  void close_array() { put(']'); }

  // A member's name as JSON text, quoted, escaped and with its colon, as generated code has it; then exactly one value.
  void member(std::string_view name_and_colon) {
    char* const to = room(name_and_colon.size() + 1);
    at_ = copy(separated(to), name_and_colon);
  }
  // The same from a name that is only known now. False: not UTF-8, see text().
  bool member_named(std::string_view name) {
    element();
    const bool as_it_is = text(name);
    put(':');
    return as_it_is;
  }
  // Before each element of a list.
  void element() { at_ = separated(room(1)); }

  void null() { raw("null"); }
  void boolean(bool value) { raw(value ? std::string_view("true") : std::string_view("false")); }
  void number(std::int32_t);
  void number(std::uint32_t);
  void number(std::int64_t);
  void number(std::uint64_t);
  // Shortest text that reads back as the same value; "NaN", "Infinity", "-Infinity" with their quotes.
  void number(double);
  void number(float);
  // Quoted: 64-bit integers, and integers that are keys.
  template <class Int>
  void number_text(Int value) {
    put('"');
    number(value);
    put('"');
  }
  // Quoted and escaped. What is not UTF-8 becomes U+FFFD, a text frame may hold nothing else: false.
  bool text(std::string_view content) { return text_after({}, content); }
  // The same after a beginning that needs no escapes.
  bool text_after(std::string_view beginning, std::string_view content);
  // Quoted, for content known to need no escapes.
  void plain_text(std::string_view content) {
    char* to = room(content.size() + 2);
    *to++ = '"';
    to = copy(to, content);
    *to++ = '"';
    at_ = to;
  }
  void base64(bytes_view);
  // JSON that is finished already.
  void raw(std::string_view json) { at_ = copy(room(json.size()), json); }
  // The same from a function that appends it to a string.
  template <class Append>
  void raw_by(Append append) {
    end();
    append(out_);
    at_ = end_ = out_.data() + out_.size();
  }

 private:
  // Where the next `size` bytes go.
  char* room(std::size_t size) { return static_cast<std::size_t>(end_ - at_) >= size ? at_ : grow(size); }
  char* grow(std::size_t size);
  void put(char c) {
    char* const to = room(1);
    *to = c;
    at_ = to + 1;
  }
  // Right after an opening bracket nothing separates; no value ends in one.
  static char* separated(char* to) {
    if (const char last = to[-1]; last != '{' && last != '[') *to++ = ',';
    return to;
  }  // Names and words are short: a call would cost more than these steps, of which the last two overlap.
  static char* copy(char* to, std::string_view from) {
    const char* const at = from.data();
    const std::size_t size = from.size();
    if (size >= 8 && size <= 40) {
      for (std::size_t i = 0; i + 8 < size; i += 8) std::memcpy(to + i, at + i, 8);
      std::memcpy(to + size - 8, at + size - 8, 8);
    } else if (size >= 4 && size < 8) {
      std::memcpy(to, at, 4);
      std::memcpy(to + size - 4, at + size - 4, 4);
    } else if (size != 0) {
      std::memcpy(to, at, size);
    }
    return to + size;
  }

  std::string& out_;
  char* at_;   // the next byte
  char* end_;  // of out_
};

}  // namespace parley::json
