// Memory for data that is assembled and used inside one function. It is borrowed from the thread,
// so that the next function finds it allocated and no idle connection holds it.
#pragma once

#include "parley/core/per_thread.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace parley {

// If the memory is already lent, the object uses a string of its own. Destroy it on the thread that
// created it.
class scratch {
 public:
  [[gnu::hot]] scratch() : kept_(kept()), text_(std::exchange(kept_.lent, true) ? &own_.emplace() : &kept_.text) {
    text_->clear();
    if (text_->capacity() < least) text_->reserve(least);
  }
  [[gnu::hot]] ~scratch() {
    if (own_) return;
    kept_.lent = false;
    if (text_->capacity() > most_kept) kept_.text = {};
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string& operator*() noexcept { return *text_; }
  std::string* operator->() noexcept { return text_; }

 private:
  static constexpr std::size_t least = 1024;
  static constexpr std::size_t most_kept = 256 * 1024;
  struct lending {
    std::string text;
    bool lent = false;
  };
  static lending& kept() noexcept { return per_thread<lending>(); }

  lending& kept_;
  std::optional<std::string> own_;
  std::string* text_;
};

}  // namespace parley
