// Frames written by hand on asio::ssl::stream, as its documentation shows it: one read and one write at a time, and buffers of the connection.
// Echo only. asio_ssl_server tls=FOLDER, with server.pem and server.key in it.
#include "floors/output.hpp"
#include "support/arguments.hpp"
#include "support/frames.hpp"
#include "support/socket.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl.hpp>
#include <asio/write.hpp>

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace {

using asio::ip::tcp;

class peer : public std::enable_shared_from_this<peer> {
 public:
  peer(tcp::socket socket, asio::ssl::context& with) : stream_(std::move(socket), with) {}

  void start() {
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](asio::error_code error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    if (input_.size() < have_ + read_size) input_.resize(have_ + read_size);
    stream_.async_read_some(asio::buffer(input_.data() + have_, read_size), [self = shared_from_this()](asio::error_code error, std::size_t got) {
      if (error) return;
      self->have_ += got;
      if (!self->take()) return;
      self->flush();
      self->read();
    });
  }

  bool take() {
    if (!upgraded_) {
      if (have_ < 4 || std::memcmp(input_.data() + have_ - 4, "\r\n\r\n", 4) != 0) return true;
      upgraded_ = true;
      have_ = 0;
      out_.add(bench::frames::upgraded.data(), bench::frames::upgraded.size());
      return true;
    }
    const std::ptrdiff_t used = bench::frames::parse(
        input_.data(), have_,
        [&](unsigned char opcode, const unsigned char* payload, std::size_t size) { out_.add_frame(opcode, payload, size); });
    if (used < 0) return false;
    have_ -= static_cast<std::size_t>(used);
    std::memmove(input_.data(), input_.data() + used, have_);
    return true;
  }

  void flush() {
    if (flying_.left() != 0 || out_.empty()) return;
    flying_.swap(out_);
    asio::async_write(stream_, asio::buffer(flying_.rest(), flying_.left()),
                      [self = shared_from_this()](asio::error_code failed, std::size_t sent) {
                        if (failed) return;
                        self->flying_.took(sent);
                        self->flush();
                      });
  }

  static constexpr std::size_t read_size = 16 * 1024;  // one record

  asio::ssl::stream<tcp::socket> stream_;
  bool upgraded_ = false;
  std::vector<unsigned char> input_;
  std::size_t have_ = 0;
  bench::output out_;
  bench::output flying_;
};

void accept(tcp::acceptor& door, asio::ssl::context& with) {
  door.async_accept([&](asio::error_code error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<peer>(std::move(socket), with)->start();
    }
    accept(door, with);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = bench::arguments(argc, argv).text("tls");
  bench::be_multi_threaded();
  asio::ssl::context with(asio::ssl::context::tls_server);
  with.use_certificate_chain_file(folder + "/server.pem");
  with.use_private_key_file(folder + "/server.key", asio::ssl::context::pem);
  asio::io_context loop{1};
  tcp::acceptor door(loop, {asio::ip::address_v4::loopback(), 0});
  bench::announce(door.local_endpoint().port());
  accept(door, with);
  loop.run();
}
