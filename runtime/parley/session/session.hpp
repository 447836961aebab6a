// session: one peer's logical session. It greets (hello, welcome), keeps the heartbeat, answers what is malformed, bounds what waits
// to be sent, and hands on what is sound.
//
// What it does not do: matching calls with answers (rpc), choosing receivers (routing), moving bytes and keeping time (transport, peer).
// Bytes and time points come in, actions go out through an `output`.
//
//   session::peer_session s({.self = side::server, .format = &wire::json_format()}, contract, out);
//   s.start(now);                                                           // out.opened() once the greeting is complete
//   if (const wire::envelope* e = s.receive(now, frame, binary)) act(*e);   // an event, a call, a reply, an error or a cancel
//   s.refuse(now, {.code = errc::denied}, {&method});                       // or answer it, within the limits on answers
//   s.tick(now);                                                            // no later than s.next_tick()
//
// One thread at a time; nothing here blocks. It refers to the contract, the format and the output, which live longer.
#pragma once

#include "parley/core/allowance.hpp"
#include "parley/session/contract.hpp"
#include "parley/session/outbox.hpp"
#include "parley/session/rate.hpp"
#include "parley/wire/envelope.hpp"
#include "parley/wire/hello.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::session {

// Close codes of the protocol (schema/parley/envelope.fbs); the RFC's own are used where they fit.
namespace close_code {
inline constexpr std::uint16_t done = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t wrong_opcode = 1003;
inline constexpr std::uint16_t policy = 1008;
inline constexpr std::uint16_t too_large = 1009;
inline constexpr std::uint16_t restart = 1012;
inline constexpr std::uint16_t protocol_violation = 4001;
inline constexpr std::uint16_t bad_hello = 4002;
inline constexpr std::uint16_t unsupported = 4003;
inline constexpr std::uint16_t contract_refused = 4004;
inline constexpr std::uint16_t too_slow = 4009;
inline constexpr std::uint16_t heartbeat_lost = 4011;
inline constexpr std::uint16_t removed = 4012;
}  // namespace close_code

// Ten pings in a second are allowed; a side that hears nothing sends one in each heartbeat.
inline constexpr std::chrono::milliseconds shortest_heartbeat{100};

// So many bytes of a frame that is still coming count as a frame that came (envelope.fbs, section 3). A peer that sends fewer in the time
// after which silence ends a session is as good as silent: it would hold this end's memory for days.
inline constexpr std::uint64_t sign_of_life = 1024;

