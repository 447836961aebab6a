// One client: its end of the link, on one executor. Private to the client room.
#pragma once

#include "parley/client/client.hpp"
#include "parley/client/coroutine_count.hpp"
#include "parley/client/credentials.hpp"
#include "parley/client/life.hpp"
#include "parley/client/named_method.hpp"
#include "parley/client/waiting_sends.hpp"
#include "parley/conversation/conversation.hpp"
#include "parley/ends/gate.hpp"
#include "parley/ends/home.hpp"
#include "parley/ends/watchdog.hpp"
#include "parley/transport/lifeline.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace parley {

namespace transport {
class tls_client;
}

class client_core final : public core,
                          public conversation_owner,
                          private handler_host,
                          public std::enable_shared_from_this<client_core>,
                          private transport::tethered {
 public:
  client_core(std::vector<std::string> urls, client_options options, home where);
  ~client_core() override;

  // core
  const loop_executor& runs_on() const override { return *home_.shared_executor(); }
  bool runs_here() const override { return home_.runs_here(); }
  formats_in_use formats() const override;
  void use(const service&) override;
  ticket reserve() override { return next_ticket_.fetch_add(1, std::memory_order_relaxed); }
  void connect(ticket, outgoing, std::unique_ptr<pending_call>) override;
  void start(ticket, outgoing, std::unique_ptr<pending_call>) override;
  void cancel(ticket) override;
  sent send(outgoing) override;
  void send_when_room(ticket, outgoing, std::unique_ptr<pending_call>) override;
  std::uint64_t subscribe(const method&, std::shared_ptr<subscriber>) override;
  std::uint64_t answer(const method&, std::shared_ptr<call_server>) override;
  void unsubscribe(std::uint64_t) override;

  using watcher = std::function<void(const named_event&, const origin&)>;
  // Receives every event. unsubscribe() ends it.
  std::uint64_t watch(watcher);
  // The method of a call that is known by its name only. It lives as long as this object. Null:
  // there are too many.
  const method* named_call(std::string_view name, std::string_view reply);
  bool speaks_json_only() const {
    if (options_.dialect.format) return options_.dialect.format->payload_format() == format::json;
    return options_.encoding == encoding::plain || options_.encoding == encoding::json;
  }

  bool connected() const noexcept { return phase_.load() == phase::open; }
  link_status status() const;
  void reconnect_now();
  std::string id() const;
  void on_disconnected(std::function<void(const error&)>);
  void on_status(std::function<void(const link_status&)>);
  void on_error(std::function<void(const error&, std::string_view)>);
  // Completes all operations with `cancelled`. An own loop ends when the connection is closed.
  void close();
  void run_on_own_thread(std::shared_ptr<own_loop> loop) { thread_.run(std::move(loop)); }
  // Waits until the own thread has ended. If called on that thread, the thread ends by itself.
  void join() { thread_.join(); }

 private:
  // lost: no attempt follows by itself. closed: close() was called.
  enum class phase { idle, connecting, open, waiting, lost, closed };

  using early = waiting_send;

  // conversation_owner
  const wire::envelope_format* format_for(std::string_view subprotocol) override;
  void opened(conversation&) override;
  void renewed(conversation&, std::uint32_t auth_ms) override { watch_credential(auth_ms); }
  void event_received(conversation&, const wire::envelope&, const invocation&) override;
  void unknown_event(conversation&, const wire::envelope&) override;
  void call_received(conversation&, incoming_call&) override;
  void call_handler_threw(const method&, const std::exception_ptr&) override;
  void error_received(conversation&, const error&, std::string_view event) override;
  void refused(conversation&, const wire::fault&, const method*) override;
  void own_id_known(const std::string&) override;
  void drained(conversation&) override;
  void going_away(conversation&, const wire::goaway&) override;
  void closed(conversation&, std::uint16_t code, const error& why) override;

  // handler_host
  const loop_executor& handlers_run_on() const override { return runs_on(); }
  std::shared_ptr<running_handler> begin_handler(const method& event, const origin& from) override;

  // gate::post
  template <class... What>
  bool on_executor(What&&... what) {
    return gate_.post(shared_from_this(), std::forward<What>(what)...);
  }
  void connect_now();
  void act(const life::action&);
  // Asks for a credential first, if there is a source.
  void begin_attempt(const std::string& url, bool refused);
  void begin_connecting(const std::string& url, const credential& shown);
  void attempt_failed(const error& why);
  // The attempt or the connection has ended. `lost` is what waits is told.
  void after_loss(bool was_open, const error& lost, const life::loss& how);
  void watch_credential(std::uint32_t auth_ms);
  void renew_credential();
  void give_up_connecting();
  void set_status(link_status);
  void tell_status();
  void tell_disconnected(const error& why);
  void fail_connects(const error& why);
  void begin(early);
  void keep_early(early);
  void send_waiting();
  class repeatable_call;
  void send_repeatable(early);
  void call_lost(early, error why);
  void keep_lost_calls();
  void fail_lost_calls();
  static void finish_early(early&, error why);
  std::size_t limit_of(const method&) const noexcept;
  std::string_view option_of_limit() const noexcept;
  error why_no_room(const outgoing&) const;
  // Whether a message that costs this much has no place beside the `used` bytes. An empty queue takes
  // any message.
  bool is_full(std::size_t used, std::size_t cost) const noexcept { return used != 0 && used + cost > options_.max_queue; }
  void send_early(early);
  void admit_waiting();
  void fail_waiting(const error& why);
  void expire_early();
  void arm_early();
  void note_queue();
  sent admit(std::size_t cost);
  bool may_wait_for_room(std::size_t cost);
  void release_room_of(const early&) noexcept;
  bool known_to_mismatch(const method&) const;
  void assume_nothing_of_the_server();
  void report(const error& e, std::string_view event);
  void report_received(conversation&, const error& e, std::string_view event);
  void tell_error_handler(const error& e, std::string_view event);
  void handler_failed(std::string_view event, const std::exception_ptr&);
  void tell_watchers(const wire::envelope&);
  void log_threw(std::string_view handler) const;
  void say_goodbye();
  void send_last_events();
  void finish_closing();
  // A coroutine that waits for this client may also hold it. Such a cycle ends only when the
  // coroutine is destroyed here.
  void sever() noexcept override;

  const std::vector<std::string> urls_;
  // Null: plain text. Initialised before the options, from which it takes the key.
  const std::shared_ptr<transport::tls_client> tls_;
  const client_options options_;
  home home_;
  gate gate_;
  std::shared_ptr<transport::clock> clock_;
  watchdog watchdog_;
  std::atomic<ticket> next_ticket_ = 1;
  std::atomic<phase> phase_ = phase::idle;
  std::atomic<std::uint8_t> format_ = 0;  // payloads of the open session: 0 not known, 1 JSON, 2 binary
  std::atomic<std::size_t> posted_ = 0;   // bytes that were sent and have not reached the session
  std::atomic<std::size_t> queued_ = 0;   // bytes in the session and the transport, as last seen
  // The number of sends that wait for room. Plain sends must not overtake them.
  std::atomic<std::size_t> waiting_for_room_ = 0;
  std::atomic<std::size_t> for_room_bytes_ = 0;  // the bytes of those, and of those on their way to the loop
  std::atomic<bool> looks_again_ = false;        // the loop was asked to look at the queue
  std::atomic<std::size_t> peer_max_message_ = 0;

  std::atomic<bool> mismatches_ = false;  // whether mismatched_ contains any

  mutable std::mutex mutex_;  // protects the next five
  session::contract declared_;
  std::map<std::pair<std::string, std::string>, named_method, std::less<>> named_calls_;  // by name and reply
  std::string id_;
  link_status status_;
  std::vector<const method*> mismatched_;  // methods whose versions differ in the open session

  own_thread thread_;  // runs the own loop

  // Used on the executor:
  session::contract contract_;
  std::shared_ptr<conversation> conversation_;
  std::shared_ptr<client_core> self_;  // set while closing, because the last stub may be destroyed on another thread meanwhile
  std::function<void()> abandon_;      // abandons an attempt to connect
  std::unique_ptr<transport::alarm> alarm_;
  std::unique_ptr<transport::alarm> connect_alarm_;  // ends the attempt, or the wait for the next one
  life life_;
  std::unique_ptr<credentials> credentials_;  // null: there is no source
  std::string attempt_url_;                   // of the connection, or of the last attempt
  std::optional<error> last_loss_;            // until the link is open again
  std::uint64_t calls_lost_ = 0;              // these two since the link was last open
  std::uint64_t unconfirmed_ = 0;
  std::unordered_map<ticket, std::unique_ptr<pending_call>> connecting_;
  waiting_sends early_;  // they wait for the link, or until it takes more
  struct lost_call {
    early one;
    error why;
  };
  std::vector<lost_call> lost_calls_;  // between the end of a connection and the decision what follows
  const bool keeps_calls_;             // the client connects again, so calls can be sent again
  bool takes_more_ = false;            // what is sent now reaches the transport
  bool leaving_ = false;               // the server announced its end
  time_point not_before_{};            // the earliest time for the next connection
  time_point early_armed_ = time_point::max();
  waiting_sends for_room_;  // async sends that wait for room in the queue
  struct subscription_entry {
    std::uint64_t id;
    std::shared_ptr<subscriber> handler;
  };
  std::unordered_map<const method*, std::vector<subscription_entry>> subscribers_;
  std::unordered_map<const method*, std::pair<std::uint64_t, std::shared_ptr<call_server>>> answering_;
  const std::shared_ptr<coroutine_count> coroutines_;  // the running event handlers
  std::vector<std::pair<std::uint64_t, std::shared_ptr<watcher>>> watchers_;
  // Shared, because a handler may replace itself while it runs. Copies would forget what a mutable
  // lambda keeps.
  std::shared_ptr<std::function<void(const error&)>> disconnected_;
  std::shared_ptr<std::function<void(const link_status&)>> status_handler_;
  std::shared_ptr<std::function<void(const error&, std::string_view)>> errors_;
};

}  // namespace parley
