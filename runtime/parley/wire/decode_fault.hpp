// What went wrong while a payload was read, and where: the first failure is kept, its path is put together on the way out.
#pragma once

#include "parley/core/core.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

class decode_fault {
 public:
  bool failed() const noexcept { return what_ != nullptr; }
  // Literals only: texts never quote the input.
  void set(const char* what) noexcept { if (!what_) what_ = what; }
  // Takes over the failure of a reader of its own that read a part: the parts of its path follow ours.
  void set(decode_fault inner) {
    if (what_) return;
    what_ = inner.what_;
    path_ = std::move(inner.path_);
  }

  // Called innermost first.
  void within_member(std::string_view name) { path_.insert(0, name).insert(0, 1, '.'); }
  void within_entry(std::size_t number) { path_.insert(0, "{" + std::to_string(number) + "}"); }
  void within_element(std::size_t number) { path_.insert(0, "[" + std::to_string(number) + "]"); }

  // bad_payload, "$.members[2].id: not an integer".
  parley::error error() const { return {errc::bad_payload, "$" + path_ + ": " + (what_ ? what_ : "no error")}; }

 private:
  const char* what_ = nullptr;
  std::string path_{};
};

}  // namespace parley
