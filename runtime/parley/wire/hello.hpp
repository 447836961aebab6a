// The first frames of a session: what each end offers and accepts, and its name.
#pragma once

#include "parley/wire/envelope.hpp"
#include "parley/wire/method.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::wire {

// Feature bits. In JSON they are an array of their names.
namespace feature {
inline constexpr std::uint64_t resume = 1 << 0;
inline constexpr std::uint64_t streams = 1 << 1;
inline constexpr std::uint64_t groups = 1 << 2;
inline constexpr std::uint64_t server_calls = 1 << 3;
inline constexpr std::uint64_t parts = 1 << 4;
inline constexpr std::uint64_t gap = 1 << 5;
inline constexpr std::uint64_t multi = 1 << 6;
inline constexpr std::uint64_t idempotency = 1 << 7;
}  // namespace feature

// What one end accepts. The other end must stay within these limits. A limit that is zero or absent
// on the wire has its default.
struct limits {
  // Payload bytes; default 65,536 toward a server, 1,048,576 toward a client.
  std::uint32_t max_message = 0;
  std::uint32_t max_calls = 256;
  std::uint32_t max_streams = 128;
  std::uint32_t stream_window = 65'536;
  std::uint32_t max_groups = 1'024;
  std::uint32_t replay_bytes = 1'048'576;
  std::uint32_t replay_frames = 4'096;
  std::uint32_t resume_ms = 120'000;
  std::uint32_t max_depth = 64;
  std::uint32_t ack_bytes = 65'536;
  std::uint32_t ack_frames = 64;
  std::uint32_t ack_ms = 250;
  bool operator==(const limits&) const = default;
};

// A method and the fingerprint of its contract. JSON identifies methods by name, binary by id.
struct print {
  std::string name;
  std::uint32_t method = 0;
  std::uint64_t fingerprint = 0;
  bool operator==(const print&) const = default;
};

// A credential in a hello or in a `$auth` frame, and the server's answer to the latter.
struct auth {
  std::string scheme{};
  std::string credential{};  // never logged
  // In the answer: what is left of the credential. 0: it does not expire. Not in a hello.
  std::uint32_t auth_ms = 0;
  bool operator==(const auth&) const = default;
};

struct resume {
  std::string token;
  std::uint64_t epoch = 0;
  std::uint64_t received = 0;
  bool operator==(const resume&) const = default;
};

struct hello {
  std::uint32_t revision = 1;
  std::uint64_t features = 0;
  std::uint64_t required = 0;
  std::string agent;
  std::uint64_t contract = 0;
  std::vector<print> methods;
  // Earlier versions of methods that the client still understands, any number for each of its
  // methods.
  std::vector<print> accepted;
  std::optional<wire::auth> auth;
  std::optional<wire::resume> resume;
  wire::limits limits;
  std::vector<meta_entry> meta;
};

// In JSON: "new", "exact", "partial", "fresh".
enum class outcome : std::uint8_t { fresh_session = 1, exact = 2, partial = 3, fresh = 4 };
enum class policy : std::uint8_t { refuse = 1, degrade = 2, warn = 3 };

struct welcome {
  std::uint32_t revision = 1;
  std::uint64_t features = 0;
  std::string agent;
  std::string client_id;
  std::string token;
  std::uint64_t epoch = 0;
  wire::outcome outcome = wire::outcome::fresh_session;
  std::uint64_t received = 0;
  std::uint64_t next = 1;
  std::uint64_t contract = 0;
  std::vector<print> mismatched;
  std::vector<print> missing;  // fingerprint unused
  wire::policy policy = wire::policy::degrade;
  wire::limits limits;
  std::uint32_t heartbeat_ms = 20'000;
  std::uint32_t auth_ms = 0;
};

// The payload of a hello or welcome frame, in the payload encoding of the format. The fault for a
// bad hello closes the connection with 4002.
void write_hello(format, const hello&, std::string& out);
void write_welcome(format, const welcome&, std::string& out);
std::optional<fault> read_hello(format, bytes_view payload, hello& out);
std::optional<fault> read_welcome(format, bytes_view payload, welcome& out);

// The payload of a `$auth` frame. The fault for a bad one closes the connection with 4001.
void write_auth(format, const auth&, std::string& out);
std::optional<fault> read_auth(format, bytes_view payload, auth& out);

// goaway: the server's notice before it closes the connection.
struct goaway {
  std::uint8_t reason = 0;  // restart 1, shutdown 2, overloaded 3
  std::uint32_t retry_ms = 0;
  std::uint64_t last_id = 0;
  std::string text;
};
void write_goaway(format, const goaway&, std::string& out);
std::optional<fault> read_goaway(format, bytes_view payload, goaway& out);

// The first four bytes of the SHA-256 of the name, read as big-endian. The generator never produces
// 0.
std::uint32_t method_id(std::string_view wire_name);
// The first eight bytes of the SHA-256 over the (method id, fingerprint) pairs. The pairs are
// sorted by id and written as big-endian.
std::uint64_t contract_of(std::span<const print> methods);

// The part of a client id that identifies the server that issued it: 32 random bits from the
// system's generator.
std::uint32_t make_node_id();
// A fresh UUID in lower case, version 8 (RFC 9562 section 5.8), made of the node's id and 90 random
// bits.
std::string make_client_id(std::uint32_t node);
// Whether the text is a UUID, in either case. Binary frames carry it as 16 bytes.
bool is_client_id(std::string_view);

}  // namespace parley::wire
