// What went wrong while a payload was read, and where: the first failure is kept, its path is put together on the way out.
#pragma once

#include "parley/core/core.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

class decode_fault {
 public:
  bool failed() const noexcept { return !what_.empty(); }
  // Fixed words only: texts never quote the input.
  void set(const char* what) {
    if (!failed()) what_ = what;
  }
  // The failure of another decoder that read a part: its path goes on where ours ends.
  void set_inner(const parley::error& inner) {
    if (failed()) return;
    const std::size_t colon = inner.message.find(": ");
    what_ = colon == std::string::npos ? inner.message : inner.message.substr(colon + 2);
    if (colon != std::string::npos && colon > 0) path_ = inner.message.substr(1, colon - 1);
    if (what_.empty()) what_ = "unreadable";
  }

  // Called innermost first.
  void within_member(std::string_view name) { path_.insert(0, name).insert(0, 1, '.'); }
  void within_entry(std::size_t number) { path_.insert(0, "{" + std::to_string(number) + "}"); }
  void within_element(std::size_t number) { path_.insert(0, "[" + std::to_string(number) + "]"); }

  // bad_payload, "$.members[2].id: not an integer".
  parley::error error() const { return {errc::bad_payload, "$" + path_ + ": " + what_}; }

 private:
  std::string what_{};
  std::string path_{};
};

}  // namespace parley
