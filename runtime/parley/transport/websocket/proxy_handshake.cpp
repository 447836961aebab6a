#include "parley/transport/websocket/proxy_handshake.hpp"

#include "parley/transport/websocket/protocol/proxy_dialogue.hpp"

#include <asio/post.hpp>

#include <chrono>
#include <utility>

namespace parley::transport {
namespace {

using reached_call = std::function<void(std::shared_ptr<socket_stream>, std::shared_ptr<connection_handler>)>;

class proxy_handshake final : public stream_owner, public std::enable_shared_from_this<proxy_handshake> {
 public:
  proxy_handshake(std::shared_ptr<socket_stream> stream, std::unique_ptr<proxy_dialogue> dialogue, bool secure,
                  std::shared_ptr<connection_handler> handler, reached_call reached)
      : stream_(std::move(stream)),
        dialogue_(std::move(dialogue)),
        secure_(secure),
        handler_(std::move(handler)),
        reached_(std::move(reached)) {}

  void start(std::chrono::milliseconds left) {
    stream_->set_owner(shared_from_this());
    stream_->set_timer(left);
    stream_->write(dialogue_->opening());
    stream_->resume();
  }

  void abandon() { fail({errc::cancelled, "connecting was abandoned"}); }

  std::size_t on_bytes(std::span<char> bytes) override {
    const auto heard = dialogue_->hear({bytes.data(), bytes.size()});
    if (!heard) {
      fail(heard.error());
      return bytes.size();
    }
    stream_->write(heard->say);
    // Inside of TLS the server sends nothing before this end, so these bytes are not from the server.
    // If they were taken for decrypted ones, a proxy could put words into the server's mouth.
    if (heard->done && secure_ && heard->taken != bytes.size()) {
      fail({errc::bad_frame, "the proxy sent more than its answer"});
      return bytes.size();
    }
    if (heard->done) {
      stream_->clear_timer();
      // Bytes after the proxy's answer belong to the server. The next owner of the stream receives
      // them.
      stream_->pause();
      const auto self = shared_from_this();
      const auto reached = std::exchange(reached_, nullptr);
      reached(stream_, std::exchange(handler_, nullptr));
    }
    return heard->taken;
  }

  void on_written() override {}
  void on_end(const std::error_code&) override { fail({errc::disconnected, "the proxy closed the connection during the handshake"}); }
  void on_timer() override { fail({errc::deadline_exceeded, "the proxy did not answer within connect_timeout"}); }
  void on_severed() noexcept override {
    const auto forgotten = std::exchange(handler_, nullptr);
    const auto uncalled = std::exchange(reached_, nullptr);
  }

 private:
  // Does nothing if the handler has already been called, or if the stream has another owner by now.
  void fail(error how) {
    if (!handler_) return;
    const auto self = shared_from_this();
    const asio::any_io_executor on = stream_->executor();
    const auto uncalled = std::exchange(reached_, nullptr);
    stream_->close();
    asio::post(on, [handler = std::exchange(handler_, nullptr), how = std::move(how)] { handler->on_closed({}, how); });
  }

  const std::shared_ptr<socket_stream> stream_;
  const std::unique_ptr<proxy_dialogue> dialogue_;
  const bool secure_;  // TLS with the server follows
  std::shared_ptr<connection_handler> handler_;
  reached_call reached_;
};

}  // namespace

std::function<void()> ask_proxy(std::shared_ptr<socket_stream> stream, const proxy_url& proxy, const url& server,
                                const connect_options& options, time_point deadline, std::shared_ptr<connection_handler> handler,
                                reached_call reached) {
  const auto one =
      std::make_shared<proxy_handshake>(std::move(stream), make_proxy_dialogue(proxy, server, options.limits.max_handshake_bytes),
                                        server.secure, std::move(handler), std::move(reached));
  one->start(std::chrono::ceil<std::chrono::milliseconds>(deadline - steady::now()));
  return [weak = std::weak_ptr(one)] {
    if (const auto still = weak.lock()) still->abandon();
  };
}

}  // namespace parley::transport
