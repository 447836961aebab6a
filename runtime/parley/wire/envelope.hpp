// The envelope: everything of a frame but the payload, in one structure for every format.
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

// The numbers of the binary head. If you add one: a row in kinds.hpp, one in schema/parley/envelope.fbs, and a feature bit.
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

// The delivery class of one frame; ORDERED and RELIABLE write none.
enum class delivery_class : std::uint8_t { none, drop, latest };

struct meta_entry {
  std::string key;
  std::string value;
  bool operator==(const meta_entry&) const = default;
};

// Reused from frame to frame: clear() keeps the strings' memory. An absent member is empty, zero or nullopt.
//
// An `error` that answers no call says what failed: the event in name (JSON) or method (binary), the target in to_json (JSON) or to (binary).
// They are empty if its sender did not say.
// Plain frames do not say their kind: all are read as `event`, and the method's declaration decides; but "error" is `error`, unless a
// client reads it from another client.
struct envelope {
  wire::kind kind = wire::kind::event;
  std::string name;                // JSON: the method's wire name; binary: empty
  std::uint32_t method = 0;        // binary: the method id; JSON: 0
  parley::target to;               // events and calls; kind none: absent. Binary, from the server, CLIENT: no name, it is the reader's id
  bool target_unreadable = false;  // `to` names no target that can be: unknown_target once the earlier checks have passed; to.kind: see
                                   // read_target
  std::string to_written;          // plain: `to` as the sender wrote it, echoed in the relay (written in place of `to` if not empty)
  std::string_view to_json;        // JSON: the value of `to` as its sender wrote it, as JSON text, into the frame that was read
  std::string from;                // the sender's client id; "server" or empty: the server
  std::uint64_t id = 0;            // a call that the sender of this frame opened
  std::uint64_t re = 0;            // a call that the receiver of this frame opened
  std::string foreign_id;          // plain, as JSON text: `id` where a client writes, `re` where a server does
  std::optional<errc> code;        // always there in an `error` that was read
  std::string text;                // error text; `message` of a method with body: MESSAGE, then bounded by nobody but the session
  bool has_text = false;           // an empty `message` is not an absent one. Without it a dialect may keep its payload in `text`
  std::string reason;
  std::optional<std::uint32_t> deadline_ms;
  std::optional<std::uint32_t> ttl_ms;
  wire::delivery_class delivery = wire::delivery_class::none;
  bool counted = false;  // flag SEQ; JSON: of a kind that counts and without a class
  std::uint64_t seq = 0;
  std::uint64_t ack = 0;
  std::vector<meta_entry> meta;
  std::string key;  // idempotency key
  std::string slot;
  bool more = false;          // flag MORE: the rest of the payload follows in parts
  bool optional = false;      // flag OPT: ignore it if the kind is unknown
  bool unknown_kind = false;  // set by the reader; only frames with `optional` get this far
  bytes_view payload;         // into the frame that was read; JSON: null counts as absent
  bool has_payload = false;
  bool payload_not_json = false;  // plain: it holds a bare NaN or Infinity, which Python writes; only plain peers can be told
  known_tokens payload_tokens;    // JSON: for readers of the payload

  void clear();
};

// Why a frame was refused, and what its sender gets to see.
struct fault {
  errc code = errc::bad_frame;
  std::string text{};        // fixed words and paths; never a piece of the frame
  std::uint16_t close = 0;   // 0: answered with `error`, the connection stays; else closed with this code
  std::uint64_t re = 0;      // the call it answers, if its id was sound (that id is then used up)
  std::string foreign_re{};  // likewise in plain mode
};

// Bounds while reading. Payload bounds are the session's business: they differ by method.
struct read_limits {
  std::size_t max_envelope = 4096;  // JSON members without the payload
  std::size_t max_depth = 64;       // of the JSON payload, counted from its root
  bool multi = true;                // arrays of targets and except lists were agreed
  bool parts = false;               // messages in pieces were agreed (binary)
};

// One way of writing envelopes. Immutable and shared; every function may be called from any thread.
// A foreign JSON protocol is one more of these (a dialect), not a fork of the runtime.
class envelope_format {
 public:
  virtual ~envelope_format() = default;
  // Frames of this format travel as WebSocket binary messages; otherwise as text.
  virtual bool binary() const = 0;
  virtual parley::format payload_format() const = 0;
  // hello and welcome are exchanged first, control frames ($ping, ...) exist. Plain mode has neither.
  virtual bool has_session() const = 0;
  // `reader`: which end reads; decides whether a Peer section is the sender or the target. Writes every member of `out`; after a fault
  // `out` is unspecified, but for name, to_json and foreign_id of text frames: as far as they had been read. Binary
  // frames may stand at any address, but the payload's reader wants an 8-aligned one.
  virtual std::optional<fault> read(bytes_view frame, side reader, const read_limits&, envelope& out) const = 0;
  // Appends the frame to `out` (empty or 8-aligned in length). `writer`: which end writes. payload: already in payload_format().
  // Members that the kind does not have are left out; an error's text is cut at its limit. False, and nothing appended: a member is
  // over its bound (limits.hpp), or this format has no way to name the target; the caller reports `invalid` to its program.
  virtual bool write(const envelope&, side writer, bytes_view payload, std::string& out) const = 0;

  // A counted reply without any other member, which is nearly all that a server writes: the caller appends the payload (not empty in JSON)
  // between the two, so that it is encoded where it is sent from. False, and nothing appended: use write().
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
