// Boost.Beast: echo or, with mode=all, one shared message to all clients. One asynchronous write
// for each message, as its interface provides.
#include "support/arguments.hpp"
#include "support/socket.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <deque>
#include <memory>
#include <string>
#include <unordered_set>

namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
using tcp = net::ip::tcp;
using socket_type = net::basic_stream_socket<tcp, net::io_context::executor_type>;
using acceptor_type = net::basic_socket_acceptor<tcp, net::io_context::executor_type>;

class peer;
struct audience {
  bool to_all = false;
  std::unordered_set<peer*> peers{};
};

class peer : public std::enable_shared_from_this<peer> {
 public:
  peer(socket_type socket, audience& all) : stream_(std::move(socket)), all_(all) {}
  ~peer() { all_.peers.erase(this); }

  void start() {
    stream_.auto_fragment(false);
    stream_.read_message_max(1 << 24);
    stream_.async_accept([self = shared_from_this()](beast::error_code error) {
      if (error) return;
      self->all_.peers.insert(self.get());
      self->read();
    });
  }

 private:
  void read() {
    stream_.async_read(input_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->received();
    });
  }

  void received() {
    stream_.text(stream_.got_text());
    if (all_.to_all) {
      const auto message = std::make_shared<const std::string>(beast::buffers_to_string(input_.data()));
      input_.consume(input_.size());
      for (peer* to : all_.peers) to->push(message);
      return read();
    }
    stream_.async_write(input_.data(), [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      self->input_.consume(self->input_.size());
      self->read();
    });
  }

  void push(const std::shared_ptr<const std::string>& message) {
    queue_.push_back(message);
    if (queue_.size() == 1) pump();
  }

  void pump() {
    stream_.async_write(net::buffer(*queue_.front()), [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return;
      self->queue_.pop_front();
      if (!self->queue_.empty()) self->pump();
    });
  }

  beast::websocket::stream<socket_type, false> stream_;  // without compression
  audience& all_;
  beast::flat_buffer input_;
  std::deque<std::shared_ptr<const std::string>> queue_;
};

void accept(acceptor_type& door, audience& all) {
  door.async_accept([&](beast::error_code error, socket_type socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<peer>(std::move(socket), all)->start();
    }
    accept(door, all);
  });
}

}  // namespace

int main(int argc, char** argv) {
  bench::be_multi_threaded();
  audience all{.to_all = bench::arguments(argc, argv).text("mode") == "all"};
  net::io_context loop{1};
  acceptor_type door(loop, tcp::endpoint{net::ip::address_v4::loopback(), 0});
  bench::announce(door.local_endpoint().port());
  accept(door, all);
  loop.run();
}
