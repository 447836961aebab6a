// The envelope: everything in a frame except the payload, in one structure for every format.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/format.hpp"
#include "parley/wire/target.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::wire {

// The numbers of the binary header. If you add one, add a row in kinds.hpp, one in
// schema/parley/envelope.fbs, and a feature bit.
enum class kind : std::uint8_t {
  event = 1,
  call = 2,
  reply = 3,
  error = 4,
  cancel = 5,
  item = 6,
  end = 7,
  part = 8,
  mark = 16,
  ack = 17,
  credit = 18,
  ping = 19,
  pong = 20,
  hello = 21,
  welcome = 22,
  goaway = 23,
  gap = 24,
  auth = 25,
};

// The delivery class of one frame. ORDERED and RELIABLE write `none`.
enum class delivery_class : std::uint8_t { none, drop, latest };

struct meta_entry {
  std::string key;
  std::string value;
  bool operator==(const meta_entry&) const = default;
};

// Reused from frame to frame: clear() keeps the strings' memory. An absent field is empty, zero or
// nullopt.
//
// An `error` that answers no call identifies what failed. The event is in `name` (JSON) or `method`
// (binary). The target is in `to_json` (JSON) or `to` (binary). These fields are empty if the
// sender did not provide them.
//
// Plain frames do not carry their kind. All are read as `event`, and the method's declaration
// decides. The exception is "error", which is read as `error` unless a client reads it from another
// client.
struct envelope {
  wire::kind kind = wire::kind::event;
  // JSON: the method's wire name. Binary: empty.
  std::string name;
  // Binary: the method id. JSON: 0.
  std::uint32_t method = 0;
  // For events and calls; the kind `none` means absent. In a binary frame from the server, CLIENT
  // has no name and means the reader.
  parley::target to;
  // `to` is not a valid target. Reported as unknown_target once the earlier checks have passed. For
  // the value of to.kind see read_target.
  bool target_unreadable = false;
  // Plain: `to` as the sender wrote it. If not empty, the relay writes it in place of `to`.
  std::string to_written;
  // JSON: the value of `to` as JSON text, as the sender wrote it. Points into the frame that was
  // read.
  std::string_view to_json;
  // The sender's client id. "server" or empty means the server.
  std::string from;
  std::uint64_t id = 0;  // a call opened by the sender of this frame
  std::uint64_t re = 0;  // a call opened by the receiver of this frame
  // Plain, as JSON text: `id` in frames from a client, `re` in frames from a server.
  std::string foreign_id;
  std::optional<errc> code;  // always set in an `error` that was read
  // An error's text, or `message` of a method with body: MESSAGE. Only the session limits the
  // latter.
  std::string text;
  // Tells an empty `message` from an absent one. If false, a dialect may keep its payload in
  // `text`.
  bool has_text = false;
  std::string reason;
  std::optional<std::uint32_t> deadline_ms;
  std::optional<std::uint32_t> ttl_ms;
  wire::delivery_class delivery = wire::delivery_class::none;
  // Flag SEQ. JSON: set for a kind that counts and has no delivery class.
  bool counted = false;
  std::uint64_t seq = 0;
  std::uint64_t ack = 0;
  std::vector<meta_entry> meta;
  std::string key;  // idempotency key
  std::string slot;
  // Flag MORE: the rest of the payload follows in parts.
  bool more = false;
  // Flag OPT: the receiver ignores the frame if it does not know the kind.
  bool optional = false;
  // Set by the reader. Only frames with `optional` are passed on with it.
  bool unknown_kind = false;
  // Points into the frame that was read. In JSON null counts as absent.
  bytes_view payload;
  bool has_payload = false;
  // Plain: the payload contains a bare NaN or Infinity, as Python writes them. Such a payload can
  // only be sent to plain peers.
  bool payload_not_json = false;
  known_tokens payload_tokens;  // JSON: for readers of the payload

  void clear();
};

// Why a frame was refused, and what its sender is told.
struct fault {
  errc code = errc::bad_frame;
  // Fixed words and paths, never a piece of the frame.
  std::string text{};
  // 0: the frame is answered with `error` and the connection stays. Otherwise the connection is
  // closed with this code.
  std::uint16_t close = 0;
  // The call that the answer belongs to, if its id was valid. That id is then used up.
  std::uint64_t re = 0;
  std::string foreign_re{};  // the same in plain mode
};

// Limits on reading. The session enforces payload limits, because they differ by method.
struct read_limits {
  std::size_t max_envelope = 4096;  // fields of a JSON envelope in bytes, without the payload
  std::size_t max_depth = 64;       // nesting of the JSON payload, counted from its root
  // Arrays of targets and except lists were agreed.
  bool multi = true;
  // Messages in parts were agreed (binary).
  bool parts = false;
};

// One encoding of envelopes. Immutable and shared. Every function may be called from any thread. A
// foreign JSON protocol is another implementation of this class (a dialect), not a fork of the
// runtime.
class envelope_format {
 public:
  virtual ~envelope_format() = default;
  // True: frames of this format are WebSocket binary messages. False: text messages.
  virtual bool binary() const = 0;
  virtual parley::format payload_format() const = 0;
  // Whether hello and welcome are exchanged first and control frames ($ping, ...) exist. Plain mode
  // has neither.
  virtual bool has_session() const = 0;
  // Reads a frame. `reader` is the end that reads. It decides whether a Peer section is the sender
  // or the target. Writes every field of `out`. After a fault `out` is unspecified, except that
  // name, to_json and foreign_id of text frames hold what was read so far. Binary frames may start
  // at any address, but the payload's reader requires an 8-aligned one.
  virtual std::optional<fault> read(bytes_view frame, side reader, const read_limits&, envelope& out) const = 0;
  // Appends the frame to `out`, whose length must be 0 or a multiple of 8. `writer` is the end that
  // writes. `payload` is already in payload_format(). Fields that the kind does not have are left
  // out. An error's text is cut at its limit. Returns false and appends nothing if a field exceeds
  // its limit (limits.hpp) or the format cannot express the target. The caller then reports
  // `invalid` to its program.
  virtual bool write(const envelope&, side writer, bytes_view payload, std::string& out) const = 0;

  // Writes a counted reply without any other field, the most frequent frame of a server. The caller
  // appends the payload between begin_reply and end_reply, so that it is encoded in place. In JSON
  // the payload must not be empty. If it returns false it has appended nothing, and the caller uses
  // write().
  virtual bool begin_reply(std::string_view name, std::uint32_t method, std::uint64_t re, std::string& out) const {
    static_cast<void>(name), static_cast<void>(method), static_cast<void>(re), static_cast<void>(out);
    return false;
  }
  virtual void end_reply(std::string& out) const { static_cast<void>(out); }
};

const envelope_format& json_format();   // subprotocol parley.v1.json
const envelope_format& fbs_format();    // subprotocol parley.v1.fbs
const envelope_format& plain_format();  // no subprotocol: datadivr's five keys

inline constexpr std::string_view json_subprotocol = "parley.v1.json";
inline constexpr std::string_view fbs_subprotocol = "parley.v1.fbs";

}  // namespace parley::wire
