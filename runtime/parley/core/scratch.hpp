// Memory for what is put together and used up inside one function: borrowed from the thread, so that it is there when the next one needs
// it, and no idle connection keeps it.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace parley {

// Whoever borrows while it is lent has a string of its own. Given back on the thread that borrowed.
class scratch {
 public:
  scratch() : kept_(kept()), text_(std::exchange(kept_, {})) {
    text_.clear();
    if (text_.capacity() < least) text_.reserve(least);
  }
  ~scratch() {
    if (text_.capacity() <= most_kept && text_.capacity() > kept_.capacity()) kept_.swap(text_);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string& operator*() noexcept { return text_; }
  std::string* operator->() noexcept { return &text_; }

 private:
  static constexpr std::size_t least = 1024;
  static constexpr std::size_t most_kept = 256 * 1024;
  static std::string& kept() noexcept {
    thread_local std::string one;
    return one;
  }

  std::string& kept_;
  std::string text_;
};

}  // namespace parley
