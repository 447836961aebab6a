// The first failure while a payload is read or written, and its location. The path is built while
// the failure unwinds.
#pragma once

#include "parley/core/core.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace parley {

// The error text of the readers and writers of both formats for a value that is nested too deeply.
inline constexpr const char* nested_too_deeply = "nested too deeply";

class payload_fault {
 public:
  bool failed() const noexcept { return told_ != nullptr; }
  // `what` must be fixed text. Errors never quote the input.
  [[gnu::cold]] void set(const char* what);
  // Records an error from another decoder that read a part. Its path is appended to the path here.
  [[gnu::cold]] void set_inner(const parley::error& inner);

  // Called innermost first. Not inline: every generated codec calls them many times, and GCC 12
  // emits a false warning under -O3 (its bug 105651).
  [[gnu::cold]] void within_member(std::string_view name);
  [[gnu::cold]] void within_entry(std::size_t number);
  [[gnu::cold]] void within_element(std::size_t number);

  // `bad_payload`, for example "$.members[2].id: not an integer".
  [[gnu::cold]] parley::error error() const;

 private:
  struct told {
    std::string what;
    std::string path;
  };
  // Nearly every payload is valid. The object then takes the size of one pointer.
  std::unique_ptr<told> told_;
};

}  // namespace parley
