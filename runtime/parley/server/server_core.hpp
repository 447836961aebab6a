// The server as a whole: its options, its loops and their threads, from the first handler that is
// added until the last client is disconnected. Other threads enter the server here. Each client is
// served by its server_loop. Private to the server room.
#pragma once

#include "parley/ends/arrival_limits.hpp"
#include "parley/ends/speed_limit.hpp"
#include "parley/ends/stop_event.hpp"
#include "parley/server/asked_calls.hpp"
#include "parley/server/entrances.hpp"
#include "parley/server/server_loop.hpp"
#include "parley/server/server_pages.hpp"
#include "parley/server/user_directory.hpp"
#include "parley/stub/operation.hpp"

#include <asio/post.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace parley {

class server_core final : public core, public std::enable_shared_from_this<server_core> {
 public:
  // There is at least one home. Either all of them have a loop of their own or none has.
  server_core(server_options options, std::vector<home> homes);
  ~server_core() override;

  registration add(handler&, const service&, std::span<const binding>);
  // Waits as documented at registration::end(). `late`: the handler is being destroyed.
  void remove(std::uint64_t registered, bool late);
  std::size_t listen(port_options);
  void add_page(std::string path, page_function);
  void keep_pages(std::string path, const std::string& folder);
  void open_ports();
  void run();
  void run_until_signal(drain_options);
  void start();
  void stop() noexcept;
  // Any thread. `done` may be null.
  void begin_draining(drain_options, std::unique_ptr<operation<void>> done);
  void shed(double fraction, std::chrono::milliseconds spread);
  bool is_started() const noexcept { return phase_ == phase::running || phase_ == phase::stopping; }
  result<> reload_tls();
  // The server object is being destroyed. Works like stop(). This object lives until the last
  // client is disconnected.
  void shut_down();
  // Waits until the server has ended. Returns at once on a thread of the server.
  void join();
  // join() for a server object that is being destroyed. If this is a thread of the server, the
  // thread is detached and ends by itself.
  void let_go();
  std::uint16_t port(std::size_t number) const { return ports_.all().at(number).port->bound; }
  server_counters counters() const;

  // core
  const loop_executor& runs_on() const override { return *first().shared_executor(); }
  bool runs_here() const override;
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

  // ---- For its loops.

  // The loop of a client, what the client speaks, and its roles.
  struct whereabouts {
    server_loop* loop;
    spoken kind;
    std::uint64_t roles = 0;  // session::contract::bits_of
    bool operator==(const whereabouts&) const = default;
  };
  const server_options& options() const noexcept { return options_; }
  const session::contract& contract() const noexcept { return contract_; }
  // Null: there is no check.
  shared_checks* checks() const noexcept { return checks_.get(); }
  const std::shared_ptr<transport::clock>& clock() const noexcept { return clock_; }
  std::uint32_t node() const noexcept { return node_; }
  const std::vector<std::unique_ptr<server_loop>>& loops() const noexcept { return loops_; }
  bool has_several_loops() const noexcept { return loops_.size() > 1; }
  client_directory<whereabouts>& directory() noexcept { return directory_; }
  user_directory<whereabouts>& users() noexcept { return users_; }
  const entrances& ports() const noexcept { return ports_; }
  server_pages& pages() noexcept { return pages_; }
  const server_pages& pages() const noexcept { return pages_; }
  // The bytes that wait for all clients together.
  const std::shared_ptr<account>& waiting() const noexcept { return waiting_; }
  arrival_limits& arrivals() noexcept { return arrivals_; }
  const speed_terms& speed() const noexcept { return speed_; }
  const limit_counts& limited() const noexcept { return limited_; }
  // A limit was reached. Counts it, and sometimes writes a line to the log.
  void reached(limit, std::string_view by);
  // Called when less waits than before. Returns the memory of a peak to the system.
  void look_at_memory() const noexcept;
  bool accepts_clients() const noexcept { return phase_ == phase::running; }
  bool is_ready() const noexcept { return phase_ == phase::running && ready_to_serve_; }
  // The last client of a stopping loop has disconnected. Called once, on that loop.
  void loop_is_empty();
  void log(log_level, const std::string&) const;

