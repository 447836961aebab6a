// Bytes that wait to be sent. It keeps its memory. It uses realloc, because a growing std::vector
// would clear bytes that are overwritten at once.
#pragma once

#include "support/frames.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace bench {

class output {
 public:
  output() = default;
  output(const output&) = delete;
  output& operator=(const output&) = delete;
  ~output() { std::free(bytes_); }

  void add(const void* bytes, std::size_t size) {
    if (size_ + size > room_) grow(size_ + size);
    std::memcpy(bytes_ + size_, bytes, size);
    size_ += size;
  }
  void add_frame(unsigned char opcode, const unsigned char* payload, std::size_t size) {
    unsigned char header[10];
    add(header, frames::write_header(header, opcode, size, false));
    add(payload, size);
  }
  const unsigned char* rest() const { return bytes_ + sent_; }
  std::size_t left() const { return size_ - sent_; }
  bool empty() const { return size_ == 0; }
  void took(std::size_t n) {
    sent_ += n;
    if (sent_ == size_) sent_ = size_ = 0;
  }
  void swap(output& other) {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    std::swap(sent_, other.sent_);
  }

 private:
  void grow(std::size_t needed) {
    room_ = needed * 2;
    void* bigger = std::realloc(bytes_, room_);
    if (bigger == nullptr) throw std::bad_alloc();
    bytes_ = static_cast<unsigned char*>(bigger);
  }

  unsigned char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
  std::size_t sent_ = 0;
};

}  // namespace bench
