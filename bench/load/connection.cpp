#include "load/connection.hpp"

#include "support/figures.hpp"
#include "support/frames.hpp"
#include "support/socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bench {
namespace {

constexpr std::size_t largest_batch = 1 << 20;  // bytes

std::string read_some(int socket) {
  std::string bytes(64 * 1024, '\0');
  const ssize_t n = recv(socket, bytes.data(), bytes.size(), 0);
  if (n < 0) fail_errno("recv");
  if (n == 0) fail("the server hung up while greeting");
  bytes.resize(static_cast<std::size_t>(n));
  return bytes;
}

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void upgrade(int socket, std::uint16_t port, const script& what) {
  std::string request = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ";
  request.append(frames::key).append("\r\n");
  if (!what.subprotocol.empty()) request.append("Sec-WebSocket-Protocol: ").append(what.subprotocol).append("\r\n");
  write_all(socket, request.append("\r\n"));
  std::string answer;
  // Nothing follows the answer, because the server waits for the client's first frame.
  while (!answer.ends_with("\r\n\r\n")) answer += read_some(socket);
  if (answer.compare(9, 3, "101") != 0 || answer.find(frames::accept) == answer.npos) fail("not upgraded: " + answer);
}

void greet(int socket, const script& what) {
  write_all(socket, what.greeting);
  std::string answer;
  for (;;) {
    answer += read_some(socket);
    const frames::header h = frames::read_header(raw(answer), answer.size());
    if (h.bytes == 0 || answer.size() < h.bytes + h.size) continue;
    if (answer.size() != h.bytes + h.size || !what.welcomed(std::string_view(answer).substr(h.bytes))) fail("not welcomed");
    return;
  }
}

}  // namespace

std::uint64_t answer_counter::feed(const unsigned char* bytes, std::size_t size) {
  if (answer_ != 0) return count(bytes, size);
  if (!script_->websocket) {
    answer_ = script_->message.size();
    return count(bytes, size);
  }
  first_.append(reinterpret_cast<const char*>(bytes), size);
  learn();
  if (answer_ == 0) return 0;
  const std::string all = std::move(first_);
  return count(raw(all), all.size());
}

void answer_counter::learn() {
  const frames::header h = frames::read_header(raw(first_), first_.size());
  if (h.bytes == 0 || first_.size() < h.bytes + h.size) return;
  if (!script_->answered(std::string_view(first_).substr(h.bytes, h.size))) fail("the first answer is not what it should be");
  answer_ = h.bytes + h.size;
  header_ = first_.substr(0, h.bytes);
}

std::uint64_t answer_counter::count(const unsigned char* bytes, std::size_t size) {
  std::uint64_t whole = 0;
  while (size != 0) {
    if (position_ < header_.size()) {
      const std::size_t n = std::min(header_.size() - position_, size);
      if (std::memcmp(header_.data() + position_, bytes, n) != 0) fail("an answer differs from the first in kind or size");
    }
    const std::size_t n = std::min(answer_ - position_, size);
    position_ += n;
    bytes += n;
    size -= n;
    if (position_ == answer_) {
      position_ = 0;
      ++whole;
    }
  }
  return whole;
}

outgoing::outgoing(const script& what, std::size_t batch)
    : script_(what), size_(what.message.size()), batch_(std::clamp<std::size_t>(largest_batch / size_, 1, batch)) {
  for (std::size_t i = 0; i < batch_; ++i) bytes_ += what.message;
}

bool outgoing::send(int socket, cursor& at) {
  while (at.owed != 0) {
    const std::size_t n = std::min(at.owed, batch_);
    for (std::size_t i = 0; i < n; ++i) put_id(script_, bytes_.data() + i * size_, at.next_id + i);
    const ssize_t sent = ::send(socket, bytes_.data() + at.offset, n * size_ - at.offset, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) return false;
      fail_errno("send");
    }
    at.offset += static_cast<std::size_t>(sent);
    const std::size_t whole = at.offset / size_;
    at.offset %= size_;
    at.owed -= whole;
    at.next_id += whole;
  }
  return true;
}

int open_connection(std::uint16_t port, const script& what) {
  const int socket = dial(port);
  if (what.websocket) upgrade(socket, port, what);
  if (!what.greeting.empty()) greet(socket, what);
  non_blocking(socket);
  return socket;
}

}  // namespace bench
