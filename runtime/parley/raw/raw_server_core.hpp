// One raw server, on one executor. Private to raw.
#pragma once

#include "parley/ends/arrival_limits.hpp"
#include "parley/ends/home.hpp"
#include "parley/ends/page_shelf.hpp"
#include "parley/ends/speed_limit.hpp"
#include "parley/raw/raw_core.hpp"
#include "parley/raw/raw_server.hpp"
#include "parley/transport/network.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace parley {

class raw_server_core final : public std::enable_shared_from_this<raw_server_core> {
 public:
  raw_server_core(raw_server_options options, home where, std::function<void(raw_connection)> serve);

  // Throws call_failed.
  void start();
  void run();
  void stop() noexcept;
  void join() { thread_.join(); }
  result<> reload_tls();
  // Before the start. Throws std::logic_error afterwards.
  page_shelf& shelf();
  std::uint16_t port() const noexcept { return port_; }
  asio::any_io_executor executor() const { return home_.executor(); }

 private:
  void listen();
  void on_request(const std::shared_ptr<transport::request>& ask);
  void on_page(transport::page_request& ask);
  // Applies the limits to the client behind a trusted proxy. Returns false if the request was refused.
  bool may_ask(transport::any_request& ask, transport::host_address& client);
  std::optional<raw_refusal> why_not(const raw_request& asked) const;
  std::string chosen_of(const raw_request& asked) const;
  void opened(const std::shared_ptr<raw_core>& connection);
  void over(const raw_core* connection);
  void end_if_empty();

  // Null: plain text. Initialised before the options, from which it takes the keys.
  const std::shared_ptr<transport::tls_server> tls_;
  const raw_server_options options_;
  transport::network& network_;
  home home_;
  const std::function<void(raw_connection)> serve_;
  const std::shared_ptr<transport::clock> clock_;
  arrival_limits arrivals_;
  page_shelf shelf_;
  page_places places_;
  // Connections may outlive the server.
  const std::shared_ptr<const speed_terms> speed_;
  std::atomic<bool> started_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint16_t> port_ = 0;
  own_thread thread_;

  // On the executor:
  std::shared_ptr<transport::listener> listener_;
  // From the answer to the handshake until the connection is over.
  std::unordered_map<const raw_core*, std::weak_ptr<raw_core>> connections_;
};

}  // namespace parley
