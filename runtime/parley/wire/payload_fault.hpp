// What went wrong while a payload was read or written, and where: the first failure is kept, its path is put together on the way out.
#pragma once

#include "parley/core/core.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace parley {

class payload_fault {
 public:
  bool failed() const noexcept { return told_ != nullptr; }
  // Fixed words only: texts never quote the input.
  void set(const char* what);
  // The failure of another decoder that read a part: its path goes on where ours ends.
  void set_inner(const parley::error& inner);

  // Called innermost first. Not inline: every generated codec has many calls, and GCC 12 warns of them under -O3 (its bug 105651).
  void within_member(std::string_view name);
  void within_entry(std::size_t number);
  void within_element(std::size_t number);

  // bad_payload, "$.members[2].id: not an integer".
  parley::error error() const;

 private:
  struct told {
    std::string what;
    std::string path;
  };
  std::unique_ptr<told> told_;  // nearly every payload is well: it costs what a pointer does
};

}  // namespace parley
