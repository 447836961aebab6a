// Masks and handshake keys: random values of 32 bits that nobody can predict (RFC 6455 sections 4.1
// and 5.3). Many are generated at a time.
#pragma once

#include "parley/core/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::transport {

class unpredictable {
 public:
  std::uint32_t operator()() {
    if (used_ == words_.size()) refill();
    return words_[used_++];
  }

 private:
  void refill() {
    fill_random(std::as_writable_bytes(std::span(words_)));
    used_ = 0;
  }

  std::array<std::uint32_t, 64> words_{};  // filled by one system call
  std::size_t used_ = words_.size();
};

}  // namespace parley::transport
