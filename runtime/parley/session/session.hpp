// session: one peer's logical session. It exchanges the greeting (hello, welcome), keeps the
// heartbeat, answers malformed frames, limits the send queue, and passes on valid frames.
//
// It does not match calls with answers (rpc), choose receivers (routing), move bytes or keep time
// (transport, conversation). Bytes and time points come in, and actions go out through an `output`.
//
//   session::peer_session s({.self = side::server, .format = &wire::json_format()}, contract, out, owner);
//   s.start(now);                   // owner.opened() follows when the greeting is complete
//   const wire::envelope* e = s.receive(now, frame, binary);
//   if (e) act(*e);                 // an event, a call, a reply, an error or a cancel
//   s.refuse(now, {.code = errc::denied}, {&method});  // answers it, within the limits
//   s.tick(now);                    // no later than s.next_tick()
//
// One thread at a time. Nothing here blocks. The session refers to the contract, the format, the
// output and the owner, which must outlive it.
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

// Close codes of the protocol (schema/parley/envelope.fbs, section 10, which also has reserved
// ones). Codes of RFC 6455 are used where they fit. To add one, follow "Add a close code" in
// runtime/README.md.
namespace close_code {
inline constexpr std::uint16_t done = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t wrong_opcode = 1003;
inline constexpr std::uint16_t policy = 1008;
inline constexpr std::uint16_t too_large = 1009;
inline constexpr std::uint16_t restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;
inline constexpr std::uint16_t protocol_violation = 4001;
inline constexpr std::uint16_t bad_hello = 4002;
inline constexpr std::uint16_t unsupported = 4003;
inline constexpr std::uint16_t contract_refused = 4004;
inline constexpr std::uint16_t credential_refused = 4005;
inline constexpr std::uint16_t credential_expired = 4006;
inline constexpr std::uint16_t too_slow = 4009;
inline constexpr std::uint16_t heartbeat_lost = 4011;
inline constexpr std::uint16_t removed = 4012;
}  // namespace close_code

// Ten pings in a second are allowed. An end that receives nothing sends one in each heartbeat.
inline constexpr std::chrono::milliseconds shortest_heartbeat{100};

// This many bytes of an incomplete frame count as a sign of life, like a whole frame
// (schema/parley/envelope.fbs, section 3). A peer that sends fewer bytes within the silence limit
// counts as silent. Otherwise it could occupy memory at this end for days.
inline constexpr std::uint64_t sign_of_life = 1024;

