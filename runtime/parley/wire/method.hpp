// What the schema declares for one method, as a constant that generated code defines and every part
// of the runtime reads.
#pragma once

#include "parley/wire/codec.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley {

// The ends of a connection: `client` opened it, `server` accepted it.
enum class side : std::uint8_t { client = 1, server = 2, either = 3 };

// The kinds of receivers, with their numbers in the binary header. To add one, follow "Add a kind of
// target" in runtime/README.md.
enum class target_kind : std::uint8_t {
  none = 0,  // the method's default
  server = 1,
  sender = 2,
  all = 3,
  others = 4,
  client = 5,
  user = 6,
  group = 7,
  group_others = 8,
  several = 9,
};

// The receivers that a payload names itself (a field with `routes`), at most one of each kind.
struct routed_targets {
  std::array<target_kind, 8> kinds{};
  std::size_t count = 0;
  void add(target_kind kind) {
    for (std::size_t i = 0; i < count; ++i)
      if (kinds[i] == kind) return;
    kinds[count++] = kind;
  }
};

struct method {
  std::string_view name;  // wire name: "Lobby.Add"
  std::uint32_t id = 0;   // first four bytes of the name's SHA-256
  // Fingerprint of the method's canonical contract text.
  std::uint64_t fingerprint = 0;
  // Fingerprints of earlier versions of the contract that remain compatible.
  std::span<const std::uint64_t> accepted{};
  bool event = false;        // one way; otherwise a call
  side from = side::client;  // the end that sends the event or makes the call
  // Event from a client: the permitted receivers. The first is the default.
  std::span<const target_kind> to{};
  // The same for an event or call from the server.
  std::span<const target_kind> server_to{};
  const codec* in = nullptr;
  const codec* out = nullptr;  // calls only
  // Wire name of the answer for peers without call ids.
  std::string_view reply{};
  // Plain and JSON envelopes carry the payload as text in `message`.
  bool body_message = false;
  std::uint32_t max_bytes = 0;    // limit on a payload in bytes; 0: the connection's limit
  std::uint32_t deadline_ms = 0;  // 0: the caller's default
  // The roles of clients that may send it, and of those that may receive an event. Empty: every
  // client.
  std::span<const std::string_view> may_send{};
  std::span<const std::string_view> may_receive{};
  // Calls only: a repeated execution does no harm (idempotency_level, or `once`).
  bool repeatable = false;
  // Only for calls with `errors`: whether the text is the name of a value of that enum.
  bool (*names_refusal)(std::string_view) = nullptr;
  // Set if a field of the payload names the receivers. It reads the payload and returns them.
  result<> (*route)(format, bytes_view payload, const decode_options&, routed_targets& out) = nullptr;
};

// One service, as registered by generated code.
struct service {
  std::string_view name;  // as in the schema: "lobby.v1.Lobby"
  std::span<const method* const> methods;
  // Unknown events are relayed by the `to` of their envelope, without being decoded.
  bool relay_unknown = false;
};

// Generated tables use this for `method::names_refusal`.
template <class Enum>
bool is_name_of(std::string_view name) {
  Enum value{};
  return from_name(name, value);
}

// Generated tables use this for `method::route`. It reads a Payload and calls Fill.
template <class Payload, void (*Fill)(const Payload&, routed_targets&)>
result<> route_by(format f, bytes_view content, const decode_options& options, routed_targets& out) {
  Payload payload{};
  if (auto read = codec_for<Payload>.read(f, content, &payload, options); !read) return read;
  Fill(payload, out);
  return {};
}

}  // namespace parley
