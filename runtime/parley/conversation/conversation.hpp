// One conversation with one peer: its session, the open calls in both directions, and the handling
// of each frame. It has no socket, no clock and no thread. Its connection (conversation_io.hpp)
// passes in messages and time points, and sends its frames. conversation_owner covers the
// differences between clients and servers.
//
//   auto talk = std::make_shared<conversation>(owner, std::move(setup), executor);
//   talk->attach(connection);                           // before it opens
//   if (const auto* format = talk->choose_format(subprotocol)) talk->begin(*format, now);  // it has opened; owner.opened() follows
//   talk->receive(now, content, binary);                // each message
//   talk->tick(now);                                    // no later than next_tick()
//   talk->detach(code, why);                            // owner.closed() follows, and it is over
//
// One thread at a time. A client or server owns it, and so does each coroutine that answers one of
// its calls. The owner, the contract, the dialect and the types must outlive it. An owner that is
// destroyed earlier must call forget_owner().
#pragma once

#include "parley/conversation/answering.hpp"
#include "parley/conversation/asking.hpp"
#include "parley/conversation/conversation_io.hpp"
#include "parley/conversation/dialect.hpp"
#include "parley/conversation/pacing.hpp"
#include "parley/conversation/spoken.hpp"
#include "parley/session/session.hpp"
#include "parley/stub/invocation.hpp"
#include "parley/stub/principal.hpp"
#include "parley/wire/hello.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

class conversation;
class peer;

// For the log: "with code 1009, closed here: a message was too large". Contains nothing that the
// other end wrote.
std::string how_it_ended(const error& why);
// "a frame of client ... was refused: Lobby.Say: denied".
std::string text_of_refused(std::string_view whose, const wire::fault&, const method*);

// The client or server that owns a conversation. Called from inside the conversation's functions.
class conversation_owner {
 public:
  virtual ~conversation_owner() = default;
  // The format for the subprotocol with which the connection opened. Null if this end does not support it.
  virtual const wire::envelope_format* format_for(std::string_view subprotocol) = 0;
  // Server with session::authentication::at_hello: a client has greeted, with or without a credential.
  // The owner calls conversation::welcome() or close(), now or later.
  virtual void greeted(conversation&, wire::auth) {}
  virtual void opened(conversation&) = 0;
  // Server with authentication: the client shows another credential. The owner calls
  // conversation::renewed() or close(), now or later.
  virtual void shown(conversation&, wire::auth) {}
  // Client: the server has accepted another credential.
  virtual void renewed(conversation&, std::uint32_t auth_ms) { (void)auth_ms; }
  virtual void event_received(conversation&, const wire::envelope&, const invocation&) = 0;
  // An event whose versions differ at the two ends was ignored and counted.
  virtual void event_ignored(conversation&, const method&) {}
  // An event that no service here declares. The envelope contains the method's name (JSON) or its
  // id (binary).
  virtual void unknown_event(conversation&, const wire::envelope&) = 0;
  virtual void call_received(conversation&, incoming_call&) = 0;
  // An `error` that does not answer a call. `event` is the wire name of the event that it is about,
  // and empty if the other end did not report one.
  virtual void error_received(conversation&, const error&, std::string_view event) = 0;
  // The handler of a call has thrown an exception. The answer reports the failure without the text
  // of the exception.
  virtual void call_handler_threw(const method&, const std::exception_ptr&) = 0;
  // A frame was invalid and was refused. For the log, and not called for every such frame. `method`
  // is null if it is not known.
  virtual void refused(conversation&, const wire::fault&, const method*) {}
  // A plain client has learned the id that the server gave it. Called once.
  virtual void own_id_known(const std::string&) {}
  // Nothing is read from the other end for a while, because it sends more messages or bytes than its
  // speed_terms allow.
  virtual void slowed_down(conversation&, bool /*by_messages*/) {}
  virtual void drained(conversation&) = 0;
  // The server announces its end. At a client only.
  virtual void going_away(conversation&, const wire::goaway&) {}
  // Called last and once. `code` is the close code. `why` is `disconnected`, or the reason why
  // connecting failed, with the code and the side that closed. All calls have been completed.
  virtual void closed(conversation&, std::uint16_t code, const error& why) = 0;
};

