// Whether a payload or a frame is too large for one of the ends, and the errors for it.
#pragma once

#include "parley/conversation/dialect.hpp"
#include "parley/conversation/payload.hpp"
#include "parley/core/core.hpp"
#include "parley/session/session.hpp"
#include "parley/wire/method.hpp"

#include <cstddef>
#include <string_view>

namespace parley {

// Whether a frame of this many bytes, written by `writer`, stays within the dialect's max_frame with its WebSocket header. The header of a
// frame of up to 64 KiB has 4 bytes, and a mask has 4 more (RFC 6455 section 5.2).
constexpr bool fits(const dialect& d, std::size_t frame, side writer) noexcept {
  const std::size_t mask = writer == side::client ? 4 : 0;
  return d.max_frame == 0 || 4 + mask + frame <= d.max_frame;
}

// Whether the payload exceeds the limit of the method, or otherwise the limit of the receiving end.
inline bool too_large_for_us(const session::peer_session& s, const method& m, std::size_t payload) noexcept {
  return payload > (m.max_bytes != 0 ? m.max_bytes : s.limits().max_message);
}
inline bool too_large_for_peer(const session::peer_session& s, const method& m, std::size_t payload) noexcept {
  return payload > (m.max_bytes != 0 ? m.max_bytes : s.peer_limits().max_message);
}

[[gnu::cold]] inline error over_our_limit(const session::peer_session& s, const method& m, std::size_t payload) {
  const std::string_view option = s.self() == side::server ? "server_options::max_message" : "client_options::max_message";
  return payload_too_large(m, payload, s.limits().max_message, option);
}
[[gnu::cold]] inline error over_peers_limit(const session::peer_session& s, const method& m, std::size_t payload) {
  const std::string_view option = s.self() == side::server ? "the client's max_message"
                                  : s.plain()              ? "client_options::peer_max_message"
                                                           : "server_options::max_message";
  return payload_too_large(m, payload, s.peer_limits().max_message, option);
}

}  // namespace parley
