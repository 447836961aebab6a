// JSON as it is read: a cursor over one text, for generated codecs and for the envelope.
//
//   parley::json::reader in(text, options);
//   if (in.enter_object())
//     for (std::string_view name; in.next_member(name);) {
//       if (name == "id") in.read(id);
//       else in.skip();
//     }
//   if (!in.finish()) return in.error();
//
// simdjson's first stage finds the tokens and checks UTF-8, quotes and control characters of the whole text at once (its header stays in
// json.cpp); walking the tokens, numbers, escapes and nesting are checked here, those of skipped values too. Stricter than RFC 8259 only
// where a limit says so: depth, duplicate members (refused by whoever knows the names), unpaired surrogates.
//
// Every function returns false once anything has failed; nothing more is read then. Time is linear in the text's length. The text must
// outlive the reader; it needs no padding and no terminator. One thread at a time.
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

enum class kind : std::uint8_t { null, boolean, number, string, object, array, none };  // none: no value stands here

class reader {
 public:
  // Borrows an index of tokens that its thread keeps (up to 1 MiB) and uses again; a longer text has one of its own. So a reader is
  // destroyed on the thread that made it. With options.tokens the text is not looked at as a whole again, if the thread has not read
  // another since.
  explicit reader(std::string_view text, const decode_options& options = {});
  ~reader();
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  // What the next value is, by its first character.
  json::kind kind() const noexcept;

  // Objects: enter, then next_member until it is false, reading or skipping exactly one value after each. `name` is unescaped and valid
  // until the next call of next_member or of a read of a string. False at the end of the object and on failure: see failed().
  bool enter_object();
  bool next_member(std::string_view& name);
  // Lists likewise.
  bool enter_array();
  bool next_element();

  bool read_null();
  bool read(bool&);
  // Integers: 12, "12", 1.2e1. A fraction that is not zero or a value out of range fails.
  bool read(std::int32_t&);
  bool read(std::uint32_t&);
  bool read(std::int64_t&);
  bool read(std::uint64_t&);
  // 1.5, "1.5", "NaN", "Infinity", "-Infinity". A number beyond the type's range fails; one too small to be told from zero is zero.
  bool read(double&);
  bool read(float&);
  bool read(std::string&);
  // The same without a copy where the text has no escapes; valid until the next string or name is read.
  bool read(std::string_view&);
  // base64, standard or URL alphabet, with or without padding.
  bool read(std::vector<std::byte>&);

  // Checks one value of any kind and passes over it.
  bool skip();
  // The same, and `text` becomes the value's place in the reader's text. Depth counts from this value, whatever the reader's own limit.
  bool raw(std::string_view& text, std::size_t max_depth);
  // The same, and `tokens` becomes what another reader of this value alone can be given, once this one is destroyed.
  bool raw(std::string_view& text, std::size_t max_depth, known_tokens& tokens);

  // Whether the last value that raw() returned holds a bare NaN, Infinity or -Infinity (options.accept_nan_tokens).
  bool passed_nan() const noexcept { return passed_nan_; }

  // The root has been read; nothing but space may follow. False if anything ever failed.
  bool finish();
  bool failed() const noexcept { return fault_.failed(); }
  // bad_payload, "$.members[2].id: not an integer". Only after a failure.
  parley::error error() const { return fault_.error(); }

  // Records a failure, unless there was one before, and returns false. `what` must be a literal.
  bool fail(const char* what);
  // Likewise what another decoder said of a part.
  bool fail(const parley::error& inner);
  // Called on the way out of a failure, innermost first: where it happened. Return false. A member's name must be the schema's; members
  // whose names come from the input (map keys, unknown members) are told by their number.
  bool within_member(std::string_view name) { return fault_.within_member(name), false; }
  bool within_entry(std::size_t number) { return fault_.within_entry(number), false; }
  bool within_element(std::size_t number) { return fault_.within_element(number), false; }

  // A value was read but the options say to leave it out (the unknown name of an enum's value); whoever holds it takes the note.
  bool ignore() noexcept { return ignored_ = true; }
  bool take_ignored() noexcept { return std::exchange(ignored_, false); }

  // Pays for `size` bytes of objects about to be built, see decode_memory.
  bool build(std::size_t size) { return memory_.pay(size) || fail(too_much_memory); }
  decode_memory& memory() noexcept { return memory_; }

  const decode_options& options() const noexcept { return options_; }
  std::size_t depth() const noexcept { return depth_; }  // objects and lists entered and not yet left
  // A place to come back to, inside the object or list that is being read.
  struct place {
    const std::uint32_t* token;
    std::size_t depth;
  };
  place here() const noexcept { return {next_, depth_}; }
  void back_to(place where) noexcept;
  // The text of what was read since `where`, a value as a whole.
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
  std::string scratch_{};  // unescaped strings; empty, and so without memory, in nearly every message
  std::unique_ptr<tokens> tokens_;
  std::unique_ptr<tokens>* give_back_to_ = nullptr;  // of the thread that made the reader
};

}  // namespace parley::json