// The parameters of a conversation.
struct conversation_setup {
  session::session_options session;
  const session::contract* contract = nullptr;
  // Null: the subprotocol selects the format.
  const parley::dialect* dialect = nullptr;
  spoken speaks = spoken::plain;  // used only with a dialect
  // The types that an Any in a payload may hold, in addition to the well-known types.
  const any_types* types = nullptr;
  // For a client: the plain server answers calls in the order in which they arrive.
  bool answers_in_order = false;
};

class conversation final : private session::owner, public std::enable_shared_from_this<conversation> {
 public:
  conversation(conversation_owner& of, conversation_setup setup, std::shared_ptr<const loop_executor> on);
  ~conversation() override;
  void forget_owner() noexcept { owner_ = nullptr; }

  // ---- For its connection.

  void attach(conversation_io& to) noexcept { io_ = &to; }
  // Called before begin(). Null: frames may be sent at any time.
  std::unique_ptr<pacing> make_pacing() const;
  // The connection is being destroyed with its loop and was not detached. Nothing more is sent or
  // reported.
  void forget(const conversation_io& gone) noexcept;
  // Null: this end does not support the subprotocol.
  const wire::envelope_format* choose_format(std::string_view subprotocol) const;
  void begin(const wire::envelope_format& format, time_point now);
  void receive(time_point now, bytes_view content, bool binary);
  void drained();
  void slowed_down(bool by_messages) {
    if (owner_) owner_->slowed_down(*this, by_messages);
  }
  void tick(time_point now);
  time_point next_tick() const noexcept;
  // Releases memory that only a busy conversation needs, if this one is silent. Most conversations
  // are silent most of the time.
  void rest(time_point now);
  // The connection has ended. Completes all calls and calls conversation_owner::closed().
  void detach(std::uint16_t code, const error& why);

  // ---- For its owner.

  // Exists from begin() on.
  session::peer_session& session() noexcept { return *session_; }
  const session::peer_session& session() const noexcept { return *session_; }
  bool has_session() const noexcept { return session_.has_value(); }
  bool open() const noexcept { return session_ && session_->open(); }
  // What this conversation speaks. Known once it is open.
  spoken speaks() const noexcept { return speaks_; }
  // Null before attach() and after detach().
  conversation_io* connection() const noexcept { return io_; }
  // The waiting bytes. Each frame counts as its bytes plus message_room. From begin() on, while
  // there is a connection.
  std::size_t queued() const { return session_->queued() + asking_.queued(); }
  // The waiting bytes, and whether an event or a call that is sent now reaches the transport at once.
  session::peer_session::flow look() const {
    session::peer_session::flow now = session_->look();
    now.queued += asking_.queued();
    return now;
  }
  // Whether a call would wait for the answer to an earlier one (plain mode).
  bool call_would_wait() const noexcept { return asking_.would_wait(); }
  // Calls with ids above this one will not be carried out. They end as never sent.
  void give_up_above(std::uint64_t id) { asking_.give_up_above(id); }
  // What is lost with the connection: calls that may have been carried out (while detach() runs), and
  // events of which it is not known whether they arrived.
  std::size_t calls_lost() const noexcept { return calls_lost_; }
  std::uint64_t unconfirmed_events() const noexcept { return asking_.unconfirmed_events(); }
  // The client as handlers see it. Null at a client, and at a server until it is set.
  parley::peer* peer() const noexcept { return peer_.get(); }
  void set_peer(std::shared_ptr<parley::peer> made) noexcept { peer_ = std::move(made); }
  const loop_executor& executor() const noexcept { return *on_; }

  // Server: who the client is. Nobody in particular, unless it was set. A principal of the same name
  // replaces one in place, so references to it stay valid.
  const parley::principal& principal() const noexcept;
  void set_principal(parley::principal);
  // The bits of its roles in the contract.
  std::uint64_t roles() const noexcept;
  // Server: answers the client after conversation_owner::greeted() and shown(). `auth_ms`: what is
  // left of the credential, or 0.
  void welcome(time_point now, std::uint32_t auth_ms);
  // The same, before begin(), of a client that was checked at its upgrade.
  void set_auth_ms(std::uint32_t auth_ms) noexcept { options_->auth_ms = auth_ms; }
  void renewed(std::uint32_t auth_ms) { session_->renewed(auth_ms); }

