// What one connection has to send and the operating system has not yet taken: small things copied together, large ones shared.
//
// While a batch of received bytes is being answered, the copies go to room on the stack that is lent for that long: a connection that
// answers at once holds no memory for it, and what the system takes at the end of the batch was never on the heap.
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
  // Bytes in the queue that have not been taken.
  std::size_t size() const noexcept { return size_; }
  // What it keeps in memory that nobody else counts: copies, places in its list, and shared content that has no head (framed_once).
  std::size_t held() const noexcept { return size_ + done_ - counted_elsewhere_ + (pieces_.size() - first_) * sizeof(piece); }

  // Room for so many bytes (at least one) at the end, to be filled in at once.
  std::span<char> extend(std::size_t count);
  // Not copied.
  void share(const buffer& content) { share(content, content.text()); }
  // `head` is copied and comes first.
  void share(std::string_view head, const buffer& content);
  // `bytes` of it, not copied.
  void share(const buffer& content, std::string_view bytes);
  // Not copied nor held: somebody else holds them until take_back().
  void borrow(std::string_view bytes);

  // Some bytes of the queue. Has no initial value, so that an array of them costs nothing.
  struct view {
    const char* begin;
    std::size_t size;
  };
  // Fills in as many pieces as fit, from the front, and returns their number.
  std::size_t front(std::span<view> pieces) const noexcept;
  void taken(std::size_t count) noexcept;
  void clear() noexcept;

  // Between the two calls copies go to `room`; after the second what is left of them, and of what was borrowed, is on the heap.
  void lend(std::span<char> room) noexcept;
  void take_back();

 private:
  struct piece {
    const char* begin = nullptr;
    std::size_t size = 0;
    std::unique_ptr<char[]> own{};  // neither this nor `shared`: in the room that was lent, or borrowed
    buffer shared{};
  };

  std::vector<piece> pieces_;  // from first_ on
  std::size_t first_ = 0;
  std::size_t done_ = 0;  // bytes of the first that are already taken
  std::size_t size_ = 0;
  std::size_t counted_elsewhere_ = 0;  // bytes of the pieces whose content has a head
  std::span<char> free_;               // memory behind the last piece, which owns it; or what is left of the room
  bool free_is_lent_ = false;
};

}  // namespace parley::transport
