#include "parley/transport/tcp/write_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::transport {
namespace {

constexpr std::size_t keep_pieces = 8;  // the capacity of the list that an empty queue keeps

// The size of the next memory for copies. A short queue gets little. A long queue grows by half its
// length. Pieces larger than what the heap keeps for itself (128 KiB at first) make glibc keep
// more, and a queue that repeatedly fills and empties then reuses the same pages.
constexpr std::size_t chunk(std::size_t queued) noexcept {
  constexpr std::size_t usual = 64 * 1024, largest = 1024 * 1024;
  return queued < 512 ? 512 : queued < 4096 ? 4096 : std::clamp(queued / 2, usual, largest);
}

}  // namespace

[[gnu::hot]] std::span<char> write_queue::extend(std::size_t count) {
  if (count > free_.size()) {
    const std::size_t size = std::max(count, chunk(size_));
    auto own = std::make_unique_for_overwrite<char[]>(size);
    char* const begin = own.get();
    pieces_.push_back({.begin = begin, .size = 0, .own = std::move(own), .shared = {}});
    free_ = {begin, size};
    free_is_lent_ = false;
  } else if (first_ == pieces_.size() || !pieces_.back().shared.empty() || pieces_.back().begin + pieces_.back().size != free_.data()) {
    pieces_.push_back({.begin = free_.data(), .size = 0, .own = {}, .shared = {}});  // in the lent room
  }
  const std::span<char> out = free_.first(count);
  free_ = free_.subspan(count);
  pieces_.back().size += count;
  size_ += count;
  return out;
}

void write_queue::share(const buffer& content, std::string_view bytes) {
  if (!free_is_lent_) free_ = {};  // this memory ends with the previous piece
  pieces_.push_back({.begin = bytes.data(), .size = bytes.size(), .own = {}, .shared = content});
  size_ += bytes.size();
  if (content.has_head()) counted_elsewhere_ += bytes.size();
}

// There is rarely free memory for the next head after shared content. In a long queue, allocating a
// chunk for it would take much memory.
void write_queue::share(std::string_view head, const buffer& content) {
  if (head.size() <= free_.size()) {
    std::memcpy(extend(head.size()).data(), head.data(), head.size());
  } else {
    auto own = std::make_unique_for_overwrite<char[]>(head.size());
    std::memcpy(own.get(), head.data(), head.size());
    const char* const begin = own.get();
    pieces_.push_back({.begin = begin, .size = head.size(), .own = std::move(own), .shared = {}});
    size_ += head.size();
  }
  share(content);
}

void write_queue::borrow(std::string_view bytes) {
  if (!free_is_lent_) free_ = {};
  pieces_.push_back({.begin = bytes.data(), .size = bytes.size(), .own = {}, .shared = {}});
  size_ += bytes.size();
}

std::size_t write_queue::front(std::span<view> pieces) const noexcept {
  std::size_t count = 0;
  for (std::size_t i = first_, skip = done_; i < pieces_.size() && count < pieces.size(); ++i, skip = 0)
    pieces[count++] = {pieces_[i].begin + skip, pieces_[i].size - skip};
  return count;
}

void write_queue::taken(std::size_t count) noexcept {
  size_ -= count;
  done_ += count;
  while (first_ < pieces_.size() && done_ >= pieces_[first_].size) {
    done_ -= pieces_[first_].size;
    if (pieces_[first_].shared.has_head()) counted_elsewhere_ -= pieces_[first_].size;
    pieces_[first_++] = piece();
  }
  if (first_ == pieces_.size()) {
    if (pieces_.capacity() > keep_pieces) pieces_ = std::vector<piece>();  // clear() would keep the memory
    else pieces_.clear();
    first_ = 0;
    if (!free_is_lent_) free_ = {};
  } else if (first_ >= 64 && first_ * 2 >= pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void write_queue::clear() noexcept {
  pieces_ = std::vector<piece>();  // clear() would keep the memory
  first_ = done_ = size_ = counted_elsewhere_ = 0;
  free_ = {};
}

void write_queue::lend(std::span<char> room) noexcept {
  free_ = room;
  free_is_lent_ = true;
}

void write_queue::take_back() {
  free_ = {};
  free_is_lent_ = false;
  for (std::size_t i = first_; i < pieces_.size(); ++i) {
    piece& one = pieces_[i];
    if (one.own || !one.shared.empty()) continue;
    one.own = std::make_unique_for_overwrite<char[]>(one.size);
    std::memcpy(one.own.get(), one.begin, one.size);
    one.begin = one.own.get();
  }
}

}  // namespace parley::transport
