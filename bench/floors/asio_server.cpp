// Frames written by hand on standalone Asio: the cost of Asio compared with epoll. Echo only. A
// write is tried at once, and is asynchronous only if it cannot complete.
#include "floors/output.hpp"
#include "support/frames.hpp"
#include "support/socket.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using asio::ip::tcp;

std::vector<unsigned char> input(512 * 1024);  // shared, so that an idle connection has no read buffer

class peer : public std::enable_shared_from_this<peer> {
 public:
  explicit peer(tcp::socket socket) : socket_(std::move(socket)) {}

  void wait() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](asio::error_code error) {
      if (!error && self->read()) self->wait();
    });
  }

 private:
  bool read() {
    std::size_t have = partial_.size();
    if (have != 0) std::memcpy(input.data(), partial_.data(), have);
    asio::error_code error;
    const std::size_t n = socket_.read_some(asio::buffer(input.data() + have, input.size() - have), error);
    if (error) return error == asio::error::would_block;
    have += n;
    if (!upgraded_) return upgrade(have);
    const std::ptrdiff_t used = bench::frames::parse(
        input.data(), have,
        [&](unsigned char opcode, const unsigned char* payload, std::size_t size) { out_.add_frame(opcode, payload, size); });
    if (used < 0) return false;
    partial_.assign(input.data() + used, input.data() + have);
    flush();
    return true;
  }

  bool upgrade(std::size_t have) {
    partial_.assign(input.data(), input.data() + have);
    if (have < 4 || std::memcmp(input.data() + have - 4, "\r\n\r\n", 4) != 0) return true;
    upgraded_ = true;
    partial_.clear();
    out_.add(bench::frames::upgraded.data(), bench::frames::upgraded.size());
    flush();
    return true;
  }

  void flush() {
    if (flying_.left() != 0 || out_.empty()) return;
    asio::error_code error;
    const std::size_t n = socket_.write_some(asio::buffer(out_.rest(), out_.left()), error);
    if (error && error != asio::error::would_block) return;
    out_.took(n);
    if (out_.empty()) return;
    flying_.swap(out_);
    asio::async_write(socket_, asio::buffer(flying_.rest(), flying_.left()),
                      [self = shared_from_this()](asio::error_code failed, std::size_t sent) {
                        if (failed) return;
                        self->flying_.took(sent);
                        self->flush();
                      });
  }

  tcp::socket socket_;
  bool upgraded_ = false;
  std::vector<unsigned char> partial_;
  bench::output out_;
  bench::output flying_;
};

void accept(tcp::acceptor& door) {
  door.async_accept([&door](asio::error_code error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      socket.non_blocking(true);
      std::make_shared<peer>(std::move(socket))->wait();
    }
    accept(door);
  });
}

}  // namespace

int main() {
  bench::be_multi_threaded();
  asio::io_context loop{1};
  tcp::acceptor door(loop, {asio::ip::address_v4::loopback(), 0});
  bench::announce(door.local_endpoint().port());
  accept(door);
  loop.run();
}
