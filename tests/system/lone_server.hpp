// The server's end of connections whose other ends are played by the test, frame by frame. There
// are no sockets, no running loop, and no queue between the received frame and the sent frame. Only
// the runtime's own work is counted or timed.
#pragma once

#include "steady.server.hpp"

#include <parley/conversation/attachment.hpp>
#include <parley/ends/loop_executor.hpp>
#include <parley/routing/routing.hpp>
#include <parley/stub/peer.hpp>
#include <parley/transport/transport.hpp>
#include <parley/wire/hello.hpp>

#include <asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>

namespace steady::v1 {

// Copies the last frame to memory of its own, as the output of a transport does.
class written_off final : public parley::transport::connection {
 public:
  written_off() { last.reserve(64 * 1024); }
  std::string last;
  std::size_t messages = 0;

  void send(const parley::buffer& content, parley::transport::opcode kind) override { send_copy(content.bytes(), kind); }
  void send_copy(parley::bytes_view content, parley::transport::opcode) override {
    ++messages;
    last.assign(parley::as_text(content));
  }
  std::size_t buffered_amount() const override { return 0; }
  void set_water_marks(std::size_t, std::size_t) override {}
  void pause_reading() override {}
  void resume_reading() override {}
  void close(std::uint16_t, std::string_view) override {}
  void abort() override {}
  void ping() override {}
  void on_pong(std::function<void()>) override {}
  std::string remote() const override { return "here"; }
};

struct Steady final : SteadyHandler {
  parley::reply<Point> move(const Point& p, parley::call&) override { return p; }
  parley::reply<Sum> add(const Numbers& n, parley::call&) override {
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }
  parley::reply<Sum> measure(const Page& p, parley::call&) override {
    std::size_t size = p.title.size() + p.content.size();
    for (const std::string& line : p.lines) size += line.size();
    return Sum{.value = static_cast<double>(size)};
  }
  parley::reply<> touch(parley::call&) override { return {}; }
};

// Finds the handler of a call in the same way as a server.
class lone_server final : public parley::conversation_owner {
 public:
  lone_server() {
    (void)contract_.add(SteadyHandler::service());
    for (const parley::binding& b : SteadyHandler::bindings<Steady>()) bound_.emplace(b.what, b);
  }
  ~lone_server() override {
    if (end_) end_->forget_owner();
  }

  // A connection whose client has sent its hello.
  void connect(parley::format in) {
    const bool binary = in == parley::format::binary;
    format_ = binary ? &parley::wire::fbs_format() : &parley::wire::json_format();
    end_ = std::make_shared<parley::conversation>(
        *this, parley::conversation_setup{.session{.self = parley::side::server}, .contract = &contract_}, executor_);
    attachment_ = std::make_shared<parley::attachment>(end_, clock_);
    wire_end().on_open(connection_, binary ? parley::wire::fbs_subprotocol : parley::wire::json_subprotocol);
    parley::wire::hello hello;
    hello.methods = contract_.prints();
    std::string payload;
    parley::wire::write_hello(in, hello, payload);
    parley::wire::envelope e;
    e.kind = parley::wire::kind::hello;
    deliver(frame(e, payload));
  }

  template <class Message>
  std::string call_frame(const parley::method& m, std::uint64_t id, const Message& message) {
    std::string payload;
    parley::codec_for<Message>.write(format_->payload_format(), &message, payload);
    parley::wire::envelope e;
    e.kind = parley::wire::kind::call;
    e.name = m.name;
    e.method = m.id;
    e.id = id;
    e.counted = true;
    return frame(e, payload);
  }

  void deliver(const std::string& content) {
    wire_end().on_message(parley::as_bytes(content),
                          format_->binary() ? parley::transport::opcode::binary : parley::transport::opcode::text);
  }

  const parley::wire::envelope_format& format() const { return *format_; }
  const written_off& answers() const { return *connection_; }
  parley::conversation& end() { return *end_; }

 private:
  // The interface that the transport calls.
  parley::transport::connection_handler& wire_end() { return *attachment_; }

  std::string frame(const parley::wire::envelope& e, const std::string& payload) {
    std::string out;
    format_->write(e, parley::side::client, parley::as_bytes(payload), out);
    return out;
  }

  const parley::wire::envelope_format* format_for(std::string_view) override { return format_; }
  void opened(parley::conversation& end) override { end.set_peer(std::make_shared<parley::peer>(end)); }
  void event_received(parley::conversation&, const parley::wire::envelope&, const parley::invocation&) override {}
  void unknown_event(parley::conversation&, const parley::wire::envelope&) override {}
  void call_received(parley::conversation&, parley::incoming_call& in) override { bound_.find(&in.what)->second.serve(handler_, in); }
  void call_handler_threw(const parley::method&, const std::exception_ptr&) override {}
  void error_received(parley::conversation&, const parley::error&, std::string_view) override {}
  void drained(parley::conversation&) override {}
  void closed(parley::conversation&, std::uint16_t, const parley::error&) override {}

  asio::io_context loop_;
  std::shared_ptr<const parley::loop_executor> executor_ = std::make_shared<const parley::loop_executor>(loop_.get_executor());
  std::shared_ptr<parley::transport::clock> clock_ = parley::transport::steady_clock();
  std::shared_ptr<written_off> connection_ = std::make_shared<written_off>();
  parley::session::contract contract_;
  std::unordered_map<const parley::method*, parley::binding> bound_;
  Steady handler_;
  const parley::wire::envelope_format* format_ = nullptr;
  std::shared_ptr<parley::conversation> end_;
  std::shared_ptr<parley::attachment> attachment_;
};

}  // namespace steady::v1
