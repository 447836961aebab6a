// Reads the members of a JSON envelope. Each may appear once. An invalid member does not stop the
// reader, because a frame with a valid `id` is answered to that call whatever else is wrong with
// it.
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

// The names seen so far, including unknown ones. They are compared by hash. Two different names
// with the same hash count as a repetition, which does not happen unless somebody searches for such
// names.
class seen_names {
 public:
  // Returns false if the name was seen before or is one too many.
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

// Reads one member's value. If the value is not valid for the member, records the first complaint
// and skips the value.
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

  // A text that may be a whole payload, and its size as written.
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

  // A number with an integer value. A string of digits is not accepted here.
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

  // Skips a value of the wrong type.
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
