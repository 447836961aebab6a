// Parley's WebSocket transport without envelopes: every message returns to its sender or, with
// mode=all, one shared buffer goes to all clients.
#include "support/arguments.hpp"
#include "support/figures.hpp"
#include "support/socket.hpp"

#include <parley/transport/websocket.hpp>

#include <asio/io_context.hpp>

#include <list>
#include <memory>
#include <string>

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
  const bool to_all = bench::arguments(argc, argv).text("mode") == "all";
  bench::be_multi_threaded();
  asio::io_context loop{1};
  guests all;
  auto listener = parley::transport::websocket_listen(loop.get_executor(), {.limits = {.max_message = 1 << 20}});
  if (!listener) bench::fail(listener.error().message);
  (*listener)->start(
      [&](const std::shared_ptr<parley::transport::request>& ask) { ask->accept("", std::make_shared<guest>(to_all, all)); });
  bench::announce((*listener)->port());
  loop.run();
}
