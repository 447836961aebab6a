// Masks and handshake keys: 32 bits that nobody can foretell (RFC 6455 sections 4.1 and 5.3), from the system, many at a time. Not
// std::random_device: libstdc++ takes its words one by one from the processor, which costs more than sending a small message.
#pragma once

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace parley::transport {

class unpredictable {
 public:
  std::uint32_t operator()() {
    if (used_ == words_.size()) refill();
    return words_[used_++];
  }

 private:
  void refill() {
    if (getentropy(words_.data(), sizeof words_) != 0) throw std::system_error(errno, std::generic_category(), "getentropy");
    used_ = 0;
  }

  std::array<std::uint32_t, 64> words_{};  // 256 bytes, as many as getentropy gives at once
  std::size_t used_ = words_.size();
};

}  // namespace parley::transport