// Frames of which more than these are closed with 1008 (envelope.fbs, section 7). What is saved covers ten minutes in which nothing was read.
inline constexpr allowance_terms allowed_pings{.at_once = 10, .per_second = 10, .most = 6'000};
inline constexpr allowance_terms allowed_idle{.at_once = 10'000, .per_second = 1'000, .most = 600'000};

struct session_options {
  side self = side::server;
  const wire::envelope_format* format = nullptr;
  wire::limits limits{};       // what this end accepts
  wire::limits peer_limits{};  // what the other end accepts, unless a greeting says it
  // A ping is sent after so much silence; at least shortest_heartbeat. A client takes the server's, unless it has its own.
  std::chrono::milliseconds heartbeat{20'000};
  bool own_heartbeat = false;
  // After so much silence the peer is lost; 0: two heartbeats. The ping is sent after half of it at the latest.
  std::chrono::milliseconds max_silence{0};
  std::chrono::milliseconds hello_timeout{5'000};
  // Waiting for one peer, each frame as its bytes and message_room; over it the peer is closed with 4009. Control frames have a bound of their
  // own (outbox.hpp). At a client it bounds what the server makes it send; what it sends of its own accord it admits before (send_admitted).
  std::size_t max_queue = 4 * 1024 * 1024;
  std::shared_ptr<account> total{};             // the bound over all peers, and what waits for them; null: none
  std::uint32_t node = 0;                       // server: the first 32 bits of the ids that it issues
  std::string agent = "parley-cpp";             // what the other end may log; cut after 64 bytes
  wire::policy policy = wire::policy::degrade;  // server: what becomes of a client whose contract differs
  bool drop_on_invalid = false;                 // plain mode: close instead of answering, as the original servers do
  bool pings = true;                            // plain mode: false: silence is nobody's business here
  bool error_answers = true;                    // plain mode: false: what is wrong is counted and passed over
  bool one_by_one = false;                      // the output is writable for a frame at a time: a close waits for those that wait
};

// How a session's output stands just now.
struct outlet {
  std::size_t queued = 0;  // bytes that the transport still holds
  bool writable = true;    // false only if drained() follows: above its high mark, or holding back
};

// What has come from the other end since the beginning, whole frames or not.
struct arrivals {
  std::uint64_t bytes = 0;
  time_point at{};  // the last of them
};

// The refused frame, unless it is a call: the answer names its event and target, so that the sender can tell which one it was.
struct about {
  const parley::method* method = nullptr;  // if it is known here
  const wire::envelope* frame = nullptr;   // as it was received
};

// What a session wants done. Called from inside its member functions; only opened() may call back into the session.
class output {
 public:
  virtual ~output() = default;
  virtual outlet look() const = 0;
  virtual bool holds_back() const { return false; }  // for a while: drained() is called when it does no longer
  virtual void transmit(const buffer& frame) = 0;
  virtual void transmit_copy(bytes_view frame) { transmit(buffer(std::string(as_text(frame)))); }  // of what is used again at once
  virtual void ping() = 0;                                                       // a WebSocket ping, where the format has none of its own
  virtual void close_connection(std::uint16_t code, std::string_view text) = 0;  // once
  virtual void opened() = 0;                                                     // the greeting is complete (plain: at once); once
  // Whether something has arrived that was not yet received: asked before silence is judged.
  virtual bool unread() const { return false; }
  virtual arrivals arrived() const { return {}; }
  // A frame was found wrong; for the log, at most ten times in ten seconds. Neither text nor name holds what was received.
  virtual void refused(const wire::fault&, const about&) {}
};

struct session_counters {
  std::uint64_t frames_received = 0;
  std::uint64_t frames_sent = 0;
  std::uint64_t refused = 0;        // frames found wrong, but for those that closed the session
  std::uint64_t unanswered = 0;     // those of them whose answer the rate limit held back
  std::uint64_t not_delivered = 0;  // events left out: the ends' contracts differ, or the other end does not accept so much
};

class peer_session {
 public:
  peer_session(session_options chosen, const contract& known, output& out);

  // The connection is up. A client says hello, a server waits for it; plain mode is open at once.
  void start(time_point now);

  // One frame. What it returns is for the caller to act on and valid until the next call; null: taken care of here.
  // A client may get an error before it is open: why the server refuses it.
  const wire::envelope* receive(time_point now, bytes_view frame, bool binary);
  // After a null: the id of a call that was refused here, which is used up by that; else 0.
  std::uint64_t refused_call() const noexcept { return refused_call_; }

  void pong_received(time_point now) {
    last_heard_ = now;
    asked_ = asked::nothing;
  }
  void tick(time_point now);
  time_point next_tick() const noexcept { return next_tick_; }
  // Gives back what only a session in use needs. What receive() returned before is no longer valid.
  void release_memory() noexcept { in_.reset(); }
  // Has it heard nothing for a whole heartbeat?
  bool silent(time_point now) const noexcept { return now - last_heard_ >= options_.heartbeat; }
  // The transport fell below its low mark.
  void drained() { pump(); }

  // Answers a frame that the caller found wrong, within the limits on answers; closes if the fault says so or there were too many.
  void refuse(time_point now, const wire::fault& fault, about what = {});
  // Malformed input that the caller answers itself. False: it was one too many, the session is closed.
  bool count_malformed(time_point now);
  // A frame of which nothing comes, though it is not malformed. False: as above.
  bool count_idle(time_point now);
  // May the log have a line about what the other end found wrong? The rate is the one of output::refused().
  bool may_note(time_point now) { return noted_.count(now); }

  // Queues a frame of the data lane. False: the peer is too slow and is being closed (or was closed before).
  // `call`: the id of the call that it opens, if it opens one.
  bool send(const buffer& frame, std::uint64_t call = 0);
  // The same for a frame that is nobody else's. What stands in `frame` afterwards is of no use, its memory may be.
  bool send(std::string& frame, std::uint64_t call = 0);
  // The same for what this end sends of its own accord. At a client the caller has bounded it: it never closes the session.
  bool send_admitted(std::string& frame, std::uint64_t call = 0);
  // Ahead of all data. False: as send(), or a member is over its bound.
  bool send_control(const wire::envelope& frame);
  // Takes a call back that has not left. False: it has.
  bool take_back(std::uint64_t call) { return outbox_.take_back(call); }
  std::size_t queued() const { return outbox_.bytes() + out_.look().queued; }
  std::size_t max_queue() const noexcept { return options_.max_queue; }
  // Closed with 4009, and it was the bound over all peers that was reached.
  bool total_was_full() const noexcept { return total_was_full_; }

  // Nothing more is sent or received; frames queued before leave first, one by one (if not too many) where they have to. Without effect if
  // it is closed.
  void close(std::uint16_t code, std::string_view text);
  // The connection is gone.
  void lost() {
    state_ = state::closed;
    outbox_.clear();
    last_words_.reset();
  }

  bool open() const noexcept { return state_ == state::open; }
  bool closed() const noexcept { return state_ == state::closed; }
  const wire::envelope_format& format() const noexcept { return *options_.format; }
  bool plain() const noexcept { return plain_; }
  bool binary() const noexcept { return binary_; }
  parley::format payload_format() const noexcept { return payload_format_; }
  side self() const noexcept { return options_.self; }
  // Issued by the server; a plain client never learns its own.
  const std::string& client_id() const noexcept { return client_id_; }
  // What the other end accepts.
  const wire::limits& peer_limits() const noexcept { return peer_limits_; }
  const wire::limits& limits() const noexcept { return options_.limits; }
  bool has_feature(std::uint64_t bit) const noexcept { return (features_ & bit) != 0; }
  // Do both ends mean the same by this method? If not, its calls fail with version_mismatch and its events are not delivered.
  bool agreed(const parley::method& m) const noexcept;
  // Does the other end accept an event with a payload of so many bytes? A method's own limit counts for those who said that they know the
  // method, and in plain mode, where nobody says anything. `m` null: no method.
  bool accepts(const parley::method* m, std::size_t payload) const noexcept {
    return payload <= peer_limits_.max_message || accepts_larger(m, payload);
  }
  // The methods the ends disagree about, whatever the policy makes of it; for the log.
  const std::vector<const parley::method*>& mismatched() const noexcept { return mismatched_; }
  const session_counters& counters() const noexcept { return counters_; }
  void count_not_delivered() noexcept { ++counters_.not_delivered; }

  // Appends a frame as this end writes it. False, and nothing appended: a member is over its bound.
  bool write(const wire::envelope& e, bytes_view payload, std::string& out) const {
    return options_.format->write(e, options_.self, payload, out);
  }

 private:
  enum class state { starting, greeting, open, closed };

  // The limits that a greeting left out (envelope.fbs has the defaults).
  static void fill_defaults(wire::limits&, side receiver);
  void greet_server();
  void send_greeting(wire::kind kind, std::string_view payload);
  const wire::envelope* greeting(time_point now, const wire::envelope& e);
  const wire::envelope* unexpected_greeting();
  void on_hello(time_point now, const wire::envelope& e);
  void on_welcome(time_point now, const wire::envelope& e);
  void refuse_contract();
  const wire::envelope* control(time_point now, const wire::envelope& e);
  void become_open(time_point now);
  void settle_heartbeat();
  // Queues behind what waits.
  bool enqueue(buffer frame, std::uint64_t call, bool admitted);
  bool send(std::string& frame, std::uint64_t call, bool admitted);
  void close_too_slow(std::uint64_t refused_call);
  void pump();
  void pump_last();
  // Nothing waits before it, and the transport takes more: nearly every frame. Here, for it is asked for each of them.
  bool goes_at_once(std::size_t size, bool admitted) const {
    if (!outbox_.empty()) return false;
    const outlet now = out_.look();
    return now.writable && (admitted || outbox_.has_room(size, counted(now.queued)));
  }
  // What the transport holds counts with what is bounded here; at a client most of it was admitted.
  std::size_t counted(std::size_t in_transport) const noexcept { return options_.self == side::client ? 0 : in_transport; }
  bool accepts_larger(const parley::method*, std::size_t payload) const noexcept;

  session_options options_;
  const contract& contract_;
  output& out_;
  state state_ = state::starting;
  bool plain_;  // what the format says of itself, asked for with every frame
  bool binary_;
  parley::format payload_format_;
  outbox outbox_;
  struct last_words {
    std::uint16_t code;
    std::string text;
  };
  std::unique_ptr<last_words> last_words_;  // closed, but what was queued before is still leaving
  std::unique_ptr<wire::envelope> in_;      // of a session that receives; one that greets or is silent has none
  std::string client_id_;
  wire::limits peer_limits_{};
  std::vector<const parley::method*> larger_;  // server: methods known to the client whose own limit is above peer_limits_; rarely any
  std::uint64_t features_ = 0;
  std::vector<const parley::method*> mismatched_;  // almost always empty
  wire::policy policy_ = wire::policy::degrade;    // the server's, once the greeting is complete
  bool total_was_full_ = false;
  bool greeted_ = false;         // server: a hello was answered `fresh`; only a plain one may follow
  time_point last_heard_{};      // a whole frame, or a pong
  time_point last_arrived_{};    // a part of one (sign_of_life), as far as it was looked at:
  std::uint64_t looked_at_ = 0;  // of what has arrived
  time_point next_tick_ = time_point::max();
  std::chrono::milliseconds max_silence_{};
  std::uint64_t refused_call_ = 0;
  std::uint64_t next_ping_ = 1;
  enum class asked : std::uint8_t { nothing, pinged, waited };  // of a silent peer; `waited`: something of it was still unread
  asked asked_ = asked::nothing;
  rate errors_{10, std::chrono::seconds(1)};  // answers without `re`
  rate bad_{16, std::chrono::seconds(10)};    // malformed input before 1008
  rate noted_{10, std::chrono::seconds(10)};  // lines in the log about what either end refused
  allowance<allowed_pings> pings_;
  allowance<allowed_idle> idle_;
  session_counters counters_;
};

}  // namespace parley::session
