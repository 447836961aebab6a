// One conversation with one peer: its session, the calls open in both directions, and what each frame leads to. It has no socket, no clock
// and no thread. Messages and time points come in from its connection (conversation_io.hpp), which it also sends through. What is different
// between clients and servers is behind conversation_owner.
//
//   auto talk = std::make_shared<conversation>(owner, std::move(setup), executor);
//   talk->attach(connection);                           // before it opens
//   if (const auto* format = talk->choose_format(subprotocol)) talk->begin(*format, now);  // it has opened; owner.opened() follows
//   talk->receive(now, content, binary);                // each message
//   talk->tick(now);                                    // no later than next_tick()
//   talk->detach(code, why);                            // owner.closed() follows, and it is over
//
// One thread at a time. It is owned by a client or a server, and by each coroutine that answers one of its calls. The owner, the contract,
// the dialect and the types must outlive it; an owner that goes first says forget_owner().
#pragma once

#include "parley/conversation/answering.hpp"
#include "parley/conversation/asking.hpp"
#include "parley/conversation/conversation_io.hpp"
#include "parley/conversation/dialect.hpp"
#include "parley/conversation/pacing.hpp"
#include "parley/conversation/spoken.hpp"
#include "parley/session/session.hpp"
#include "parley/stub/outgoing.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

class conversation;
class peer;

// For the log: "with code 1009, closed here: a message was too large". Contains nothing that the other end wrote.
std::string how_it_ended(const error& why);
// "a frame of client ... was refused: Lobby.Say: denied".
std::string text_of_refused(std::string_view whose, const wire::fault&, const method*);

// Called from inside the conversation's functions.
class conversation_owner {
 public:
  virtual ~conversation_owner() = default;
  // The format for the subprotocol with which the connection opened. Null if this end does not support it.
  virtual const wire::envelope_format* format_for(std::string_view subprotocol) = 0;
  virtual void opened(conversation&) = 0;
  virtual void event_received(conversation&, const wire::envelope&, const method&, bytes_view payload) = 0;
  // An event of a method that the ends disagree about: it was counted.
  virtual void event_ignored(conversation&, const method&) {}
  // An event that no service here declares. The method in it is a name (JSON) or an id (binary).
  virtual void unknown_event(conversation&, const wire::envelope&) = 0;
  virtual void call_received(conversation&, incoming_call&) = 0;
  // An `error` that answers no call. `event`: the wire name of what it is about, empty if the other end did not give it.
  virtual void error_received(conversation&, const error&, std::string_view event) = 0;
  // A handler of calls threw. The answer reports that, without the text of the exception.
  virtual void call_handler_threw(const method&, const std::exception_ptr&) = 0;
  // A frame was invalid and refused. For the log, not called for each one. `method` is null if it is not known.
  virtual void refused(conversation&, const wire::fault&, const method*) {}
  // A plain client has learned the id that the server gave it. Called once.
  virtual void own_id_known(const std::string&) {}
  virtual void drained(conversation&) = 0;
  // Called once, and last. `code` is the close code. `why`: disconnected, or the reason why connecting failed, with the code and the side
  // that closed. All calls have been completed.
  virtual void closed(conversation&, std::uint16_t code, const error& why) = 0;
};

// What a conversation begins with.
struct conversation_setup {
  session::session_options session;
  const session::contract* contract = nullptr;
  // Null: what the subprotocol says.
  const parley::dialect* dialect = nullptr;
  spoken speaks = spoken::plain;  // only of a dialect
  // What an Any in a payload may hold beside the well-known types.
  const any_types* types = nullptr;
  // For a client of a plain server that answers calls in the order in which it gets them.
  bool answers_in_order = false;
};

class conversation final : private session::owner, public std::enable_shared_from_this<conversation> {
 public:
  conversation(conversation_owner& of, conversation_setup setup, std::shared_ptr<const loop_executor> on);
  ~conversation() override;
  void forget_owner() noexcept { owner_ = nullptr; }

  // ---- for its connection

  void attach(conversation_io& to) noexcept { io_ = &to; }
  // Before begin(). Null: frames leave at any time.
  std::unique_ptr<pacing> make_pacing() const;
  // The connection is destroyed without being detached, because its loop is. Nothing more is sent, and nobody is told.
  void forget(const conversation_io& gone) noexcept;
  // Null: this end does not speak it.
  const wire::envelope_format* choose_format(std::string_view subprotocol) const;
  void begin(const wire::envelope_format& format, time_point now);
  void receive(time_point now, bytes_view content, bool binary);
  void drained();
  void tick(time_point now);
  time_point next_tick() const noexcept;
  // Releases the memory that only a busy conversation needs, if it is silent. Most are silent most of the time.
  void rest(time_point now);
  // The connection is over. Completes all calls and calls conversation_owner::closed().
  void detach(std::uint16_t code, const error& why);

  // ---- for its owner

  // From begin() on.
  session::peer_session& session() noexcept { return *session_; }
  const session::peer_session& session() const noexcept { return *session_; }
  bool has_session() const noexcept { return session_.has_value(); }
  bool open() const noexcept { return session_ && session_->open(); }
  // What it speaks, once it is open.
  spoken speaks() const noexcept { return speaks_; }
  // Null before attach() and after detach().
  conversation_io* connection() const noexcept { return io_; }
  // Bytes that wait to be sent, each frame with its room. From begin() on, while there is a connection.
  std::size_t queued() const { return session_->queued() + asking_.queued(); }
  // The client as handlers see it; null at a client, and at a server until it is set.
  parley::peer* peer() const noexcept { return peer_.get(); }
  void set_peer(std::shared_ptr<parley::peer> made) noexcept { peer_ = std::move(made); }
  const loop_executor& executor() const noexcept { return *on_; }

  // Calls of this end. It completes each exactly once, and here if it fails at once.
  void start_call(time_point now, rpc::ticket of, const outgoing& request, time_point deadline, std::unique_ptr<pending_call> done) {
    asking_.start(now, of, request, deadline, std::move(done));
  }
  void cancel_call(rpc::ticket of) { asking_.cancel(of); }
  // Completes all of them with `cancelled`. The conversation is about to be closed.
  void cancel_all() { asking_.cancel_all(); }
  // Sends a local event. `disconnected`: the conversation is over or closing. Any other error: this event cannot be sent, the conversation
  // continues, and the error is reported here only.
  result<> send_event(const outgoing&);

  void close(std::uint16_t code, std::string_view text);

  // The bounds of the decoder for the payload of a received frame.
  decode_options reading(const wire::envelope& e) const noexcept {
    decode_options options = reading_;
    options.tokens = e.payload_tokens;
    return options;
  }

 private:
  friend class answering;
  friend class asking;

  // session::owner
  void opened() override;
  void refused(const wire::fault& fault, const session::about& what) override {
    if (owner_) owner_->refused(*this, fault, what.method);
  }

  void act_on(const wire::envelope&);
  void act_on_plain(const wire::envelope&);
  void on_event(const wire::envelope&, const method*);
  const method* known(const wire::envelope&) const;
  // Whether the other end may ask this call, or send this event.
  bool may_send(const method&) const;
  // Whether a frame of this end keeps the dialect's bound, if there is one.
  bool fits(std::size_t frame) const noexcept;
  // The next tick may have become earlier.
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
  std::optional<session::peer_session> session_;       // from then on
  decode_options reading_;
  time_point received_at_{};  // of the message that is being acted on
  answering answering_;
  asking asking_;
  std::shared_ptr<parley::peer> peer_;
  origin asker_;  // of the calls that arrive: the client, at a server
};

}  // namespace parley
