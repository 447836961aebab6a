// One connection at one end: its session, the calls open in both directions, and the clock that drives them. Client and server are
// made of this; what is different between them is behind connection_owner.
#pragma once

#include "parley/core/flat_index.hpp"
#include "parley/core/ring.hpp"
#include "parley/peer/core.hpp"
#include "parley/peer/dialect.hpp"
#include "parley/peer/own_id.hpp"
#include "parley/peer/peer.hpp"
#include "parley/peer/serve.hpp"
#include "parley/peer/spoken.hpp"
#include "parley/rpc/rpc.hpp"
#include "parley/session/session.hpp"
#include "parley/transport/transport.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley {

class connection_end;

// For the log: "with code 1009, closed here: a message was too large". Nothing of what the other end wrote.
std::string how_it_ended(const error& why);
// "a frame of client ... was refused: Lobby.Say: denied".
std::string text_of_refused(std::string_view whose, const wire::fault&, const method*);

// What a dialect wants of its connections.
constexpr transport::manners manners_of(const dialect& d) noexcept {
  return {.masked_frames = d.masked_frames, .any_text = d.any_text, .silent_close = d.silent_close, .keep_alive = !d.pings};
}

// Is a frame of so many bytes, written at this end and without its head, inside the dialect's bound? Heads of up to 64 KiB, RFC 6455 5.2.
constexpr bool fits(const dialect& d, std::size_t frame, side writer) noexcept {
  const std::size_t mask = writer == side::client ? 4 : 0;
  return d.max_frame == 0 || 4 + mask + frame <= d.max_frame;
}

// Called on the connection's executor. An owner that goes first says forget_owner().
class connection_owner {
 public:
  virtual ~connection_owner() = default;
  // The format that goes with the subprotocol the connection opened with; null: not one that this end can speak.
  virtual const wire::envelope_format* format_for(std::string_view subprotocol) = 0;
  virtual void opened(connection_end&) = 0;
  virtual void event_received(connection_end&, const wire::envelope&, const method&, bytes_view payload) = 0;
  // An event of a method that the ends disagree about: it was counted.
  virtual void event_ignored(connection_end&, const method&) {}
  // An event that no service here knows; the method in it is a name (JSON) or an id (binary).
  virtual void unknown_event(connection_end&, const wire::envelope&) = 0;
  virtual void call_received(connection_end&, incoming_call&) = 0;
  // An `error` that answers no call; `event`: the wire name of what it is about, empty if the other end did not say.
  virtual void error_received(connection_end&, const error&, std::string_view event) = 0;
  // A handler of calls threw; the answer says so, without what it was.
  virtual void call_handler_threw(const method&, const std::exception_ptr&) = 0;
  // A frame was found wrong and refused; for the log, not with every one. The method it was about, if that is known.
  virtual void refused(connection_end&, const wire::fault&, const method*) {}
  // A plain client has learned which id the server gave it. Once.
  virtual void own_id_known(const std::string&) {}
  virtual void drained(connection_end&) = 0;
  // Once, and last. `why`: disconnected, or why connecting failed; with the code and the side that closed. All calls have been completed.
  virtual void closed(connection_end&, const transport::close_reason&, const error& why) = 0;
};

