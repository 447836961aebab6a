#include "parley/peer/server.hpp"

#include "parley/peer/server_core.hpp"

#include <utility>

namespace parley {

server::server(server_options options) : core_(std::make_shared<server_core>(std::move(options), home(std::make_shared<own_loop>()))) {}

server::server(asio::any_io_executor executor, server_options options)
    : core_(std::make_shared<server_core>(std::move(options), home(std::move(executor)))) {}

server::~server() {
  core_->shut_down();
  join();
}

void server::run() { core_->run(); }
void server::start() { core_->start(); }
void server::stop() noexcept { core_->stop(); }
void server::join() { core_->join(); }
std::uint16_t server::port() const { return core_->port(); }
asio::any_io_executor server::executor() const { return core_->executor(); }
server_counters server::counters() const { return core_->counters(); }
server::operator link() const { return {core_, call_options{}}; }
void server::add(handler& h, const service& s, std::span<const binding> bindings) { core_->add(h, s, bindings); }

}  // namespace parley
