// The server's end: who is connected, which handler answers what, and the way of an event from one client to the others.
// Private to the peer room.
#pragma once

#include "parley/peer/connection_end.hpp"
#include "parley/peer/home.hpp"
#include "parley/peer/server.hpp"
#include "parley/routing/routing.hpp"
#include "parley/transport/transport.hpp"

#include <asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace parley {

class server_core final : public core, public connection_owner, public std::enable_shared_from_this<server_core> {
 public:
  server_core(server_options options, home where);
  ~server_core() override;

  void add(handler&, const service&, std::span<const binding>);
  void remove(handler&);
  void open_ports();
  void run();
  void start();
  void stop() noexcept;
  // The server object is going: like stop(), and this object lives on until the last connection has said goodbye.
  void shut_down();
  void join();
  std::uint16_t port() const noexcept { return port_; }
  server_counters counters() const;

  // core
  asio::any_io_executor executor() const override { return home_.executor(); }
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

 private:
  // An event on its way to its receivers, in each of the forms they need.
  struct delivery;

  // connection_owner
  const wire::envelope_format* format_for(std::string_view subprotocol) override;
  void opened(connection_end&) override;
  void event_received(connection_end&, const wire::envelope&, const method&, bytes_view payload) override;
  void unknown_event(connection_end&, const wire::envelope&) override;
  void call_received(connection_end&, incoming_call&) override;
  void error_received(connection_end&, const error&, const method* about) override;
  void drained(connection_end&) override {}
  void closed(connection_end&, const transport::close_reason&, const error& why) override;

  // Runs `f` on the executor, inline if this is its thread. False: the server has ended.
  template <class F>
  bool on_executor(F f);
  void on_request(const std::shared_ptr<transport::request>&);
  bool origin_allowed(const transport::request&) const;
  void watch_for_stop();
  void begin_stopping();
  void end_if_empty();

  sent deliver_own(const outgoing&);
  // `unknown_target` or `bad_payload` if nobody got it.
  result<> deliver(delivery&, const std::string& subject);
  void refuse(connection_end&, const error&, const method*, std::string_view to = {});
  void log(log_level, const std::string&) const;

  struct bound {
    parley::handler* handler;
    binding how;
  };

  const server_options options_;
  home home_;
  std::shared_ptr<transport::clock> clock_;
  std::atomic<ticket> next_ticket_ = 1;
  std::atomic<std::uint16_t> port_ = 0;
  std::atomic<std::size_t> posted_ = 0;
  std::atomic<std::size_t> json_clients_ = 0;
  std::atomic<std::size_t> binary_clients_ = 0;
  int stop_event_ = -1;  // eventfd: what a signal handler may write to
  std::thread thread_;

  enum class phase { idle, running, stopping, ended };
  mutable std::mutex mutex_;  // phase, and what add() changes before the start
  std::atomic<phase> phase_ = phase::idle;

  // On the executor (before the start: whoever sets it up):
  session::contract contract_;
  std::vector<handler*> handlers_;
  std::unordered_map<const method*, bound> bound_;
  std::shared_ptr<transport::listener> listener_;
  std::unique_ptr<asio::posix::stream_descriptor> stop_watch_;
  std::unique_ptr<transport::alarm> patience_;
  std::shared_ptr<server_core> self_;                                          // while stopping
  std::unordered_map<connection_end*, std::shared_ptr<connection_end>> ends_;  // those not yet open, too
  routing::table<connection_end*> clients_;
  std::vector<connection_end*> receivers_;  // scratch
  std::unordered_map<ticket, std::weak_ptr<connection_end>> asked_;

  mutable std::mutex counters_mutex_;
  server_counters counters_;
};

}  // namespace parley