class connection_end final : public transport::connection_handler,
                             public answers,
                             private session::output,
                             private session::owner,
                             public std::enable_shared_from_this<connection_end> {
 public:
  connection_end(connection_owner& owner, session::session_options options, const session::contract& known,
                 std::shared_ptr<transport::clock> clock, asio::any_io_executor on);

  // In place of what the subprotocol says. Before the connection opens; `how` outlives this.
  void speak(const dialect& how, spoken as) noexcept;
  // What this connection speaks, once it is open.
  spoken speaks() const noexcept { return speaks_; }

  // From opening on.
  session::peer_session& session() noexcept { return *session_; }
  bool has_session() const noexcept { return session_.has_value(); }
  bool open() const noexcept { return session_ && session_->open(); }
  // drained() comes, too, when the transport holds no more than this.
  void tell_when_below(std::size_t bytes);
  // Bytes that wait to be sent, each frame with its room. From opening on.
  std::size_t queued() const { return session_->queued() + (plain_ ? plain_->not_sent_bytes : 0); }
  const asio::any_io_executor& executor() const noexcept { return on_; }
  time_point now() const { return clock_->now(); }
  std::string remote() const { return connection_ ? connection_->remote() : std::string(); }
  // The message that is being handled was as much work as so many more (transport::connection).
  void costs(std::size_t messages) {
    if (connection_) connection_->costs(messages);
  }
  void forget_owner() noexcept { owner_ = nullptr; }

  // Server: what the application sees of this client. Made when the connection opens.
  parley::peer& as_peer();
  bool has_peer() const noexcept { return peer_ != nullptr; }

  // Opens a call; `done` is completed exactly once, here on failure.
  void start_call(rpc::ticket, const outgoing&, time_point deadline, std::unique_ptr<pending_call> done);
  void cancel_call(rpc::ticket);
  // Completes every call of this end with `cancelled`; the connection is about to be closed.
  void cancel_all();

  // Sends a local event. `disconnected`: the connection is closed or closing. Any other error: this event cannot be sent, the
  // connection goes on; nobody else reports it.
  result<> send_event(const outgoing&);

  // Inside the dialect's bound, if there is one?
  bool fits(std::size_t frame) const noexcept { return !dialect_ || parley::fits(*dialect_, frame, session_->self()); }
  // Over the limit of the method, or of what the other end accepts?
  bool too_large_for_peer(const method&, std::size_t payload) const;
  bool too_large_for_us(const method&, std::size_t payload) const;
  // What such a payload's sender is told.
  error over_peers_limit(const method&, std::size_t payload) const;
  error over_our_limit(const method&, std::size_t payload) const;

  void close(std::uint16_t code, std::string_view text);
  void abort();
  // Drops the connection, or what comes of an attempt that is abandoned: its owner hears `why` from closed().
  void give_up(error why);
  // Has the transport's connection opened? The greeting may still be missing.
  bool reached() const noexcept { return connection_ != nullptr; }

  // The other end, a plain server, answers calls in the order it gets them. Before the connection opens.
  void expect_answers_in_order() noexcept { answers_in_order_ = true; }

  // What an Any in a payload may hold, beside the well-known types. Before the connection opens; not owned.
  void know_types(const any_types* types) noexcept { reading_.types = types; }
  // The decoder's bounds for what arrives here.
  // For the payload of this frame.
  decode_options reading(const wire::envelope& e) const noexcept {
    decode_options options = reading_;
    options.tokens = e.payload_tokens;
    return options;
  }

 private:
  // transport::connection_handler
  void on_open(std::shared_ptr<transport::connection> to, std::string_view subprotocol) override;
  void on_received(std::size_t bytes) override;
  void on_message(bytes_view content, transport::opcode kind) override;
  void on_drained() override;
  void on_closed(const transport::close_reason& why, const error& how) override;

  // session::output
  session::outlet look() const override;
  bool holds_back() const override { return holds_back_; }
  void transmit(const buffer& frame) override;
  void transmit_copy(bytes_view frame) override;
  void ping() override;
  void close_connection(std::uint16_t code, std::string_view text) override;
  void opened() override;
  bool unread() const override { return connection_ && connection_->has_unread(); }
  session::arrivals arrived() const override { return {received_, received_at_}; }
  void refused(const wire::fault& fault, const session::about& what) override {
    if (owner_) owner_->refused(*this, fault, what.method);
  }

  // answers
  void answer(const method&, std::uint64_t id, const void* value) override;
  void answer(const method&, std::uint64_t id, const error&) override;
  void answer_thrown(const method&, std::uint64_t id, const std::exception_ptr&) override;
  void keep(std::uint64_t id, serving& handler) override { incoming_.keep(id, handler, handler.grown()); }
  std::shared_ptr<serving> take(const method&) override;
  void give_back(const method&, std::shared_ptr<serving>) override;
  std::shared_ptr<answers> hold() override { return shared_from_this(); }

  void act_on_message(bytes_view content, transport::opcode kind);
  void act_on(const wire::envelope&);
  void act_on_plain(const wire::envelope&);
  void on_event(const wire::envelope&, const method*);
  void on_call(const wire::envelope&, const method*);
  void on_plain_call(const wire::envelope&, const method&);
  void run_call(const wire::envelope&, const method&, std::uint64_t id, std::optional<std::uint32_t> deadline_ms);
  void on_terminal(const wire::envelope&);
  void on_cancel(const wire::envelope&);
  static error received_error(const wire::envelope&);
  const method* known(const wire::envelope&) const;
  bool may_send(const method&) const;

  // A plain peer where the schema relays what it does not know, as datadivr's does.
  bool reads_python() const { return session_->plain() && &session_->format() == &wire::plain_format() && contract_.relays_unknown(); }
  result<> send_reply(const method&, std::uint64_t id, const void* value);
  error not_writable(const method&, const error&);
  void send_terminal(const method*, std::uint64_t id, const error*, bytes_view payload);
  void send_terminal(std::string& frame);
  void finish_call(std::unique_ptr<pending_call>, const wire::envelope&, const method&);
  void give_up(rpc::outgoing_calls::given_up);
  static void end_call(rpc::outgoing_calls::given_up, error why, bool may_have_left);
  bool take_back(std::uint64_t id);
  bool forget_unsent(std::uint64_t id);
  void refuse_call(const method*, std::uint64_t id, const error&);
  struct lost_call {
    rpc::outgoing_calls::given_up call;
    bool may_have_left = true;
  };
  std::vector<lost_call> take_all_calls();
  error why_it_ended(const transport::close_reason& why, const error& how) const;

  void send_next_plain_call();
  rpc::outgoing_calls::named_answer answered_by(const wire::envelope&);
  void give_up_plain(std::uint64_t id, errc why);
  void find_own_id(rpc::ticket, time_point deadline, std::unique_ptr<pending_call> done);
  void send_search(target whom);
  void hear_search(const wire::envelope&);
  void know_own_id(const std::string& id);
  void give_up_search(rpc::outgoing_calls::given_up);

  void hold_back(std::chrono::milliseconds);
  void go_on();

  void arm();
  void ring();
  void act_on_time();
  void release_memory();

  connection_owner* owner_;
  const session::contract& contract_;
  std::shared_ptr<transport::clock> clock_;
  asio::any_io_executor on_;
  std::unique_ptr<transport::alarm> alarm_;
  time_point armed_ = time_point::max();
  bool rings_ = false;  // the alarm knows what to call
  std::shared_ptr<transport::connection> connection_;
  std::unique_ptr<session::session_options> options_;  // until the format is settled
  std::optional<session::peer_session> session_;       // from then on
  std::unique_ptr<error> failure_;                     // why this end gave up, if it did
  rpc::outgoing_calls outgoing_;
  rpc::incoming_calls incoming_;
  struct kept {
    const method* what;
    std::shared_ptr<serving> slot;
  };
  std::vector<kept> kept_;  // what calls of each method are served with
  flat_index kept_at_;
  std::unique_ptr<parley::peer> peer_;
  origin asker_;  // of the calls that arrive: the client, at a server
  decode_options reading_;
  time_point received_at_{};    // the message that is being acted on, or bytes of one after it
  std::uint64_t received_ = 0;  // bytes, if the transport says
  const dialect* dialect_ = nullptr;
  std::unique_ptr<transport::alarm> pause_;  // of a dialect's, while it holds back
  spoken speaks_ = spoken::plain;
  bool one_by_one_ = false;     // a pause follows each frame that is sent
  bool holds_back_ = false;     // nothing may be sent just now
  bool awaits_a_word_ = false;  // nothing may be sent before the other end has said something
  bool told_when_ = false;      // the transport says when bytes come
  bool acting_ = false;
  bool answers_in_order_ = false;

  // Plain mode has no call ids of its own.
  struct plain_state {
    std::uint64_t next_id = 1;                                   // stands for a call that came without one
    std::unordered_map<std::uint64_t, std::string> foreign_ids;  // running calls whose caller gave an id, as JSON text
    struct ordered {                                             // running calls without: answered in the order they came
      std::uint64_t id = 0;
      std::optional<std::string> frame{};
    };
    parley::ring<ordered> in_order;
    std::size_t answered_bytes = 0;  // of the frames in it
    struct waiting {
      std::uint64_t id = 0;
      std::string frame{};
    };
    parley::ring<waiting> not_sent;  // client: calls that wait for the one before them
    std::size_t not_sent_bytes = 0;
    bool echoes_ids = false;           // client: the server repeats ids, so several calls may be in flight
    std::uint64_t answered_up_to = 0;  // client, of a server that answers in order: calls before this one are past
    std::string own_id{};              // client: empty until known
    struct search {
      own_id_search event;
      rpc::outgoing_calls asked_for;  // never empty
    };
    std::unique_ptr<search> searching{};
  };
  std::unique_ptr<plain_state> plain_;  // while a plain session is open
};

}  // namespace parley
