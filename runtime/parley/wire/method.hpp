// What the schema says about one method, as a constant that generated code defines and every room reads.
#pragma once

#include "parley/wire/codec.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley {

// An end of a connection: `client` opened it, `server` accepted it.
enum class side : std::uint8_t { client = 1, server = 2, either = 3 };

// Who receives; the numbers of the binary head. If you add one: also its word in target.cpp.
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

// The receivers that a payload names by itself (a field with `routes`): at most one of each kind.
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
  std::string_view name;                      // wire name: "Lobby.Add"
  std::uint32_t id = 0;                       // first four bytes of the name's SHA-256
  std::uint64_t fingerprint = 0;              // of the method's canonical contract text
  std::span<const std::uint64_t> accepted{};  // fingerprints of earlier shapes that go on working
  bool event = false;                         // one way; otherwise a call
  side from = side::client;                   // who sends the event or asks the call
  std::span<const target_kind> to{};          // event from a client: who may receive, the first is the default
  std::span<const target_kind> server_to{};   // event or call from the server: likewise
  const codec* in = nullptr;
  const codec* out = nullptr;     // calls only
  std::string_view reply{};       // wire name of the answer toward peers without call ids
  bool body_message = false;      // plain and JSON envelopes carry the payload as text in `message`
  std::uint32_t max_bytes = 0;    // of a payload; 0: the connection's limit
  std::uint32_t deadline_ms = 0;  // 0: the caller's default
  bool repeatable = false;        // calls only: running twice does no harm (idempotency_level, or `once`)
  // Calls with `errors` only: whether this is the name of a value of that enum.
  bool (*names_refusal)(std::string_view) = nullptr;
  // Set if a field of the payload names the receivers: reads the payload and says which.
  result<> (*route)(format, bytes_view payload, const decode_options&, routed_targets& out) = nullptr;
};

// One service, as generated code registers it.
struct service {
  std::string_view name;  // in the schema: "lobby.v1.Lobby"
  std::span<const method* const> methods;
  bool relay_unknown = false;  // unknown events are relayed by their envelope's `to`, decoded by nobody
};

// What a generated table puts into `method::names_refusal`.
template <class Enum>
bool is_name_of(std::string_view name) {
  Enum value{};
  return from_name(name, value);
}

// What a generated table puts into `method::route`: reads a Payload and asks Fill.
template <class Payload, void (*Fill)(const Payload&, routed_targets&)>
result<> route_by(format f, bytes_view content, const decode_options& options, routed_targets& out) {
  Payload payload{};
  if (auto read = codec_for<Payload>.read(f, content, &payload, options); !read) return read;
  Fill(payload, out);
  return {};
}

}  // namespace parley
