// The data of one connection that the operating system has not accepted yet. Small data is copied
// together, and large data is shared.
//
// While a batch of received bytes is answered, copies are written to memory on the stack that is
// lent for this time. A connection that answers at once allocates no memory for it, and data that
// the system accepts at the end of the batch was never on the heap.
#pragma once

#include "parley/core/core.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace parley::transport {

class write_queue {
 public:
  // The bytes in the queue that the system has not accepted.
  std::size_t size() const noexcept { return size_; }
  // The memory that only this queue counts: copies, the list of pieces, and shared content without
  // a head (framed_once).
  std::size_t held() const noexcept { return size_ + done_ - counted_elsewhere_ + (pieces_.size() - first_) * sizeof(piece); }

  // Room for `count` bytes (at least one) at the end, to be filled at once.
  std::span<char> extend(std::size_t count);
  // Adds the content without copying it.
  void share(const buffer& content) { share(content, content.text()); }
  // Copies `head`, and then adds the content without copying it.
  void share(std::string_view head, const buffer& content);
  // Adds `bytes`, a part of the content, without copying it.
  void share(const buffer& content, std::string_view bytes);
  // Adds bytes that are neither copied nor held. The caller keeps them until take_back().
  void borrow(std::string_view bytes);

  // A part of the queue. The members have no initial values, so that an array of views costs
  // nothing.
  struct view {
    const char* begin;
    std::size_t size;
  };
  // Writes as many pieces as fit, from the front, and returns their number.
  std::size_t front(std::span<view> pieces) const noexcept;
  void taken(std::size_t count) noexcept;
  void clear() noexcept;

  // After lend(), copies are written to `room`. take_back() moves what is left of them, and
  // borrowed bytes, to the heap.
  void lend(std::span<char> room) noexcept;
  void take_back();

 private:
  struct piece {
    const char* begin = nullptr;
    std::size_t size = 0;
    // If both `own` and `shared` are empty, the bytes are in the lent room or borrowed.
    std::unique_ptr<char[]> own{};
    buffer shared{};
  };

  std::vector<piece> pieces_;  // used from first_ on
  std::size_t first_ = 0;
  std::size_t done_ = 0;  // accepted bytes of the first piece
  std::size_t size_ = 0;
  std::size_t counted_elsewhere_ = 0;  // bytes of pieces whose content has a head
  // The memory after the last piece, which owns it, or the rest of the lent room.
  std::span<char> free_;
  bool free_is_lent_ = false;
};

}  // namespace parley::transport
