#include "parley/server/server.hpp"

#include "parley/server/server_core.hpp"
#include "parley/stub/block.hpp"
#include "parley/transport/network.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace parley {

namespace {

std::vector<home> homes_for(const server_options& options) {
  std::size_t count = options.threads;
  if (count == per_core) count = std::max(1U, std::thread::hardware_concurrency());
  if (!transport::network_for(options.address, options.loopback).has_addresses()) count = 1;
  std::vector<home> homes;
  for (std::size_t i = 0; i < count; ++i) homes.emplace_back(std::make_shared<own_loop>(options.log));
  return homes;
}

std::vector<home> home_on(asio::any_io_executor executor, const server_options& options) {
  if (options.threads != 1) throw std::invalid_argument("a server on the caller's executor has no threads of its own");
  std::vector<home> homes;
  homes.emplace_back(std::move(executor));
  return homes;
}

}  // namespace

server::server(server_options options) {
  std::vector<home> homes = homes_for(options);
  core_ = std::make_shared<server_core>(std::move(options), std::move(homes));
}

server::server(asio::any_io_executor executor, server_options options) {
  std::vector<home> homes = home_on(std::move(executor), options);
  core_ = std::make_shared<server_core>(std::move(options), std::move(homes));
}

server::~server() {
  core_->shut_down();
  core_->let_go();
}

void server::run() { core_->run(); }
void server::run_until_signal(drain_options options) { core_->run_until_signal(std::move(options)); }
void server::start() { core_->start(); }
void server::stop() noexcept { core_->stop(); }
void server::join() { core_->join(); }

bool server::drains::runs_here() const { return core->runs_here(); }
void server::drains::begin(drain_options options, std::unique_ptr<operation<void>> done) const {
  core->begin_draining(std::move(options), std::move(done));
}
void server::drain(drain_options options) {
  if (core_->runs_here()) throw would_never_end();
  waiting_room<void> room;
  // `cancelled`: the server does not run.
  drains{core_}(blocking_handler<void>(room), std::move(options));
  (void)room.wait();
}
void server::shed(double fraction, std::chrono::milliseconds spread) { core_->shed(fraction, spread); }

std::size_t server::listen(port_options more) { return core_->listen(std::move(more)); }
void server::get(std::string path, page_function made) { core_->add_page(std::move(path), std::move(made)); }
void server::keep(std::string path, const std::string& folder) { core_->keep_pages(std::move(path), folder); }
void server::ready(bool is_ready) noexcept { core_->pages().set_ready(is_ready); }
result<> server::reload_tls() { return core_->reload_tls(); }
std::uint16_t server::port(std::size_t number) const { return core_->port(number); }
asio::any_io_executor server::executor() const { return core_->runs_on().executor; }
server_counters server::counters() const { return core_->counters(); }
server::operator endpoint() const { return {core_, call_options{}}; }
registration server::add(handler& h, const service& s, std::span<const binding> bindings) { return core_->add(h, s, bindings); }

}  // namespace parley
