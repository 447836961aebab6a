#include "parley/transport/lifeline.hpp"
#include "parley/transport/tcp/listening_socket.hpp"
#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/tls/context.hpp"
#include "parley/transport/websocket.hpp"
#include "parley/transport/websocket/handshake.hpp"
#include "parley/transport/websocket/protocol/upgrade.hpp"
#include "parley/transport/websocket/slow_path_only.hpp"

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

namespace parley::transport {
namespace {

// If the system has no descriptors or no memory, an immediate retry would only use the processor.
constexpr std::chrono::milliseconds first_pause{10};
constexpr std::chrono::milliseconds longest_pause{1000};

class acceptor final : public std::enable_shared_from_this<acceptor>, private tethered {
 public:
  acceptor(listening_socket bound, listen_options options)
      : tethered(bound.socket.get_executor()),
        upgrade_(std::make_shared<server_upgrade>(options.server_name)),
        options_(std::move(options)),
        port_(bound.port),
        open_(options_.open_connections ? options_.open_connections : std::make_shared<std::atomic<std::size_t>>(0)) {
    asio::steady_timer timer(bound.socket.get_executor());
    io_.emplace(io{std::move(timer), std::move(bound)});
  }

  std::uint16_t port() const noexcept { return port_; }

  void start(std::function<void(std::shared_ptr<request>)> on_request) {
    door_->on_request = std::move(on_request);
    {
      const std::lock_guard lock(guard_);
      started_ = true;
    }
    accept();
  }

  // Any thread. If it is called on the executor, no request is handed out afterwards. A reference
  // to the executor is held only under the lock, because here it must not outlive its context.
  void stop() {
    door_->open = false;
    const std::lock_guard lock(guard_);
    if (!started_) return io_.reset();  // not started, so the port is free at once
    if (io_) asio::post(io_->bound.socket.get_executor(), [self = shared_from_this()] { self->let_go(); });
  }

 private:
  struct io {
    asio::steady_timer timer;
    listening_socket bound;
  };

  void sever() noexcept override {
    const auto keep = weak_from_this().lock();
    let_go();
  }

  void let_go() noexcept {
    untie();
    {
      const std::lock_guard lock(guard_);
      io_.reset();
    }
    door_->open = false;
    const auto forgotten = std::exchange(door_->on_request, nullptr);
  }

  void accept() {
    if (!io_) return;
    io_->bound.socket.async_accept([self = shared_from_this()](std::error_code ec, stream_socket socket) {
      if (!self->io_ || !self->door_->open) return;
      if (ec) return self->failed(ec);
      self->pause_ = first_pause;
      self->accepted(std::move(socket));
      self->accept();
    });
  }

  void failed(const std::error_code& ec) {
    // The client has disconnected before it was accepted. This is not a failure of the listener.
    if (ec == asio::error::connection_aborted) return accept();
    if (options_.on_accept_failed) options_.on_accept_failed(ec);
    io_->timer.expires_after(std::exchange(pause_, std::min(pause_ * 2, longest_pause)));
    io_->timer.async_wait([self = shared_from_this()](std::error_code) { self->accept(); });
  }

  void accepted(stream_socket socket) {
    const bool full = open_->load() >= options_.limits.max_connections;
    auto& count = full ? refused_ : open_;
    // Answers to excess clients are limited as well.
    if (full && refused_->load() >= max_refusals) {
      if (options_.on_refused) options_.on_refused(503, "too many connections", remote_end(socket.native_handle()).text());
      return;
    }
    ++*count;
    std::shared_ptr<void> slot(nullptr, [count](void*) { --*count; });
    auto stream = std::make_shared<socket_stream>(std::move(socket), std::move(slot), turn_);
    if (options_.tls) {
      auto engine = options_.tls->accept(steady::now());
      if (!engine) return stream->close();
      stream->secure(std::move(engine));
    }
    serve_handshake(std::move(stream), upgrade_, options_, door_, full);
  }

  static constexpr std::size_t max_refusals = 64;

  // Protects io_ against stop() on other threads. The executor's thread writes io_ under the lock
  // and reads it without.
  std::mutex guard_;
  std::optional<io> io_;
  bool started_ = false;
  const std::shared_ptr<server_upgrade> upgrade_;
  const listen_options options_;
  const std::uint16_t port_;
  const std::shared_ptr<flush_list> turn_ = std::make_shared<flush_list>(options_.waiting);
  const std::shared_ptr<door> door_ = std::make_shared<door>();
  std::chrono::milliseconds pause_ = first_pause;
  // Shared with the sockets, which may be destroyed after their listener and on any thread.
  const std::shared_ptr<std::atomic<std::size_t>> open_;
  const std::shared_ptr<std::atomic<std::size_t>> refused_ = std::make_shared<std::atomic<std::size_t>>(0);
};

class websocket_listener final : public listener {
 public:
  explicit websocket_listener(std::shared_ptr<acceptor> inner) : inner_(std::move(inner)) {}
  ~websocket_listener() override { inner_->stop(); }
  void start(std::function<void(std::shared_ptr<request>)> on_request) override { inner_->start(std::move(on_request)); }
  void stop() override { inner_->stop(); }
  std::uint16_t port() const override { return inner_->port(); }

 private:
  const std::shared_ptr<acceptor> inner_;
};

}  // namespace

result<std::shared_ptr<listener>> websocket_listen(const asio::any_io_executor& on, listen_options options) {
  if (options.tls && options.address.starts_with("unix:"))
    return error{errc::invalid, "a Unix socket has no TLS: leave out tls for \"" + options.address + "\""};
  auto bound = open_listening_socket(on, options);
  if (!bound) return bound.error();
  options.fast_path = options.fast_path && !slow_path_only::asked_for(on);
  return std::shared_ptr<listener>(std::make_shared<websocket_listener>(std::make_shared<acceptor>(std::move(*bound), std::move(options))));
}

}  // namespace parley::transport
