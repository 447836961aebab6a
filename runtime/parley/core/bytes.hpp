// Bytes as they travel: a view, and a shared immutable buffer that many queues can hold at once.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

using bytes_view = std::span<const std::byte>;

inline bytes_view as_bytes(std::string_view text) noexcept { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }
inline std::string_view as_text(bytes_view bytes) noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Immutable, cheap to copy, safe to hold from several threads. Its first byte is 8-aligned, as binary frames need.
class buffer {
 public:
  buffer() = default;
  explicit buffer(std::string content) : content_(std::make_shared<const std::string>(std::move(content))) {}

  std::string_view text() const noexcept { return content_ ? std::string_view(*content_) : std::string_view(); }
  bytes_view bytes() const noexcept { return as_bytes(text()); }
  std::size_t size() const noexcept { return content_ ? content_->size() : 0; }
  bool empty() const noexcept { return size() == 0; }

 private:
  std::shared_ptr<const std::string> content_;
};

}  // namespace parley
