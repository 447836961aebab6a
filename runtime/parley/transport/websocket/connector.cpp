#include "parley/transport/lifeline.hpp"
#include "parley/transport/websocket.hpp"
#include "parley/transport/websocket/client_handshake.hpp"
#include "parley/transport/websocket/http_head.hpp"
#include "parley/transport/websocket/proxy_handshake.hpp"
#include "parley/transport/websocket/slow_path_only.hpp"
#include "parley/transport/websocket/socket_stream.hpp"
#include "parley/transport/websocket/url.hpp"

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <optional>
#include <string>
#include <utility>

namespace parley::transport {
namespace {

using asio::ip::tcp;

class attempt final : public std::enable_shared_from_this<attempt>, private tethered {
 public:
  attempt(const asio::any_io_executor& on, connect_options options, std::shared_ptr<connection_handler> handler)
      : tethered(on), io_(std::in_place, on), options_(std::move(options)), handler_(std::move(handler)) {}

  void start() {
    const result<url> where = parse_url(options_.url);
    if (!where) return fail(where.error());
    if (const result<> usable = check_offer(options_); !usable) return fail(usable.error());
    where_ = *where;
    if (!options_.proxy.empty()) {
      result<proxy_url> proxy = parse_proxy_url(options_.proxy);
      if (!proxy) return fail(proxy.error());
      proxy_ = std::move(*proxy);
    }
    const host_and_port& first = proxy_ ? proxy_->at : where_;

    deadline_ = steady::now() + options_.limits.handshake;
    io_->timer.expires_at(deadline_);
    io_->timer.async_wait([self = shared_from_this()](std::error_code ec) {
      if (!ec) self->fail({errc::deadline_exceeded, "connecting took too long"});
    });

    std::error_code not_numeric;
    const auto address = asio::ip::make_address(first.host, not_numeric);
    if (!not_numeric) {
      // Without the resolver, which starts a thread.
      io_->socket.async_connect({address, first.port}, [self = shared_from_this()](std::error_code ec) { self->connected(ec); });
      return;
    }
    io_->resolver.async_resolve(first.host, std::to_string(first.port), [self = shared_from_this()](std::error_code ec, auto found) {
      if (!self->io_) return;
      if (ec) return self->fail({errc::disconnected, self->first_stop() + " was not found: " + ec.message()});
      asio::async_connect(self->io_->socket, found, [self](std::error_code failed, const tcp::endpoint&) { self->connected(failed); });
    });
  }

  void abandon() {
    if (io_) fail({errc::cancelled, "connecting was abandoned"});
    else if (abandon_upgrade_) abandon_upgrade_();
  }

 private:
  struct io {
    explicit io(const asio::any_io_executor& on) : socket(on), resolver(on), timer(on) {}
    tcp::socket socket;
    tcp::resolver resolver;
    asio::steady_timer timer;
  };

  void sever() noexcept override {
    const auto keep = weak_from_this().lock();
    io_.reset();
    const auto forgotten = std::exchange(handler_, nullptr);
  }

  void connected(std::error_code ec) {
    if (!io_) return;
    if (ec) return fail({errc::disconnected, first_stop() + " could not be reached: " + ec.message()});
    auto stream = std::make_shared<socket_stream>(std::move(io_->socket), nullptr, std::make_shared<flush_list>());
    untie();
    io_.reset();
    if (!proxy_) return ask_server(std::move(stream), std::exchange(handler_, nullptr));
    abandon_upgrade_ =
        ask_proxy(std::move(stream), *proxy_, where_, options_, deadline_, std::exchange(handler_, nullptr),
                  [self = shared_from_this()](std::shared_ptr<socket_stream> way, std::shared_ptr<connection_handler> handler) {
                    self->ask_server(std::move(way), std::move(handler));
                  });
  }

  void ask_server(std::shared_ptr<socket_stream> stream, std::shared_ptr<connection_handler> handler) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady::now());
    abandon_upgrade_ = ask_for_upgrade(std::move(stream), where_, options_, left, std::move(handler));
  }

  std::string first_stop() const { return proxy_ ? "the proxy" : "the server"; }

  void fail(error why) {
    if (!io_) return;
    const asio::any_io_executor on = io_->socket.get_executor();
    untie();
    io_.reset();
    asio::post(on, [handler = std::exchange(handler_, nullptr), why = std::move(why)] { handler->on_closed({}, why); });
  }

  std::optional<io> io_;
  const connect_options options_;
  url where_;
  std::optional<proxy_url> proxy_;
  time_point deadline_;
  std::shared_ptr<connection_handler> handler_;
  std::function<void()> abandon_upgrade_;
};

}  // namespace

std::function<void()> websocket_connect(const asio::any_io_executor& on, connect_options options,
                                        std::shared_ptr<connection_handler> handler) {
  options.fast_path = options.fast_path && !slow_path_only::asked_for(on);
  const auto one = std::make_shared<attempt>(on, std::move(options), std::move(handler));
  one->start();
  return [one] { one->abandon(); };
}

}  // namespace parley::transport
