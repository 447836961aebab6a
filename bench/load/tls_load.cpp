// A load client for wss, with each message in a TLS record and a system call of its own, and for ws in the same way.
//
// tls_load mode=pipeline|idle script=text|binary port=P server=PID [tls=no size=64 connections=16 in_flight=64 warm_up=0.25 seconds=0.5]
//
// Certificates are not verified.
#include "load/connection.hpp"
#include "load/script.hpp"
#include "support/arguments.hpp"
#include "support/figures.hpp"
#include "support/frames.hpp"
#include "support/report.hpp"
#include "support/socket.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr double patience = 5;  // seconds

struct frees {
  void operator()(SSL* one) const noexcept { SSL_free(one); }
  void operator()(SSL_CTX* one) const noexcept { SSL_CTX_free(one); }
};
using context = std::unique_ptr<SSL_CTX, frees>;

// A socket, with or without TLS. It blocks until non_blocking() is called.
class channel {
 public:
  channel(std::uint16_t port, SSL_CTX* with) : socket_(bench::dial(port)) {
    bench::no_delay(socket_);
    if (with == nullptr) return;
    tls_.reset(SSL_new(with));
    if (!tls_ || SSL_set_fd(tls_.get(), socket_) != 1 || SSL_connect(tls_.get()) != 1) bench::fail("no TLS handshake");
  }

  void non_blocking() { bench::non_blocking(socket_); }

  // Returns the number of bytes, 0 if the operation would block.
  std::size_t read(unsigned char* to, std::size_t size) {
    if (tls_) return done(SSL_read(tls_.get(), to, static_cast<int>(size)));
    return done(recv(socket_, to, size, 0));
  }
  std::size_t write(const char* from, std::size_t size) {
    if (tls_) return done(SSL_write(tls_.get(), from, static_cast<int>(size)));
    return done(send(socket_, from, size, MSG_NOSIGNAL));
  }

 private:
  std::size_t done(ssize_t count) {
    if (count > 0) return static_cast<std::size_t>(count);
    const int why = tls_ ? SSL_get_error(tls_.get(), static_cast<int>(count)) : SSL_ERROR_NONE;
    if (tls_ ? why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE : count < 0 && errno == EAGAIN) return 0;
    bench::fail("the server hung up");
  }

  int socket_;
  std::unique_ptr<SSL, frees> tls_;
};

// One connection that keeps `in_flight` messages without an answer.
class guest {
 public:
  guest(std::uint16_t port, SSL_CTX* with, const bench::script& what) : what_(what), to_(port, with), in_(what) {
    std::string request = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    request.append("Sec-WebSocket-Key: ").append(bench::frames::key).append("\r\n\r\n");
    write_all(request);
    std::string answer;
    std::vector<unsigned char> room(4096);
    while (!answer.ends_with("\r\n\r\n")) answer.append(reinterpret_cast<const char*>(room.data()), to_.read(room.data(), room.size()));
    if (answer.compare(9, 3, "101") != 0) bench::fail("not upgraded: " + answer);
  }

  // Sends one message and waits for its answer.
  void greet() {
    write_all(what_.message);
    std::vector<unsigned char> room(64 * 1024);
    while (in_.feed(room.data(), to_.read(room.data(), room.size())) == 0) {}
  }

  void non_blocking() { to_.non_blocking(); }
  void owe(std::size_t messages) { owed_ += messages; }

  // Each message is one write, and therefore one record.
  void send() {
    while (owed_ != 0) {
      const std::size_t sent = to_.write(what_.message.data() + offset_, what_.message.size() - offset_);
      if (sent == 0) return;
      offset_ += sent;
      if (offset_ < what_.message.size()) continue;
      offset_ = 0;
      --owed_;
    }
  }

  std::uint64_t receive(std::vector<unsigned char>& room) {
    std::uint64_t answers = 0;
    // One read returns one record.
    for (std::size_t got = 0; (got = to_.read(room.data(), room.size())) != 0;) answers += in_.feed(room.data(), got);
    return answers;
  }

 private:
  void write_all(std::string_view bytes) {
    while (!bytes.empty()) bytes.remove_prefix(to_.write(bytes.data(), bytes.size()));
  }

  const bench::script& what_;
  channel to_;
  bench::answer_counter in_;
  std::size_t owed_ = 0;
  std::size_t offset_ = 0;
};

using guests = std::vector<std::unique_ptr<guest>>;

void pipeline(guests& all, std::size_t in_flight, int server, double warm_up, double seconds) {
  for (const auto& one : all) {
    one->non_blocking();
    one->owe(in_flight);
  }
  std::vector<unsigned char> room(1 << 20);
  std::atomic<std::uint64_t> answers{0};
  double heard = bench::now();
  bench::time_throughput(server, warm_up, seconds, answers, [&](double time) {
    for (const double until = bench::now() + time; bench::now() < until;) {
      for (const auto& one : all) {
        one->send();
        const std::uint64_t more = one->receive(room);
        if (more == 0) continue;
        heard = bench::now();
        answers.store(answers.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
        one->owe(more);
      }
      if (bench::now() - heard > patience) bench::fail("no answer for 5 s");
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  const auto port = static_cast<std::uint16_t>(given.count("port", 0));
  const int server = static_cast<int>(given.count("server", 0));
  const std::size_t connections = given.count("connections", 16);
  if (port == 0 || server == 0) bench::fail("port and server are needed");
  const bench::script what = bench::script_by_name(given.text("script"), given.count("size", 64));

  context with;
  if (given.text("tls") != "no") {
    with.reset(SSL_CTX_new(TLS_client_method()));
    if (!with) bench::fail("no TLS");
    SSL_CTX_set_verify(with.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_mode(with.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  const bool idle = given.text("mode") == "idle";
  guests all;
  const auto open = [&] {
    all.push_back(std::make_unique<guest>(port, with.get(), what));
    if (idle) all.back()->greet();
  };
  open();  // first, so that memory which the server allocates once is not counted
  if (!idle) {
    while (all.size() < connections) open();
    pipeline(all, given.count("in_flight", 64), server, given.seconds("warm_up", 0.25), given.seconds("seconds", 0.5));
    return 0;
  }
  const std::int64_t before = bench::settled_resident_bytes(server);
  for (std::size_t i = 0; i < connections; ++i) open();
  const std::int64_t after = bench::settled_resident_bytes(server);
  std::printf("{\"count\": %zu, \"bytes\": %.1f}\n", connections, static_cast<double>(after - before) / static_cast<double>(connections));
}
