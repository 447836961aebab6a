// One raw connection, on one executor. Private to raw.
#pragma once

#include "parley/ends/gate.hpp"
#include "parley/ends/home.hpp"
#include "parley/ends/shared_loop.hpp"
#include "parley/ends/speed_limit.hpp"
#include "parley/raw/raw_connection.hpp"
#include "parley/transport/lifeline.hpp"
#include "parley/transport/transport.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley {

// Sends that wait for room may hold this multiple of max_queue.
inline constexpr std::size_t raw_queues_waiting = 4;

class raw_core final : public raw_end,
                       public transport::connection_handler,
                       public std::enable_shared_from_this<raw_core>,
                       private transport::tethered {
 public:
  raw_core(std::string url, raw_options options, home where);
  // A connection that never had a thread: its loop ends with the members.
  ~raw_core() override { untie(); }
  // In the server's role, where the transport opens the connection.
  raw_core(raw_options options, home where, raw_request asked);
  // Calls `opened` once, unless the client has gone before, and `over` once and last. On the
  // executor.
  void serve_as(std::function<void(const std::shared_ptr<raw_core>&)> opened, std::function<void()> over);
  const raw_request& asked() const noexcept { return asked_; }
  // Limits how fast the other end may send. Before the connection opens.
  void slow_down_to(std::shared_ptr<const speed_terms> terms);
  // Any thread. Does nothing if the connection is closing or over.
  void close_here(std::uint16_t code, std::string reason);

  // raw_end
  asio::any_io_executor executor() const override { return home_.executor(); }
  bool runs_here() const override { return home_.runs_here(); }
  ticket reserve() override {
    has_handlers();
    return new_ticket();
  }
  void connect(ticket, std::unique_ptr<operation<void>>) override;
  void send(ticket, raw_message, std::unique_ptr<operation<void>>) override;
  void receive(ticket, std::optional<duration> within, std::unique_ptr<operation<raw_message>>) override;
  void ask(ticket, raw_message, std::optional<duration> within, std::unique_ptr<operation<raw_message>>) override;
  void close(ticket, std::uint16_t code, std::string reason, std::unique_ptr<operation<void>>) override;
  void cancel(ticket) override;
  bool send_at_once(raw_message&) override;
  std::optional<raw_message> take_at_once() override;

  // The blocking operations. The calling thread does the work itself if no function of the program
  // can run on the own loop. Otherwise the own thread does it. They throw call_failed.
  void connect_here();
  void send_here(raw_message);
  raw_message receive_here(std::optional<duration> within);
  raw_message ask_here(raw_message);
  void close_and_wait(std::uint16_t code, std::string reason);
  // From now on the program's functions may run on the executor, so no other thread runs it.
  asio::any_io_executor executor_for_program() {
    has_handlers();
    return executor();
  }

  // Leaves the message unchanged if it cannot be queued.
  result<> try_send(raw_message&);
  void ping();
  void on_message(std::function<void(const raw_message&)>);
  void on_closed(std::function<void(const error&)>);
  void on_pong(std::function<void()>);
  void pause_reading(bool paused);
  bool open() const noexcept { return phase_.load() == phase::open; }

  // What is known from the moment the connection is open, and after it is over.
  struct facts {
    std::string subprotocol;
    std::string local;
    std::string remote;
    transport::close_reason ended{0, {}};
  };
  facts known() const;

  // Completes all operations with `cancelled`. A loop of its own ends after the close handshake.
  void leave();
  void run_on_own_thread();
  // Waits for the connection's own thread. If called on that thread, lets it end by itself.
  void join() { thread_.join(); }

 private:
  enum class phase { idle, connecting, open, closing, closed };

  struct sending {
    ticket of;
    raw_message message;
    std::unique_ptr<operation<void>> done;  // null: nothing waits for it
    time_point deadline;
    bool counted;  // included in posted_ until the transport has it
  };
  struct receiving {
    ticket of;
    time_point deadline;
    std::unique_ptr<operation<raw_message>> done;
    bool asked;  // it waits for the answer to a message of its own
  };
  struct waiting {
    ticket of;
    std::unique_ptr<operation<void>> done;
  };

  // transport::connection_handler
  void on_open(std::shared_ptr<transport::connection> to, std::string_view subprotocol) override;
  void on_message(bytes_view content, transport::opcode kind) override;
  bool on_violation() override;
  void on_drained() override;
  void on_closed(const transport::close_reason& why, const error& how) override;

  // gate::post
  template <class What>
  bool on_executor(What what) {
    ++on_the_way_;
    const bool posted = gate_.post(shared_from_this(), [what = std::move(what)](raw_core& self) mutable {
      --self.on_the_way_;
      what(self);
    });
    if (!posted) --on_the_way_;
    else if (shared_) shared_->notify();
    return posted;
  }
  template <class Operation, class What>
  void on_executor(std::unique_ptr<Operation> done, What what) {
    ++on_the_way_;
    const bool posted =
        gate_.post(shared_from_this(), std::move(done), [what = std::move(what)](raw_core& self, std::unique_ptr<Operation> asked) mutable {
          --self.on_the_way_;
          what(self, std::move(asked));
        });
    if (!posted) --on_the_way_;
    else if (shared_) shared_->notify();
  }
  // Whether an operation can begin inside the function that starts it. This thread must be running
  // the executor, and no operation started earlier may still be on its way there. The operation
  // then needs no turn of the loop.
  bool begins_here() const { return home_.inside() && on_the_way_ == 0 && !gate_.is_shut(); }
  // Like on_executor(), but immediately if possible. An operation that ends meanwhile completes in
  // a separate turn.
  template <class Operation, class What>
  void begin(std::unique_ptr<Operation> done, What what) {
    if (!begins_here()) return on_executor(std::move(done), std::move(what));
    const struct whole {
      ~whole() { flag = before; }
      bool& flag;
      const bool before;
    } starting{starting_, std::exchange(starting_, true)};
    what(*this, std::move(done));
  }
  // Completes an operation, but never inside the function that starts it.
  template <class T>
  void finish(std::unique_ptr<operation<T>> done, result<T> outcome) {
    if (!starting_) return done.release()->finish(std::move(outcome));
    asio::post(home_.executor(),
               [done = std::move(done), outcome = std::move(outcome)]() mutable { done.release()->finish(std::move(outcome)); });
  }

  // The first operation connects. Returns false if the connection is over, for the reason in
  // error_.
  bool connect_if_idle();
  void begin_connecting();
  void give_up_connecting(error why);
  void begin_closing(std::uint16_t code, std::string_view reason, error why);
  void over(const transport::close_reason& why, const error& how);
  void call_closed_handler();
  void call_pong_handler();
  void handler_failed();
  void end_operations(const error& why);
  // The result of an ask whose message may have left.
  static error after_asking(error why, bool may_have_left) {
    why.maybe_done = may_have_left;
    return why;
  }
  static error not_utf8() { return {errc::invalid, "text to be sent is not UTF-8"}; }
  static error too_many() { return {errc::overloaded, "too many operations wait"}; }
  static error too_much() { return {errc::overloaded, "too much is waiting to be sent"}; }
  static std::size_t room_of(const raw_message& message) noexcept { return cost_of(message.size()); }
  bool room_to_send(const raw_message& message) const;
  bool room_for(std::size_t operations) const noexcept { return operations < options_.max_operations; }

  // The operation with this ticket, which leaves the list. Null if there is none.
  template <class Waiting>
  static auto take_out(Waiting& all, ticket of) {
    decltype(all.front().done) found;
    const auto it = std::find_if(all.begin(), all.end(), [of](const auto& one) { return one.of == of && one.done; });
    if (it != all.end()) {
      found = std::move(it->done);
      all.erase(it);
    }
    return found;
  }

  // Called before a function of the program can run on the executor.
  void has_handlers() noexcept {
    if (shared_) shared_->end_sharing_and_wait();
  }
  void no_visitors() noexcept {
    if (shared_) shared_->end_sharing();
  }
  template <class T, class Here, class There>
  result<T> wait_for(Here here, There there);
  template <class T>
  void run_until(waiting_room<T>&);
  bool step();
  void run_posted();
  shared_loop::left left_undone() const;
  // Leaves the loop that the thread has entered.
  struct visit {
    raw_core& of;
    ~visit() { of.shared_->leave(of.left_undone()); }
  };
  bool send_as_visitor(raw_message&);
  void begin_sending(ticket, raw_message, std::unique_ptr<operation<void>>);
  void begin_asking(ticket, raw_message, std::optional<duration> within, std::unique_ptr<operation<raw_message>>);
  ticket new_ticket() noexcept { return next_ticket_.fetch_add(1, std::memory_order_relaxed); }

  // Handles a receive that was counted in first_in_line_.
  void begin_receiving(ticket, std::optional<duration> within, std::unique_ptr<operation<raw_message>>, bool asked = false);
  std::optional<error> why_not_ask();
  std::optional<raw_message> take();
  std::optional<raw_message> pop();
  void hand_over();
  void call_handler(const raw_message&);
  void finish_if_answered();
  void look_at_reading();
  [[gnu::noinline]] void count(std::size_t bytes);
  time_point deadline_after(duration limit) const;
  void arm_sends(time_point next);
  void expire_sends();
  error nothing_left() const;
  void arm_receives(time_point next);
  void expire_receives();
  bool take_back(ticket);

  bool may_be_sent(const raw_message&) const;
  // Any thread. A message that it admits is counted in held_ until let_go().
  std::optional<error> why_not_hold(const raw_message&);
  void hold(sending);
  void let_go(const sending&) noexcept;
  void send_waiting();

  void say_goodbye();
  void finish_leaving();
  // A coroutine that waits here may own the connection. Dropping the coroutine is the only way to
  // break that cycle.
  void sever() noexcept override;

  const std::string url_;    // empty in the server's role
  const raw_request asked_;  // empty at clients
  // Null: plain text, or the server's role. Initialised before the options, from which it takes the
  // key.
  const std::shared_ptr<transport::tls_client> tls_;
  const raw_options options_;
  home home_;
  gate gate_;
  const std::shared_ptr<transport::clock> clock_;
  std::atomic<ticket> next_ticket_ = 1;
  std::atomic<phase> phase_ = phase::idle;
  // Functions posted to the executor that have not run yet.
  std::atomic<std::size_t> on_the_way_ = 0;
  std::atomic<std::size_t> posted_ = 0;  // bytes from try_send that the transport does not have yet
  std::atomic<std::size_t> queued_ = 0;  // bytes in the transport, as last observed
  // Bytes of sends that wait for room, or are on their way to the loop.
  std::atomic<std::size_t> held_ = 0;
  // Sends that wait for room. Others must not overtake them.
  std::atomic<std::size_t> waiting_ = 0;

  // Blocking receives take from the inbox on their own thread, without a turn of the loop. Only the
  // loop puts messages into it.
  std::mutex inbox_mutex_;
  std::deque<raw_message> inbox_;             // empty while a receive waits
  std::atomic<std::size_t> inbox_bytes_ = 0;  // 0 if the inbox is empty
  // Receives on their way to the loop, and a handler that is set or about to be.
  std::atomic<std::size_t> first_in_line_ = 0;
  std::atomic<bool> paused_ = false;

  mutable std::mutex mutex_;  // protects the next member
  facts facts_;

  std::shared_ptr<shared_loop> shared_;  // of the own loop; null on an executor of others
  own_thread thread_;                    // runs the connection's own loop

  // On the executor:
  std::shared_ptr<transport::connection> link_;  // while open or closing
  std::function<void()> abandon_;                // gives up an attempt to connect
  std::unique_ptr<transport::alarm> phase_alarm_;
  std::unique_ptr<transport::alarm> receive_alarm_;
  std::unique_ptr<transport::alarm> send_alarm_;
  time_point armed_ = time_point::max();
  time_point sends_armed_ = time_point::max();
  std::optional<error> error_;  // the reason why the connection is over or closing
  std::vector<waiting> connects_;
  std::vector<waiting> closes_;
  std::deque<sending> sends_;
  std::deque<receiving> receives_;
  raw_message scratch_;
  struct throttle {
    explicit throttle(std::shared_ptr<const speed_terms> of) : terms(std::move(of)), speed(*terms) {}
    const std::shared_ptr<const speed_terms> terms;
    speed_limit speed;
    bool pauses = false;
    std::unique_ptr<transport::alarm> alarm{};
  };
  std::unique_ptr<throttle> throttle_;  // only in the server's role
  std::shared_ptr<std::function<void(const raw_message&)>> message_handler_;
  std::function<void(const error&)> closed_handler_;
  std::function<void()> pong_handler_;
  std::function<void(const std::shared_ptr<raw_core>&)> when_served_;
  std::function<void()> when_over_;
  bool paused_by_user_ = false;
  // Set after a violation. Earlier messages may still be answered.
  bool reads_no_more_ = false;
  bool leaving_ = false;
  bool starting_ = false;  // inside begin()
  // What blocking sends queued since a blocking operation last waited, and whether it is usual that
  // several come between two waits.
  std::size_t sent_since_wait_ = 0;
  bool sends_in_batches_ = false;
  time_point sent_at_{};  // when a blocking send last left at once
};

}  // namespace parley
