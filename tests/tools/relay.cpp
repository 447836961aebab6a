#include "tools/relay.hpp"

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

namespace parley::testing {
namespace {

using asio::ip::tcp;

struct shaping {
  std::size_t chunk = 64 * 1024;
  std::chrono::milliseconds delay{0};
};

class pair_of_sockets;

// One direction: reads, waits, writes, and begins again.
class pipe {
 public:
  pipe(tcp::socket& from, tcp::socket& to, const asio::any_io_executor& on, const shaping& shaped)
      : from_(from), to_(to), timer_(on), shaped_(shaped) {}

  void start(std::shared_ptr<pair_of_sockets> owner);
  bool silent = false;
  bool stalled = false;

 private:
  void pass_on(std::size_t size);
  void write(std::size_t size);

  tcp::socket& from_;
  tcp::socket& to_;
  asio::steady_timer timer_;
  const shaping& shaped_;
  std::weak_ptr<pair_of_sockets> owner_;
  std::array<char, 64 * 1024> bytes_{};
};

class pair_of_sockets : public std::enable_shared_from_this<pair_of_sockets> {
 public:
  pair_of_sockets(tcp::socket accepted, const asio::any_io_executor& on, const shaping& shaped)
      : client(std::move(accepted)), server(on), up(client, server, on, shaped), down(server, client, on, shaped) {}

  void start(std::uint16_t port) {
    server.async_connect({asio::ip::address_v4::loopback(), port}, [self = shared_from_this()](std::error_code failed) {
      if (failed) return self->end(true);
      std::error_code ignored;
      self->server.set_option(tcp::no_delay(true), ignored);
      self->client.set_option(tcp::no_delay(true), ignored);
      self->up.start(self);
      self->down.start(self);
    });
  }
  void end(bool by_reset) {
    for (tcp::socket* one : {&client, &server}) {
      std::error_code ignored;
      if (by_reset) one->set_option(asio::socket_base::linger(true, 0), ignored);
      else one->shutdown(tcp::socket::shutdown_both, ignored);
      one->close(ignored);
    }
    over = true;
  }

  tcp::socket client;
  tcp::socket server;
  pipe up;
  pipe down;
  bool over = false;
};

void pipe::start(std::shared_ptr<pair_of_sockets> owner) {
  owner_ = owner;
  const std::size_t most = std::clamp<std::size_t>(shaped_.chunk, 1, bytes_.size());
  from_.async_read_some(asio::buffer(bytes_.data(), most), [this, owner](std::error_code ended, std::size_t size) {
    if (ended) return owner->end(false);
    pass_on(size);
  });
}

void pipe::pass_on(std::size_t size) {
  const auto owner = owner_.lock();
  if (!owner || stalled) return;  // what was read is lost, as its connection will be
  if (silent) return start(owner);
  if (shaped_.delay <= shaped_.delay.zero()) return write(size);
  timer_.expires_after(shaped_.delay);
  timer_.async_wait([this, owner, size](std::error_code) { write(size); });
}

void pipe::write(std::size_t size) {
  const auto owner = owner_.lock();
  if (!owner || owner->over) return;
  asio::async_write(to_, asio::buffer(bytes_.data(), size), [this, owner](std::error_code failed, std::size_t) {
    if (failed) return owner->end(false);
    start(owner);
  });
}

bool has(way asked, way one) { return (static_cast<unsigned>(asked) & static_cast<unsigned>(one)) != 0; }

}  // namespace

class relay::works : public std::enable_shared_from_this<works> {
 public:
  explicit works(std::uint16_t server_port)
      : server_port_(server_port), listener_(loop_, {asio::ip::address_v4::loopback(), 0}), port_(listener_.local_endpoint().port()) {}

  void start() {
    accept();
    thread_ = std::thread([self = shared_from_this()] { self->loop_.run(); });
  }
  void stop() {
    asio::post(loop_, [self = shared_from_this()] {
      self->listener_.close();
      for (const auto& one : self->open()) one->end(true);
      self->pairs_.clear();  // the loop ends when nothing is left to wait for
    });
    thread_.join();
  }
  // Runs f with each open connection, and returns when that has happened.
  template <class F>
  void each(F f) {
    run([this, &f] {
      for (const auto& one : open()) f(*one);
    });
  }
  template <class F>
  void run(F f) {
    std::atomic<bool> done = false;
    asio::post(loop_, [&] {
      f();
      done = true;
      done.notify_one();
    });
    done.wait(false);
  }

  std::uint16_t port() const noexcept { return port_; }
  std::size_t accepted() const noexcept { return accepted_; }
  shaping shaped;
  bool refuses = false;

 private:
  void accept() {
    listener_.async_accept([self = shared_from_this()](std::error_code failed, tcp::socket made) {
      if (failed) return;
      const auto one = std::make_shared<pair_of_sockets>(std::move(made), self->loop_.get_executor(), self->shaped);
      if (self->refuses) {
        one->end(true);
      } else {
        ++self->accepted_;
        (void)self->open();
        self->pairs_.push_back(one);
        one->start(self->server_port_);
      }
      self->accept();
    });
  }
  const std::vector<std::shared_ptr<pair_of_sockets>>& open() {
    std::erase_if(pairs_, [](const auto& one) { return one->over; });
    return pairs_;
  }

  const std::uint16_t server_port_;
  asio::io_context loop_{1};
  tcp::acceptor listener_;
  const std::uint16_t port_;
  std::atomic<std::size_t> accepted_ = 0;
  std::vector<std::shared_ptr<pair_of_sockets>> pairs_;
  std::thread thread_;
};

relay::relay(std::uint16_t server_port) : works_(std::make_shared<works>(server_port)) { works_->start(); }
relay::~relay() { works_->stop(); }
std::uint16_t relay::port() const noexcept { return works_->port(); }
std::size_t relay::accepted() const noexcept { return works_->accepted(); }
void relay::shape(std::size_t chunk, std::chrono::milliseconds delay) {
  works_->run([&] { works_->shaped = {chunk, delay}; });
}
void relay::refuse(bool yes) {
  works_->run([&] { works_->refuses = yes; });
}
void relay::close_all() {
  works_->each([](pair_of_sockets& one) { one.end(false); });
}
void relay::reset_all() {
  works_->each([](pair_of_sockets& one) { one.end(true); });
}
void relay::silence_all(way which) {
  works_->each([&](pair_of_sockets& one) {
    one.up.silent |= has(which, way::to_server);
    one.down.silent |= has(which, way::to_client);
  });
}
void relay::stall_all(way which) {
  works_->each([&](pair_of_sockets& one) {
    one.up.stalled |= has(which, way::to_server);
    one.down.stalled |= has(which, way::to_client);
  });
}

}  // namespace parley::testing
