// Parley's WebSocket transport without envelopes: every message returns to its sender or, with
// mode=all, one shared buffer goes to all clients. With tls=FOLDER, over TLS with server.pem and
// server.key in it.
#include "support/arguments.hpp"
#include "support/figures.hpp"
#include "support/socket.hpp"

#include <parley/transport/tls/context.hpp>
#include <parley/transport/websocket.hpp>

#include <asio/io_context.hpp>

#include <list>
#include <memory>
#include <string>
#include <utility>

namespace {

using parley::transport::connection;

using guests = std::list<connection*>;

class guest final : public parley::transport::connection_handler {
 public:
  guest(bool to_all, guests& all) : to_all_(to_all), all_(all) {}
  void on_open(std::shared_ptr<connection> to, std::string_view) override {
    me_ = to.get();
    all_.push_back(me_);
  }
  void on_message(parley::bytes_view content, parley::transport::opcode kind) override {
    if (!to_all_) return me_->send_copy(content, kind);
    const parley::buffer message{std::string(parley::as_text(content))};
    for (connection* to : all_) to->send(message, kind);
  }
  void on_drained() override {}
  void on_closed(const parley::transport::close_reason&, const parley::error&) override { all_.remove(me_); }

 private:
  bool to_all_;
  guests& all_;
  connection* me_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  const bool to_all = given.text("mode") == "all";
  bench::be_multi_threaded();
  asio::io_context loop{1};
  guests all;
  parley::transport::listen_options options{.limits = {.max_message = 1 << 20}};
  if (const std::string folder = given.text("tls"); !folder.empty()) {
    auto tls = parley::transport::load_tls(parley::server_tls{.certificate = {.file = folder + "/server.pem", .key_file = folder + "/server.key"}});
    if (!tls) bench::fail(tls.error().message);
    options.tls = *tls;
  }
  auto listener = parley::transport::websocket_listen(loop.get_executor(), std::move(options));
  if (!listener) bench::fail(listener.error().message);
  (*listener)->start(
      [&](const std::shared_ptr<parley::transport::request>& ask) { ask->accept("", std::make_shared<guest>(to_all, all)); });
  bench::announce((*listener)->port());
  loop.run();
}
