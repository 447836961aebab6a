// One WebSocket message of a connection without a schema.
#pragma once

#include "parley/core/bytes.hpp"
#include "parley/transport/transport.hpp"

#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

using message_kind = transport::opcode;  // text or binary

// What it is made of says which kind it is: strings are text, bytes are binary. Constructors on purpose: such a class survives GCC 12's
// braces in co_await (gcc12.hpp).
class raw_message {
 public:
  raw_message() = default;  // an empty text
  raw_message(std::string text) : content_(std::move(text)) {}
  raw_message(std::string_view text) : content_(text) {}
  raw_message(const char* text) : content_(text) {}
  template <class Bytes>
  requires(std::convertible_to<const Bytes&, bytes_view> && !std::convertible_to<const Bytes&, std::string_view>)
  raw_message(const Bytes& bytes) : content_(as_text(bytes)), kind_(message_kind::binary) {}
  raw_message(std::string content, message_kind kind) : content_(std::move(content)), kind_(kind) {}
  static raw_message binary(std::string bytes) { return {std::move(bytes), message_kind::binary}; }

  // The content, of either kind. A received text is valid UTF-8.
  std::string_view text() const& noexcept { return content_; }
  std::string text() && noexcept { return std::move(content_); }
  bytes_view bytes() const noexcept { return as_bytes(content_); }
  message_kind kind() const noexcept { return kind_; }
  bool is_text() const noexcept { return kind_ == message_kind::text; }
  bool is_binary() const noexcept { return kind_ == message_kind::binary; }
  std::size_t size() const noexcept { return content_.size(); }
  bool empty() const noexcept { return content_.empty(); }

  // Another content in the memory that is there.
  void assign(bytes_view content, message_kind kind) {
    content_.assign(as_text(content));
    kind_ = kind;
  }

  bool operator==(const raw_message&) const = default;

 private:
  std::string content_;
  message_kind kind_ = message_kind::text;
};

// Writes the content as it is.
std::ostream& operator<<(std::ostream&, const raw_message&);

}  // namespace parley
