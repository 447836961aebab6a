// Reading JSON: a cursor over one text, for generated codecs and for the envelope.
//
//   parley::json::reader in(text, options);
//   if (in.enter_object())
//     for (std::string_view name; in.next_member(name);) {
//       if (name == "id") in.read(id);
//       else in.skip();
//     }
//   if (!in.finish()) return in.error();
//
// simdjson's first stage finds the tokens and checks UTF-8, quotes and control characters of the
// whole text at once. Its header is included in json.cpp only. Numbers, escapes and nesting are
// checked while the tokens are read or skipped. The reader is stricter than RFC 8259 in three
// points: depth, duplicate members (refused by the callers that know the names) and unpaired
// surrogates.
//
// After any failure every function returns false and nothing more is read. Time is linear in the
// text's length. The text must outlive the reader. It needs no padding and no terminator. One
// thread at a time.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/decode_memory.hpp"
#include "parley/wire/format.hpp"
#include "parley/wire/payload_fault.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::json {

// `none` means that there is no value at this position.
enum class kind : std::uint8_t { null, boolean, number, string, object, array, none };

class reader {
 public:
  // Borrows a token index that the thread keeps (up to 1 MiB) and reuses. A longer text gets an
  // index of its own. The reader must therefore be destroyed on the thread that created it. With
  // options.tokens the text is not scanned again, unless the thread has read another text since.
  explicit reader(std::string_view text, const decode_options& options = {});
  ~reader();
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  // The kind of the next value, determined by its first character.
  json::kind kind() const noexcept;

  // To read an object, enter it and call next_member until it returns false. Read or skip exactly
  // one value after each member. `name` is unescaped and valid until the next call of next_member
  // or the next read of a string. next_member returns false at the end of the object and on
  // failure; see failed().
  bool enter_object();
  bool next_member(std::string_view& name);
  // Lists work in the same way.
  bool enter_array();
  bool next_element();

  bool read_null();
  bool read(bool&);
  // Integers may be written as 12, "12" or 1.2e1. A fraction other than zero fails, and so does a
  // value out of range.
  bool read(std::int32_t&);
  bool read(std::uint32_t&);
  bool read(std::int64_t&);
  bool read(std::uint64_t&);
  // 1.5, "1.5", "NaN", "Infinity", "-Infinity". A number beyond the type's range fails. A number
  // too close to zero for the type becomes zero.
  bool read(double&);
  bool read(float&);
  bool read(std::string&);
  // Reads a string without copying it if the text has no escapes. Valid until the next string or
  // name is read.
  bool read(std::string_view&);
  // base64, in the standard or the URL alphabet, with or without padding.
  bool read(std::vector<std::byte>&);

  // Checks one value of any kind and skips it.
  bool skip();
  // The same, and sets `text` to the value's part of the reader's text. The depth is counted from
  // this value, independent of the reader's own limit.
  bool raw(std::string_view& text, std::size_t max_depth);
  // The same, and sets `tokens` for another reader that will read this value alone. Use it after
  // this reader is destroyed.
  bool raw(std::string_view& text, std::size_t max_depth, known_tokens& tokens);

  // Whether the last value from raw() contains a bare NaN, Infinity or -Infinity
  // (options.accept_nan_tokens).
  bool passed_nan() const noexcept { return passed_nan_; }

  // Call it after the root has been read. Checks that only space follows. Returns false if anything
  // ever failed.
  bool finish();
  bool failed() const noexcept { return fault_.failed(); }
  // `bad_payload`, for example "$.members[2].id: not an integer". Only call it after a failure.
  parley::error error() const { return fault_.error(); }

  // Records a failure, unless there was one before, and returns false. `what` must be a literal.
  [[gnu::cold]] bool fail(const char* what);
  // The same for an error from another decoder that read a part.
  [[gnu::cold]] bool fail(const parley::error& inner);
  // Add the location of a failure to its path. Called while unwinding, innermost first. Return
  // false. `name` must come from the schema. Members whose names come from the input (map keys,
  // unknown members) are identified by their number.
  bool within_member(std::string_view name) { return fault_.within_member(name), false; }
  bool within_entry(std::size_t number) { return fault_.within_entry(number), false; }
  bool within_element(std::size_t number) { return fault_.within_element(number), false; }

  // Reports that a value was read but must be left out according to the options (an unknown name of
  // an enum value). The function that stores the value clears this by take_ignored().
  bool ignore() noexcept { return ignored_ = true; }
  bool take_ignored() noexcept { return std::exchange(ignored_, false); }

  // Accounts for `size` bytes of objects about to be built; see decode_memory.
  bool build(std::size_t size) { return memory_.pay(size) || fail(too_much_memory); }
  decode_memory& memory() noexcept { return memory_; }

  const decode_options& options() const noexcept { return options_; }
  // Number of objects and lists entered and not yet left.
  std::size_t depth() const noexcept { return depth_; }
  // A position to return to, inside the object or list that is being read.
  struct place {
    const std::uint32_t* token;
    std::size_t depth;
  };
  place here() const noexcept { return {next_, depth_}; }
  void back_to(place where) noexcept;
  // The text that was read since `where`, as one whole value.
  std::string_view since(place where) const noexcept;

 private:
  struct tokens;

  bool knows(std::string_view text, const known_tokens&) const noexcept;
  void find_tokens(std::string_view text);
  char next_char() const noexcept { return next_ != end_ ? text_[*next_] : '\0'; }
  std::string_view take_token() noexcept;
  inline bool take_quoted(std::string_view& inside);
  bool take_string(std::string_view& content, std::string& scratch);
  bool take_number(std::string_view& digits);
  bool expect(char);
  bool close();
  bool skip_value(std::size_t depth_left);
  bool skip_members(std::size_t depth_left);
  template <class Int>
  bool read_integer(Int&);
  template <class Float>
  bool read_floating(Float&);

  const char* text_ = nullptr;
  const std::uint32_t* next_ = nullptr;  // positions of tokens in text_; *end_ is the text's length
  const std::uint32_t* end_ = nullptr;
  std::size_t depth_ = 0;
  decode_options options_;
  decode_memory memory_;
  bool ignored_ = false;
  bool passed_nan_ = false;
  bool escapes_ = false;  // somewhere in the text
  payload_fault fault_{};
  // Unescaped strings; for nearly every message it stays empty and allocates nothing.
  std::string scratch_{};
  std::unique_ptr<tokens> tokens_;
  std::unique_ptr<tokens>* give_back_to_ = nullptr;  // of the thread that made the reader
};

}  // namespace parley::json
