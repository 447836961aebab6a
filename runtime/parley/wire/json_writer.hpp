// JSON as it is written: compact, UTF-8 as it is, appended to a string.
//
//   parley::json::writer out(text);
//   out.open_object();
//   out.member("\"id\":");
//   out.text(id);
//   out.close_object();
//
// Whoever writes members keeps their names apart; nothing is checked here. What a payload's types find that cannot be written is recorded
// (fallible_writer); the functions here fail never.
#pragma once

#include "parley/core/bytes.hpp"
#include "parley/wire/fallible_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::json {

class writer : public fallible_writer {
 public:
  // Appends; what `out` held before stays.
  explicit writer(std::string& out) noexcept : out_(out) {}
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  void open_object() { out_ += '{'; }
  void close_object() { out_ += '}'; }
  void open_array() { out_ += '['; }
  void close_array() { out_ += ']'; }

  // A member's name as JSON text, quoted, escaped and with its colon, as generated code has it; then exactly one value.
  void member(std::string_view name_and_colon) {
    separate();
    out_ += name_and_colon;
  }
  // The same from a name that is only known now. False: not UTF-8, see text().
  bool member_named(std::string_view name) {
    separate();
    const bool as_it_is = text(name);
    out_ += ':';
    return as_it_is;
  }
  // Before each element of a list.
  void element() { separate(); }

  void null() { out_ += "null"; }
  void boolean(bool value) { out_ += value ? "true" : "false"; }
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
    out_ += '"';
    number(value);
    out_ += '"';
  }
  // Quoted and escaped. What is not UTF-8 becomes U+FFFD, a text frame may hold nothing else: false.
  bool text(std::string_view);
  // Quoted, for content known to need no escapes.
  void plain_text(std::string_view content) {
    out_ += '"';
    out_ += content;
    out_ += '"';
  }
  void base64(bytes_view);
  // JSON that is finished already.
  void raw(std::string_view json) { out_ += json; }

  std::string& out() noexcept { return out_; }

 private:
  // Right after an opening bracket nothing separates; no value ends in one.
  void separate() {
    if (const char last = out_.back(); last != '{' && last != '[') out_ += ',';
  }

  std::string& out_;
};

}  // namespace parley::json
