// A view of bytes, and a shared immutable buffer that many queues can hold at once.
#pragma once

#include "parley/core/account.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

using bytes_view = std::span<const std::byte>;

inline bytes_view as_bytes(std::string_view text) noexcept { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }
inline std::string_view as_text(bytes_view bytes) noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Immutable, cheap to copy, and safe to hold from several threads. The content is 8-aligned, as
// binary frames require.
class buffer {
 public:
  buffer() = default;
  explicit buffer(std::string content) : content_(std::make_shared<const std::string>(std::move(content))) {}
  // The content is `whole` without its first `room` bytes. `room` is a multiple of 8. The last
  // `head` of those bytes are the header that a transport puts before the content. A transport that
  // understands it sends header and content in one piece. Everything else sees only the content.
  buffer(std::string whole, std::size_t room, std::size_t head)
      : content_(std::make_shared<const std::string>(std::move(whole))),
        room_(static_cast<std::uint32_t>(room)),
        head_(static_cast<std::uint32_t>(head)) {}
  // As above. The memory is charged to `to` as long as any copy exists. It is charged once, however
  // many queues hold it.
  buffer(std::string whole, std::size_t room, std::size_t head, std::shared_ptr<account> to)
      : room_(static_cast<std::uint32_t>(room)), head_(static_cast<std::uint32_t>(head)) {
    auto held = std::make_shared<const charged>(std::move(whole), std::move(to));
    const std::string* const text = &held->text;
    content_ = std::shared_ptr<const std::string>(std::move(held), text);
  }

  std::string_view text() const noexcept { return content_ ? std::string_view(*content_).substr(room_) : std::string_view(); }
  bytes_view bytes() const noexcept { return as_bytes(text()); }
  std::size_t size() const noexcept { return content_ ? content_->size() - room_ : 0; }
  bool empty() const noexcept { return size() == 0; }
  bool has_head() const noexcept { return head_ != 0; }
  std::string_view with_head() const noexcept { return content_ ? std::string_view(*content_).substr(room_ - head_) : std::string_view(); }

 private:
  struct charged {
    charged(std::string whole, std::shared_ptr<account> by) : text(std::move(whole)), to(std::move(by)) { to->add(cost_of(text.size())); }
    ~charged() { to->remove(cost_of(text.size())); }
    charged(const charged&) = delete;
    charged& operator=(const charged&) = delete;
    const std::string text;
    const std::shared_ptr<account> to;
  };

  std::shared_ptr<const std::string> content_;
  std::uint32_t room_ = 0;
  std::uint32_t head_ = 0;
};

}  // namespace parley