// Allowances for pings and for frames of which nothing comes (schema/parley/envelope.fbs,
// section 7). More of them close the session with 1008. The unused allowance accumulates, which
// covers ten minutes in which nothing was read.
inline constexpr allowance_terms allowed_pings{.at_once = 10, .per_second = 10, .most = 6'000};
inline constexpr allowance_terms allowed_idle{.at_once = 10'000, .per_second = 1'000, .most = 600'000};

// Server: who finds out who the client is, and when (schema/parley/envelope.fbs, section 3).
enum class authentication : std::uint8_t {
  none,     // nobody does. A credential in the hello is ignored, and `$auth` was not agreed
  done,     // the owner did, before the session. The hello must not contain a credential
  at_hello  // the owner does, when owner::greeted() is called
};

struct session_options {
  side self = side::server;
  const wire::envelope_format* format = nullptr;
  wire::limits limits{};  // limits of this end
  // Limits of the peer, unless a greeting states them.
  wire::limits peer_limits{};
  // A ping is sent after this much silence, which is at least shortest_heartbeat. A client uses the
  // server's value unless own_heartbeat is set.
  std::chrono::milliseconds heartbeat{20'000};
  bool own_heartbeat = false;
  // The peer counts as lost after this much silence. 0 means two heartbeats. The ping is sent after
  // half of this time at the latest.
  std::chrono::milliseconds max_silence{0};
  std::chrono::milliseconds hello_timeout{5'000};
  // Limit on the data that waits for one peer. Each frame counts as its bytes plus message_room.
  // Exceeding it closes the peer with 4009. Control frames have a limit of their own (outbox.hpp).
  // At a client it limits the frames that the server causes it to send. Frames that the client
  // sends on its own initiative are admitted beforehand (send_admitted).
  std::size_t max_queue = 4 * 1024 * 1024;
  // The limit over all peers, and what waits for them. Null: none.
  std::shared_ptr<account> total{};
  std::uint32_t node = 0;            // server: the first 32 bits of the ids that it issues
  std::string agent = "parley-cpp";  // for the peer's log; cut after 64 bytes
  // Server: the treatment of a client whose contract differs.
  wire::policy policy = wire::policy::degrade;
  // Server.
  session::authentication authentication = session::authentication::none;
  // Server: what is left of the client's credential, for the welcome. 0: it does not expire. Set it
  // here if `authentication` is `done`, and otherwise in welcome().
  std::uint32_t auth_ms = 0;
  // Client: the credential for the hello.
  std::shared_ptr<const wire::auth> shown{};
  // Plain mode: closes instead of answering, like the original servers.
  bool drop_on_invalid = false;
  // Plain mode: false ignores silence.
  bool pings = true;
  // Plain mode: false counts and ignores invalid frames.
  bool error_answers = true;
  // The output accepts one frame at a time. A close then waits for the queued frames.
  bool one_by_one = false;
};

// The current state of a session's output.
struct outlet {
  std::size_t queued = 0;  // bytes that the transport still holds
  // False only if drained() will follow: the output is above its high mark, or it holds back.
  bool writable = true;
};

// What has arrived from the peer since the beginning, including incomplete frames.
struct arrivals {
  std::uint64_t bytes = 0;
  time_point at{};  // time of the last bytes
};

// The refused frame, unless it is a call. The answer names its event and target, so that the sender
// can identify it.
struct about {
  const parley::method* method = nullptr;  // null if it is not known here
  const wire::envelope* frame = nullptr;   // as it was received
};

// The connection that a session speaks through. Called from inside its member functions. Must not
// call back into the session.
class output {
 public:
  virtual ~output() = default;
  virtual outlet look() const = 0;
  // Whether the output holds back for a while. drained() is called when that ends.
  virtual bool holds_back() const { return false; }
  virtual void transmit(const buffer& frame) = 0;
  // For a frame whose memory is reused at once.
  virtual void transmit_copy(bytes_view frame) { transmit(buffer(std::string(as_text(frame)))); }
  // A WebSocket ping, if the format has no ping of its own.
  virtual void ping() = 0;
  virtual void close_connection(std::uint16_t code, std::string_view text) = 0;  // called once
  // Whether data has arrived that was not received yet. Asked before a peer counts as silent.
  virtual bool unread() const { return false; }
  virtual arrivals arrived() const { return {}; }
  // Whether this end does not read at the moment. The peer then does not count as silent.
  virtual bool is_paused() const { return false; }
};

// A client may show another credential this long after it has shown the last one.
inline constexpr std::chrono::seconds between_credentials{1};

// The owner of a session. Called from inside its member functions. Only opened(), greeted() and
// shown() may call back into the session.
class owner {
 public:
  virtual ~owner() = default;
  // Server with authentication::at_hello: a valid hello has arrived, with or without a credential.
  // The owner then calls welcome() or close(), now or later. Called once.
  virtual void greeted(wire::auth) {}
  // Server with authentication: the client shows another credential on the open session. The owner
  // then calls renewed() or close(), now or later.
  virtual void shown(wire::auth) {}
  // Client: the server has accepted the credential of show(). `auth_ms` as in session_options.
  virtual void credential_renewed(std::uint32_t auth_ms) { (void)auth_ms; }
  // The greeting is complete. In plain mode called at once. Called once.
  virtual void opened() = 0;
  // A frame was invalid. For the log, at most ten times in ten seconds. Neither text nor name
  // contains received data.
  virtual void refused(const wire::fault&, const about&) {}
};

struct session_counters {
  std::uint64_t frames_received = 0;
  std::uint64_t frames_sent = 0;
  // Invalid frames, except those that closed the session.
  std::uint64_t refused = 0;
  // Those whose answer was suppressed by the rate limit.
  std::uint64_t unanswered = 0;
  // Events left out because the contracts differ or the peer does not accept their size.
  std::uint64_t not_delivered = 0;
};

class peer_session {
 public:
  peer_session(session_options chosen, const contract& known, output& out, session::owner& owner);

  // Call it when the connection is up. A client sends hello and a server waits for it. Plain mode
  // is open at once.
  void start(time_point now);

  // Processes one frame. The caller must act on the returned envelope, which is valid until the
  // next call. Null means that the session handled the frame. A client may get an error before the
  // session is open: the reason why the server refuses it.
  const wire::envelope* receive(time_point now, bytes_view frame, bool binary);
  // After a null: the id of a call that was refused here, which is then used up. Otherwise 0.
  std::uint64_t refused_call() const noexcept { return refused_call_; }

  // Answers the hello after owner::greeted(). Does nothing if the session was closed meanwhile.
  // `auth_ms` as in the options.
  void welcome(time_point now, std::uint32_t auth_ms);
  // Whether the hello waits for welcome().
  bool awaits_welcome() const noexcept { return auth_ && auth_->hello; }
  // Client: shows another credential. Returns false, and sends nothing, if the session is not open,
  // if the server has not answered the last one, or if it has announced that it has no use for one
  // (auth_ms 0).
  bool show(const wire::auth&);
  // Server: answers the credential of owner::shown().
  void renewed(std::uint32_t auth_ms);
  // What is left of the credential, as the welcome or the last answer has said. 0: it does not expire.
  std::uint32_t auth_ms() const noexcept { return options_.auth_ms; }

  void pong_received(time_point now) {
    last_heard_ = now;
    asked_ = asked::nothing;
    probe_.reset();
  }
  // Sends a ping now, and closes the session as after a silence unless its answer, or later data,
  // arrives within this time. Has no effect while an earlier one is awaited, and where silence is
  // ignored.
  [[gnu::cold]] void probe(time_point now, std::chrono::milliseconds within);
  void tick(time_point now);
  time_point next_tick() const noexcept { return next_tick_; }
  // Releases memory that only a session in use needs. Invalidates the last result of receive().
  void release_memory() noexcept { in_.reset(); }
  // Whether nothing was received for a whole heartbeat.
  bool silent(time_point now) const noexcept { return now - last_heard_ >= options_.heartbeat; }
  // Call it when the transport has fallen below its low mark.
  void drained() { pump(); }

  // Answers a frame that the caller found invalid, within the limits on answers. Closes the session
  // if the fault requires it or there were too many.
  [[gnu::cold]] void refuse(time_point now, const wire::fault& fault, about what = {});
  // Counts malformed input that the caller answers itself. False: there was too much of it and the
  // session is closed.
  [[gnu::cold]] bool count_malformed(time_point now);
  // Counts a frame that has no effect although it is not malformed. False: as above.
  [[gnu::cold]] bool count_idle(time_point now);
  // Whether the log may have a line about a fault that the peer reported. The rate is that of
  // owner::refused().
  bool may_note(time_point now) { return noted_.count(now); }

  // Queues a frame of the data lane. Returns false if the peer is too slow and is being closed, or
  // was closed before. `call` is the id of the call that the frame opens, or 0.
  bool send(const buffer& frame, std::uint64_t call = 0);
  // The same for a frame with a single owner. `frame` is unspecified afterwards, but its memory can
  // be reused.
  bool send(std::string& frame, std::uint64_t call = 0);
  // The same for frames that this end sends on its own initiative. At a client the caller has
  // limited them, so they never close the session.
  bool send_admitted(std::string& frame, std::uint64_t call = 0);
  // Sends a frame ahead of all data. Returns false as send() does, or if a field exceeds its limit.
  [[gnu::cold]] bool send_control(const wire::envelope& frame, bytes_view payload = {});
  // Announces that this end will close the session soon. Formats without a session have no form for it.
  [[gnu::cold]] void send_goaway(const wire::goaway&);
  // Removes a call from the queue. Returns false if it has already left.
  bool take_back(std::uint64_t call) { return outbox_.take_back(call); }
  std::size_t queued() const { return outbox_.bytes() + out_.look().queued; }
  // The waiting bytes, and whether a frame that is sent now reaches the transport at once. If not,
  // drained() of the output follows.
  struct flow {
    std::size_t queued = 0;
    bool at_once = true;
  };
  flow look() const {
    const outlet now = out_.look();
    return {outbox_.bytes() + now.queued, outbox_.empty() && now.writable};
  }
  std::size_t max_queue() const noexcept { return options_.max_queue; }
  // True if the session was closed with 4009 because the limit over all peers was reached.
  bool total_was_full() const noexcept { return total_was_full_; }

  // Closes the session. Nothing more is sent or received. Frames queued earlier are sent first. If
  // one_by_one is set and only a few frames wait, they leave one at a time as the output takes
  // them. Has no effect on a closed session.
  [[gnu::cold]] void close(std::uint16_t code, std::string_view text);
  // Call it when the connection is gone.
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
  side self() const noexcept { return self_; }
  // Issued by the server. A plain client never learns its own.
  const std::string& client_id() const noexcept { return client_id_; }
  // The limits of the peer.
  const wire::limits& peer_limits() const noexcept { return peer_limits_; }
  const wire::limits& limits() const noexcept { return options_.limits; }
  bool has_feature(std::uint64_t bit) const noexcept { return (features_ & bit) != 0; }
  // Whether both ends have the same contract for this method. If not, its calls fail with
  // version_mismatch and its events are not delivered.
  bool agreed(const parley::method& m) const noexcept { return mismatched_.empty() || agreed_after_all(m); }
  // Whether the peer accepts an event with a payload of this many bytes. A method's own limit
  // applies to peers that announced the method, and in plain mode, which has no announcements. `m`
  // null: no method.
  bool accepts(const parley::method* m, std::size_t payload) const noexcept {
    return payload <= peer_limits_.max_message || accepts_larger(m, payload);
  }
  // The methods with different contracts at the two ends, independent of the policy. For the log.
  const std::vector<const parley::method*>& mismatched() const noexcept { return mismatched_; }
  const session_counters& counters() const noexcept { return counters_; }
  void count_not_delivered() noexcept { ++counters_.not_delivered; }

  // Appends a frame as this end writes it. Returns false and appends nothing if a field exceeds its
  // limit.
  bool write(const wire::envelope& e, bytes_view payload, std::string& out) const { return options_.format->write(e, self_, payload, out); }

 private:
  enum class state { starting, greeting, open, closed };

  // Sets the limits that a greeting left out to their defaults (schema/parley/envelope.fbs).
  static void fill_defaults(wire::limits&, side receiver);
  void greet_server();
  void send_greeting(wire::kind kind, std::string_view payload);
  [[gnu::cold]] const wire::envelope* greeting(time_point now, const wire::envelope& e);
  [[gnu::cold]] const wire::envelope* unexpected_greeting();
  void on_hello(time_point now, const wire::envelope& e);
  void answer_hello(time_point now, const wire::hello& hello);
  void on_welcome(time_point now, const wire::envelope& e);
  [[gnu::cold]] void refuse_contract();
  const wire::envelope* control(time_point now, const wire::envelope& e);
  void send_ping();
  [[gnu::cold]] bool end_probe(time_point now);
  [[gnu::cold]] void on_auth(time_point now, const wire::envelope& e);
  void become_open(time_point now);
  void settle_heartbeat();
  // Adds the frame to the end of the queue.
  [[gnu::noinline]] bool enqueue(buffer frame, std::uint64_t call, bool admitted);
  bool send(std::string& frame, std::uint64_t call, bool admitted);
  [[gnu::cold]] void close_too_slow(std::uint64_t refused_call);
  void pump();
  [[gnu::cold]] void pump_last();
  // Whether a frame can be sent at once: nothing waits before it, and the transport accepts more.
  // True for nearly every frame, and inline because it is called for each.
  bool goes_at_once(std::size_t size, bool admitted) const {
    if (!outbox_.empty()) return false;
    const outlet now = out_.look();
    return now.writable && (admitted || outbox_.has_room(size, counted(now.queued)));
  }
  // The bytes in the transport count toward the limit here. At a client they do not, because most
  // of them were admitted.
  std::size_t counted(std::size_t in_transport) const noexcept { return self_ == side::client ? 0 : in_transport; }
  bool accepts_larger(const parley::method*, std::size_t payload) const noexcept;
  [[gnu::noinline]] bool agreed_after_all(const parley::method&) const noexcept;

  // The members that every sent frame needs come first and lie together. An event to a thousand
  // sessions would otherwise wait for the memory of each of them more often.
  output& out_;
  state state_ = state::starting;
  const side self_;
  bool plain_;  // property of the format, stored because every frame needs it
  bool binary_;
  parley::format payload_format_;
  std::vector<const parley::method*> mismatched_;  // almost always empty
  wire::limits peer_limits_{};
  session_counters counters_;
  outbox outbox_;

  session_options options_;
  const contract& contract_;
  session::owner& owner_;
  struct last_words {
    std::uint16_t code;
    std::string text;
  };
  // Set if the session is closed while frames queued earlier are still leaving.
  std::unique_ptr<last_words> last_words_;
  // Present while the session receives. A session that greets or is silent has none.
  std::unique_ptr<wire::envelope> in_;
  // What only a session with authentication needs.
  struct authenticating {
    std::unique_ptr<wire::hello> hello;  // server: while its credential is checked
    bool renewing = false;               // the answer to a `$auth` is missing
    time_point shown_at = time_point::min();
  };
  std::unique_ptr<authenticating> auth_;
  std::string client_id_;
  // Server: methods known to the client whose own limit exceeds peer_limits_. Rarely any.
  std::vector<const parley::method*> larger_;
  std::uint64_t features_ = 0;
  wire::policy policy_ = wire::policy::degrade;  // the server's, once the greeting is complete
  bool total_was_full_ = false;
  // Server: a hello was answered with `fresh`, and only a plain one may follow.
  bool greeted_ = false;
  time_point last_heard_{};  // last whole frame or pong
  // Last time that a part of a frame counted as a sign of life (sign_of_life).
  time_point last_arrived_{};
  // The arrived bytes that were considered for it.
  std::uint64_t looked_at_ = 0;
  time_point next_tick_ = time_point::max();
  std::chrono::milliseconds max_silence_{};
  std::uint64_t refused_call_ = 0;
  std::uint64_t next_ping_ = 1;
  // The state of a silent peer. `waited`: some of its data was still unread.
  enum class asked : std::uint8_t { nothing, pinged, waited };
  asked asked_ = asked::nothing;
  struct awaited_pong {
    std::uint64_t id;
    time_point since;
    time_point until;
  };
  std::unique_ptr<awaited_pong> probe_;
  rate errors_{10, std::chrono::seconds(1)};  // answers without `re`
  rate bad_{16, std::chrono::seconds(10)};    // malformed input before 1008
  // Log lines about refusals by either end.
  rate noted_{10, std::chrono::seconds(10)};
  allowance<allowed_pings> pings_;
  allowance<allowed_idle> idle_;
};

}  // namespace parley::session
