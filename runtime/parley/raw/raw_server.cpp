#include "parley/raw/raw_server.hpp"

#include "parley/raw/raw_core.hpp"
#include "parley/raw/raw_server_core.hpp"
#include "parley/stub/block.hpp"

#include <utility>

namespace parley {

raw_server::raw_server(raw_server_options options, std::function<void(raw_connection)> serve)
    : core_(std::make_shared<raw_server_core>(std::move(options), home(std::make_shared<own_loop>()), std::move(serve))) {}

raw_server::raw_server(asio::any_io_executor executor, raw_server_options options, std::function<void(raw_connection)> serve)
    : core_(std::make_shared<raw_server_core>(std::move(options), home(std::move(executor)), std::move(serve))) {}

raw_server::~raw_server() {
  core_->stop();
  core_->join();
}

void raw_server::get(std::string path, page_function made) { core_->shelf().add(std::move(path), std::move(made)); }
void raw_server::keep(std::string path, const std::string& folder) { core_->shelf().keep(std::move(path), folder); }
void raw_server::start() { core_->start(); }
void raw_server::run() { core_->run(); }
void raw_server::stop() noexcept { core_->stop(); }
void raw_server::join() { core_->join(); }
result<> raw_server::reload_tls() { return core_->reload_tls(); }
std::uint16_t raw_server::port() const { return core_->port(); }
asio::any_io_executor raw_server::executor() const { return core_->executor(); }

std::function<void()> closes_as_failed(const raw_connection& connection) {
  return [weak = std::weak_ptr(connection.core_)] {
    if (const auto core = weak.lock()) core->close_here(1011, "a handler failed");
  };
}

}  // namespace parley