  // Calls of this end. Each is completed exactly once, inside this function if it fails at once.
  void start_call(time_point now, rpc::ticket of, const outgoing& request, time_point deadline, std::unique_ptr<pending_call> done) {
    asking_.start(now, of, request, deadline, std::move(done));
  }
  void cancel_call(rpc::ticket of) { asking_.cancel(of); }
  // Completes all calls with `cancelled`, before the conversation is closed.
  void cancel_all() { asking_.cancel_all(); }
  // Sends a local event. `disconnected`: the conversation has ended or is closing. Any other error:
  // this event cannot be sent, and the conversation continues. The error is reported only by the
  // result.
  result<> send_event(const outgoing&);

  // Whether no call runs in either direction and nothing waits to be sent.
  bool is_idle() const { return !session_ || (answering_.is_idle() && asking_.is_idle() && queued() == 0); }
  // Tells the other end that this end will close the conversation soon, if the format has a form for
  // it. The second one, directly before the close, names the last call that was read.
  [[gnu::cold]] void announce_end(const wire::goaway& notice) {
    if (session_) session_->send_goaway(notice);
  }
  [[gnu::cold]] void announce_end_now(wire::goaway notice) {
    notice.last_id = answering_.newest_call();
    announce_end(notice);
  }
  [[gnu::cold]] void close(std::uint16_t code, std::string_view text);
  // peer_session::probe().
  [[gnu::cold]] void probe(time_point now, std::chrono::milliseconds within);

  // The options for decoding the payload of a received frame.
  decode_options reading(const wire::envelope& e) const noexcept {
    decode_options options = reading_;
    options.tokens = e.payload_tokens;
    return options;
  }

 private:
  friend class answering;
  friend class asking;

  // session::owner
  void greeted(wire::auth shown) override {
    if (owner_) owner_->greeted(*this, std::move(shown));
  }
  void opened() override;
  void shown(wire::auth another) override {
    if (owner_) owner_->shown(*this, std::move(another));
  }
  void credential_renewed(std::uint32_t auth_ms) override {
    if (owner_) owner_->renewed(*this, auth_ms);
  }
  void refused(const wire::fault& fault, const session::about& what) override {
    if (owner_) owner_->refused(*this, fault, what.method);
  }

  void act_on(const wire::envelope&);
  [[gnu::noinline]] void act_on_plain(const wire::envelope&);
  [[gnu::noinline]] void on_event(const wire::envelope&, session::contract::number);
  [[gnu::cold]] void on_goaway(const wire::envelope&);
  session::contract::number number_of(const wire::envelope&) const;
  const method* known(const wire::envelope& e) const { return contract_.at_or_null(number_of(e)); }
  // Whether the other end may make this call or send this event.
  bool may_send(const method&, session::contract::number) const;
  [[gnu::noinline]] bool has_role_for(session::contract::number) const;
  // Why it may not.
  [[gnu::cold]] error not_allowed(const method&, std::string_view otherwise) const;
  // Whether a frame of this end stays within the dialect's limit, if there is one.
  bool fits(std::size_t frame) const noexcept;
  // Call it if the next tick may have become earlier.
  void tick_sooner() {
    if (io_) io_->tick_by(next_tick());
  }

  conversation_owner* owner_;
  conversation_io* io_ = nullptr;
  const session::contract& contract_;
  const dialect* dialect_;
  spoken speaks_;
  std::shared_ptr<const loop_executor> on_;
  std::unique_ptr<session::session_options> options_;  // until begin()
  std::optional<session::peer_session> session_;       // from begin() on
  decode_options reading_;
  time_point received_at_{};  // the arrival of the current message
  answering answering_;
  asking asking_;
  std::shared_ptr<parley::peer> peer_;
  std::size_t calls_lost_ = 0;
  // Server: set by a check.
  struct identity {
    parley::principal who;
    std::uint64_t roles = 0;
    std::size_t known_roles = 0;  // contract::role_count() when `roles` was computed
  };
  std::unique_ptr<identity> identity_;
  origin asker_;  // the origin of received calls; at a server it is the client
};

}  // namespace parley
