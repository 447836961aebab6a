// One WebSocket message of a connection without a schema.
#pragma once

#include "parley/core/bytes.hpp"
#include "parley/transport/message.hpp"

#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

using message_kind = transport::opcode;  // text or binary

// The constructor's argument determines the kind: a string makes a text message, bytes make a
// binary message. The class has constructors on purpose, because GCC 12 handles braces in co_await
// correctly only for such classes (gcc12.hpp).
class raw_message {
 public:
  raw_message() = default;  // an empty text message
  raw_message(std::string text) : content_(std::move(text)) {}
  raw_message(std::string_view text) : content_(text) {}
  raw_message(const char* text) : content_(text) {}
  template <class Bytes>
  requires(std::convertible_to<const Bytes&, bytes_view> && !std::convertible_to<const Bytes&, std::string_view>)
  raw_message(const Bytes& bytes) : content_(as_text(bytes)), kind_(message_kind::binary) {}
  raw_message(std::string content, message_kind kind) : content_(std::move(content)), kind_(kind) {}
  static raw_message binary(std::string bytes) { return {std::move(bytes), message_kind::binary}; }

  // The content of a message of either kind. A received text message is valid UTF-8.
  std::string_view text() const& noexcept { return content_; }
  std::string text() && noexcept { return std::move(content_); }
  bytes_view bytes() const noexcept { return as_bytes(content_); }
  message_kind kind() const noexcept { return kind_; }
  bool is_text() const noexcept { return kind_ == message_kind::text; }
  bool is_binary() const noexcept { return kind_ == message_kind::binary; }
  std::size_t size() const noexcept { return content_.size(); }
  bool empty() const noexcept { return content_.empty(); }

  // Replaces the content and reuses the memory.
  void assign(bytes_view content, message_kind kind) {
    content_.assign(as_text(content));
    kind_ = kind;
  }

  bool operator==(const raw_message&) const = default;

 private:
  std::string content_;
  message_kind kind_ = message_kind::text;
};

// Writes the content unchanged.
std::ostream& operator<<(std::ostream&, const raw_message&);

}  // namespace parley
