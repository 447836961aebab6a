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

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

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

// A descriptor that is kept for the time when the system has no other. A client that connects then is
// accepted with it and disconnected, so that it learns at once that it cannot be served.
class spare_descriptor {
 public:
  spare_descriptor() noexcept { open(); }
  ~spare_descriptor() { close(); }
  spare_descriptor(const spare_descriptor&) = delete;
  spare_descriptor& operator=(const spare_descriptor&) = delete;

  // Does nothing if no client waits.
  void turn_away_one(int listener) noexcept {
    close();
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client >= 0) ::close(client);
    open();
  }

 private:
  void open() noexcept { own_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
  void close() noexcept {
    if (own_ >= 0) ::close(std::exchange(own_, -1));
  }

  int own_ = -1;  // -1: there was none left
};

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

  void start(std::function<void(std::shared_ptr<request>)> on_request, std::function<void(std::shared_ptr<page_request>)> on_page) {
    door_->on_request = std::move(on_request);
    door_->on_page = std::move(on_page);
    {
      const std::lock_guard lock(guard_);
      started_ = true;
    }
    accept();
  }

  // On the executor. A client that the system has handed over while the completion of the accept was
  // still waiting is not lost: accept() sees that the listener has finished.
  void finish() {
    if (!io_ || finished_) return;
    finished_ = true;
    if (options_.descriptor < 0) accept_the_rest();
    untie();
    const std::lock_guard lock(guard_);
    io_.reset();
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
    const auto forgotten_too = std::exchange(door_->on_page, nullptr);
  }

  void accept() {
    if (!io_) return;
    io_->bound.socket.async_accept([self = shared_from_this()](std::error_code ec, stream_socket socket) {
      if (!self->door_->open) return;
      if (!self->io_) return ec || !self->finished_ ? void() : self->accepted(std::move(socket));
      if (ec) return self->failed(ec);
      self->pause_ = first_pause;
      self->accepted(std::move(socket));
      self->accept();
    });
  }

  // The clients that wait in the port's queue. Once the socket is closed, the system resets them.
  void accept_the_rest() {
    std::error_code ec;
    io_->bound.socket.non_blocking(true, ec);
    while (!ec) {
      stream_socket socket(io_->bound.socket.get_executor());
      io_->bound.socket.accept(socket, ec);
      if (!ec) accepted(std::move(socket));
      else if (ec == asio::error::connection_aborted) ec.clear();
    }
  }

  void failed(const std::error_code& ec) {
    // The client has disconnected before it was accepted. This is not a failure of the listener.
    if (ec == asio::error::connection_aborted) return accept();
    if (options_.on_accept_failed) options_.on_accept_failed(ec);
    // One each time: the others wait in the queue of the port, and can be served if descriptors become
    // free.
    if (ec == asio::error::no_descriptors || ec == std::errc::too_many_files_open_in_system)
      spare_.turn_away_one(io_->bound.socket.native_handle());
    io_->timer.expires_after(std::exchange(pause_, std::min(pause_ * 2, longest_pause)));
    io_->timer.async_wait([self = shared_from_this()](std::error_code) { self->accept(); });
  }

  void accepted(stream_socket socket) {
    arrival may;
    const bool full = open_->load() >= options_.limits.max_connections;
    if (full) may = {503, too_many_connections};
    else if (options_.on_arrival) may = options_.on_arrival(remote_end(socket.native_handle()).host());
    const bool refused = may.status != 0;
    if (full && options_.on_refused) options_.on_refused(may.status, may.text, remote_end(socket.native_handle()).text());
    // Answers to refused clients are limited as well.
    if (refused && ((options_.tls && !full) || refused_->load() >= max_refusals)) return;
    auto& count = refused ? refused_ : open_;
    ++*count;
    std::shared_ptr<void> slot(nullptr, [count](void*) { --*count; });
    auto stream = std::make_shared<socket_stream>(std::move(socket), std::move(slot), turn_);
    if (may.place) stream->hold(std::move(may.place));
    if (options_.tls) {
      auto engine = options_.tls->accept(steady::now());
      if (!engine) return stream->close();
      stream->secure(std::move(engine));
    }
    serve_handshake(std::move(stream), upgrade_, options_, door_, {may.status, std::string(may.text), may.retry_after});
  }

  static constexpr std::size_t max_refusals = 64;

  // Protects io_ against stop() on other threads. The executor's thread writes io_ under the lock
  // and reads it without.
  std::mutex guard_;
  std::optional<io> io_;
  spare_descriptor spare_;
  bool started_ = false;
  bool finished_ = false;
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
  void start(std::function<void(std::shared_ptr<request>)> on_request,
             std::function<void(std::shared_ptr<page_request>)> on_page) override {
    inner_->start(std::move(on_request), std::move(on_page));
  }
  void finish() override { inner_->finish(); }
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
