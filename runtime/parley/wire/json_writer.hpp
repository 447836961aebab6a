// Writing JSON: compact, with UTF-8 unescaped, appended to a string.
//
//   parley::json::writer out(text);
//   out.open_object();
//   out.member("\"id\":");
//   out.text(id);
//   out.close_object();
//   out.end();  // or the writer's destructor; until then the end of `text` is unspecified
//
// The writer does not check for duplicate member names. The caller ensures that they differ. A
// value that cannot be written is recorded (fallible_writer). The functions here never fail.
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
  // Appends to `out` and keeps its contents. Between the first value and end() only the writer may
  // access `out`.
  explicit writer(std::string& out) noexcept : out_(out), at_(out.data() + out.size()), end_(at_) {}
  ~writer() { end(); }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  // Sets the string's length to what was written.
  void end() {
    if (at_ == end_) return;
    out_.resize(size());
    end_ = at_;
  }
  // The length of the text written so far, without the spare room at the end of the string.
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - out_.data()); }

  // Calls end(). Returns bad_payload if a value could not be written or a reader would refuse it
  // for its memory. Everything from `start` on is then removed.
  result<> finish_document(std::size_t start) {
    end();
    return fallible_writer::finish_document(out_, start);
  }

  void open_object() { put('{'); }
  void close_object() { put('}'); }
  void open_array() { put('['); }
  void close_array() { put(']'); }

  // A member's name as JSON text: quoted, escaped and with its colon, as generated code has it.
  // Exactly one value must follow.
  void member(std::string_view name_and_colon) {
    char* const to = room(name_and_colon.size() + 1);
    at_ = copy(separated(to), name_and_colon);
  }
  // The same for a name known only at run time. Returns false if it is not UTF-8; see text().
  bool member_named(std::string_view name) {
    element();
    const bool as_it_is = text(name);
    put(':');
    return as_it_is;
  }
  // Call it before each element of a list.
  void element() { at_ = separated(room(1)); }

  void null() { raw("null"); }
  void boolean(bool value) { raw(value ? std::string_view("true") : std::string_view("false")); }
  void number(std::int32_t);
  void number(std::uint32_t);
  void number(std::int64_t);
  void number(std::uint64_t);
  // Writes the shortest text that reads back as the same value. "NaN", "Infinity" and "-Infinity"
  // are written in quotes.
  void number(double);
  void number(float);
  // Writes an integer in quotes: 64-bit integers, and integers as keys.
  template <class Int>
  void number_text(Int value) {
    put('"');
    number(value);
    put('"');
  }
  // Writes a string, quoted and escaped. Bytes that are not UTF-8 become U+FFFD, because a text
  // frame must be UTF-8. Returns false in that case.
  bool text(std::string_view content) { return text_after({}, content); }
  // The same, with a prefix that needs no escapes.
  bool text_after(std::string_view beginning, std::string_view content);
  // Writes a string that is known to need no escapes, in quotes.
  void plain_text(std::string_view content) {
    char* to = room(content.size() + 2);
    *to++ = '"';
    to = copy(to, content);
    *to++ = '"';
    at_ = to;
  }
  void base64(bytes_view);
  // Appends finished JSON.
  void raw(std::string_view json) { at_ = copy(room(json.size()), json); }
  // The same from a function that appends it to a string.
  template <class Append>
  void raw_by(Append append) {
    end();
    append(out_);
    at_ = end_ = out_.data() + out_.size();
  }

 private:
  // Returns the position for the next `size` bytes.
  char* room(std::size_t size) { return static_cast<std::size_t>(end_ - at_) >= size ? at_ : grow(size); }
  char* grow(std::size_t size);
  void put(char c) {
    char* const to = room(1);
    *to = c;
    at_ = to + 1;
  }
  // No separator follows an opening bracket. A value never ends in an opening bracket.
  static char* separated(char* to) {
    if (const char last = to[-1]; last != '{' && last != '[') *to++ = ',';
    return to;
  }
  // Names and words are short, so a call would cost more than these steps. The last two copies
  // overlap.
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
  char* at_;   // the next byte to write
  char* end_;  // the end of out_
};

}  // namespace parley::json
