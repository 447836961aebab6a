#include "parley/transport/tcp/byte_port.hpp"

#include "parley/transport/tcp/system_calls.hpp"

#include <asio/error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <ratio>

namespace parley::transport {
namespace {

// Failures are ignored. A Unix socket does not have these options, and the other end of a socket
// may have closed.
void set(int descriptor, int level, int option, int value) noexcept { ::setsockopt(descriptor, level, option, &value, sizeof value); }

}  // namespace

byte_port::byte_port(stream_socket socket) noexcept : socket_(std::move(socket)) {
  // Cannot fail on a connected socket. If it does, reading or writing reports the error.
  std::error_code ignored;
  socket_.non_blocking(true, ignored);
  set(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, 1);
}

byte_port::readiness byte_port::wait(bool to_read, bool to_write, int wake, time_point until) noexcept {
  const auto events = static_cast<short>((to_read ? POLLIN : 0) | (to_write ? POLLOUT : 0));
  std::array<pollfd, 2> ends{pollfd{socket_.native_handle(), events, 0}, pollfd{wake, POLLIN, 0}};
  const time_point begun = steady::now();
  int count = 0;
  const bool looks = brief_.worth_looking();
  if (looks) {
    constexpr std::timespec at_once{};
    const time_point limit = std::min(begun + brief_waits::most, until);
    do count = ::ppoll(ends.data(), ends.size(), &at_once, nullptr);
    while (count == 0 && steady::now() < limit);
    brief_.looked(count != 0);
  }
  if (count == 0) {
    std::timespec left{};
    const bool bounded = until != time_point::max();
    if (bounded) {
      const auto ns = std::max(std::chrono::nanoseconds(until - steady::now()), std::chrono::nanoseconds::zero()).count();
      left = {static_cast<std::time_t>(ns / std::nano::den), static_cast<long>(ns % std::nano::den)};
    }
    count = ::ppoll(ends.data(), ends.size(), bounded ? &left : nullptr, nullptr);
    if (!looks) brief_.slept(steady::now() - begun);
  }
  if (count <= 0) return {.woken = count < 0, .late = count == 0};
  const int of_socket = ends[0].revents;
  return {.readable = to_read && (of_socket & ~POLLOUT) != 0,
          .writable = to_write && (of_socket & ~POLLIN) != 0,
          .woken = ends[1].revents != 0};
}

std::size_t byte_port::read(std::span<char> direct, std::span<char> room, std::error_code& ec) noexcept {
  const int from = socket_.native_handle();
  if (tls_) [[unlikely]]
    return tls_->read(from, direct, room, ec);
  std::size_t count = 0;
  if (direct.empty()) {
    count = result_of([&] { return ::recv(from, room.data(), room.size(), 0); }, ec);
  } else {
    std::array<iovec, 2> rooms{{{direct.data(), direct.size()}, {room.data(), room.size()}}};
    count = result_of([&] { return ::readv(from, rooms.data(), static_cast<int>(rooms.size())); }, ec);
  }
  if (count == 0 && !ec) ec = asio::error::eof;
  return count;
}

std::size_t byte_port::write(std::string_view bytes, std::error_code& ec) noexcept {
  if (tls_) [[unlikely]] {
    const write_queue::view one{bytes.data(), bytes.size()};
    return tls_->write(socket_.native_handle(), {&one, 1}, ec);
  }
  return result_of([&] { return ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }, ec);
}

std::size_t byte_port::write(std::span<const write_queue::view> pieces, std::error_code& ec) noexcept {
  if (tls_) [[unlikely]]
    return tls_->write(socket_.native_handle(), pieces, ec);
  std::array<iovec, most_pieces> all;
  const std::size_t count = std::min(pieces.size(), all.size());
  for (std::size_t i = 0; i < count; ++i) all[i] = {const_cast<char*>(pieces[i].begin), pieces[i].size};  // only read
  msghdr message{};
  message.msg_iov = all.data();
  message.msg_iovlen = count;
  return result_of([&] { return ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL); }, ec);
}

bool byte_port::has_unread() const noexcept {
  std::error_code ignored;  // on failure there is nothing to read
  return socket_.available(ignored) != 0;
}

void byte_port::finish_writing() noexcept {
  if (tls_) return tls_->finish_writing(socket_.native_handle());
  std::error_code ignored;  // the other end may have disconnected
  socket_.shutdown(stream_socket::shutdown_send, ignored);
}

// Without keep-alive, a lost peer is only detected when something is sent to it.
void byte_port::keep_alive() noexcept {
  constexpr int silent_seconds = 60, seconds_between = 10, questions = 6;
  const int on = socket_.native_handle();
  set(on, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(on, IPPROTO_TCP, TCP_KEEPIDLE, silent_seconds);
  set(on, IPPROTO_TCP, TCP_KEEPINTVL, seconds_between);
  set(on, IPPROTO_TCP, TCP_KEEPCNT, questions);
}

}  // namespace parley::transport