 private:
  home& first() const { return loops_.front()->where(); }
  // The loop that this thread is running. Null: none.
  server_loop* here() const;
  // Runs `f` on the loop, inline if this is its thread. Returns false if the server has ended.
  template <class F>
  bool on_loop(server_loop&, F f);
  // Like on_loop(), but never inline.
  template <class F>
  bool post(server_loop&, F f);
  // Posts f(*this, loop, std::move(done)). Returns false if the server has ended. The operation was
  // then completed late.
  template <class F>
  bool post(server_loop&, std::unique_ptr<pending_call> done, F f);
  // Any thread. Counts an operation that is about to be posted to a loop. Returns false and counts
  // nothing if max_posted leaves no room.
  bool admit(std::size_t cost) noexcept;
  // Opens all ports or none. Throws call_failed.
  void open_listeners();
  // Reports which ports are open, and what is dangerous about them.
  void log_ports() const;
  struct placed_listener {
    server_loop* loop;
    std::shared_ptr<transport::listener> listener;
  };
  // Opens one listener for each loop, or for each loop and inherited socket. Throws call_failed.
  std::vector<placed_listener> listeners_for(const entrance&, std::size_t largest,
                                             const std::shared_ptr<std::atomic<std::size_t>>& connections);
  // A function for the listener of that loop, which is called for each client that the listener
  // refuses itself.
  std::function<void(int status, std::string_view text, const std::string& remote)> refusals_to(server_loop&);
  void watch_for_stop();
  // Starts a call to a client. Runs on that client's loop.
  void ask(server_loop&, ticket, const outgoing&, std::unique_ptr<pending_call>);
  void begin_service();
  void tell_watchdog(std::chrono::microseconds interval);
  void drain(const drain_options&);
  void look_at_draining();
  void end_drains();
  void begin_stopping();
  void end();
  std::vector<std::thread> run_other_loops();
  void run_loops(std::vector<std::thread> others);
  [[noreturn]] void call_off(std::vector<std::thread> others, std::error_code why);

  server_options options_;  // only the constructor changes it
  const std::unique_ptr<shared_checks> checks_;
  const std::uint32_t node_;  // the part of client ids that identifies this server
  std::shared_ptr<transport::clock> clock_;
  std::atomic<ticket> next_ticket_ = 1;
  entrances ports_;
  server_pages pages_{*this};
  std::atomic<std::size_t> posted_ = 0;  // bytes that were posted to loops and that the loops have not processed
  const std::shared_ptr<account> waiting_;
  arrival_limits arrivals_;
  const speed_terms speed_;
  limit_counts limited_;
  std::thread thread_;  // the thread of start()

  enum class phase { idle, running, stopping, ended };
  mutable std::mutex mutex_;  // protects phase_, and what add() changes before the start
  std::atomic<phase> phase_ = phase::idle;

  session::contract declared_;  // all services ever used; under the mutex
  // Before the start under the mutex, then used on the first loop. With several loops it does not
  // change after the start.
  session::contract contract_;
  client_directory<whereabouts> directory_;
  user_directory<whereabouts> users_;
  std::vector<std::unique_ptr<server_loop>> loops_;
  stop_event stop_event_;  // watched on the first loop, so it is destroyed before it

  bool as_service_ = false;                               // set before the start
  std::atomic<bool> ready_to_serve_ = true;               // false from the beginning of a drain on
  std::vector<std::unique_ptr<operation<void>>> drains_;  // under the mutex; completed at the end
  // The open sockets of all ports with clients.
  const std::shared_ptr<std::atomic<std::size_t>> open_sockets_ = std::make_shared<std::atomic<std::size_t>>(0);

  // Used on the first loop:
  bool draining_ = false;
  std::size_t loops_to_drain_ = 0;  // those that have not begun to
  time_point drained_by_ = time_point::max();
  std::unique_ptr<transport::alarm> drain_alarm_;  // from the beginning of a drain on
  std::unique_ptr<transport::alarm> service_alarm_;
  std::shared_ptr<server_core> self_;  // set while stopping
  std::size_t loops_left_ = 0;

  std::uint64_t next_registration_ = 1;    // under the mutex
  std::vector<std::uint64_t> registered_;  // under the mutex

  asked_calls asked_;
};

template <class F>
bool server_core::post(server_loop& loop, F f) {
  std::lock_guard lock(mutex_);
  if (phase_ == phase::ended) return false;
  asio::post(loop.where().executor(), [self = shared_from_this(), &loop, f = std::move(f)]() mutable { f(*self, loop); });
  return true;
}

template <class F>
bool server_core::post(server_loop& loop, std::unique_ptr<pending_call> done, F f) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != phase::ended) {
      asio::post(loop.where().executor(), [self = shared_from_this(), &loop, done = std::move(done), f = std::move(f)]() mutable {
        f(*self, loop, std::move(done));
      });
      return true;
    }
  }
  done.release()->finish_late();
  return false;
}

template <class F>
bool server_core::on_loop(server_loop& loop, F f) {
  if (!loop.where().inside()) return post(loop, std::move(f));
  if (phase_ == phase::ended) return false;
  f(*this, loop);
  return true;
}

}  // namespace parley
