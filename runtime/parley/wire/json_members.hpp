// The members of a JSON envelope as they are read: once each, and each judged without giving up the rest, because a frame whose `id` is
// sound is answered to that call whatever else is wrong with it.
#pragma once

#include "parley/wire/json.hpp"
#include "parley/wire/json_numbers.hpp"
#include "parley/wire/limits.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace parley::wire {

// Names that have been seen, unknown ones too. By hash: two different names of one hash are taken for a repetition, which only somebody who
// looked for such names will ever see.
class seen_names {
 public:
  // False: seen before, or one too many.
  bool add(std::string_view name) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    for (std::size_t i = 0; i < count_; ++i)
      if (hashes_[i] == hash) return false;
    if (count_ == hashes_.size()) return false;
    hashes_[count_++] = hash;
    return true;
  }

 private:
  std::array<std::uint64_t, max_members> hashes_;
  std::size_t count_ = 0;
};

// Reads one member's value and, where it is not what the member wants, remembers the first complaint and passes over it.
class member_reader {
 public:
  explicit member_reader(json::reader& in) noexcept : in_(in) {}

  // A fixed text, or nullptr.
  const char* complaint() const noexcept { return complaint_; }
  void complain(const char* text) noexcept {
    if (!complaint_) complaint_ = text;
  }

  bool text(std::string& out, std::size_t max, const char* complaint) {
    std::string_view view;
    if (!text(view, max, complaint)) return false;
    out = view;
    return true;
  }
  // Valid until the next string or name is read.
  bool text(std::string_view& out, std::size_t max, const char* complaint) {
    if (in_.kind() != json::kind::string) return refuse(complaint);
    if (!in_.read(out)) return false;
    if (out.size() > max) complain(complaint);
    return out.size() <= max;
  }

  // A text that may be a whole payload, and how long it is as it was written.
  bool long_text(std::string& out, std::size_t& written_size, const char* complaint) {
    const json::reader::place start = in_.here();
    std::string_view written;
    if (in_.kind() != json::kind::string) return refuse(complaint);
    if (!in_.raw(written, 0)) return false;
    in_.back_to(start);
    if (!in_.read(out)) return false;
    written_size = written.size();
    return true;
  }

  // A number with an integer's value; a string of digits is none here.
  template <class Int>
  bool integer(Int& out, std::uint64_t min, std::uint64_t max, const char* complaint) {
    if (in_.kind() != json::kind::number) return refuse(complaint);
    std::string_view digits;
    if (!in_.raw(digits, 0)) return false;
    std::uint64_t value = 0;
    if (!json::parse_integer(digits, value) || value < min || value > max) {
      complain(complaint);
      return false;
    }
    out = static_cast<Int>(value);
    return true;
  }

  bool flag(bool& out, const char* complaint) {
    if (in_.kind() != json::kind::boolean) return refuse(complaint);
    return in_.read(out);
  }

  // The value is of a wrong type: passes over it.
  bool refuse(const char* complaint) {
    complain(complaint);
    in_.skip();
    return false;
  }

 private:
  json::reader& in_;
  const char* complaint_ = nullptr;
};

}  // namespace parley::wire
