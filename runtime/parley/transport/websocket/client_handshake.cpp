#include "parley/transport/websocket/client_handshake.hpp"

#include "parley/transport/status.hpp"
#include "parley/transport/websocket/connection.hpp"
#include "parley/transport/websocket/protocol/http_head.hpp"
#include "parley/transport/websocket/protocol/upgrade.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace parley::transport {
namespace {

// A Retry-After with a date needs a clock that agrees with the server's, and is ignored.
std::chrono::seconds wait_of(const upgrade_response& answer) {
  constexpr std::uint32_t most = 3600;
  const std::string value = joined(answer.headers, "retry-after");
  std::uint32_t seconds = 0;
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (end != value.data() + value.size() || value.empty()) return {};
  if (fault == std::errc::result_out_of_range) return std::chrono::seconds(most);
  return fault == std::errc() ? std::chrono::seconds(std::min(seconds, most)) : std::chrono::seconds(0);
}

class client_handshake final : public stream_owner, public std::enable_shared_from_this<client_handshake> {
 public:
  client_handshake(std::shared_ptr<socket_stream> stream, const url& where, const connect_options& options,
                   std::shared_ptr<connection_handler> handler)
      : stream_(std::move(stream)),
        rules_{.server = false, .max_message = options.limits.max_message, .fast_path = options.fast_path, .manners = options.manners},
        upgrade_(where, options),
        path_(where.path),
        head_(options.limits.max_handshake_bytes),
        handler_(std::move(handler)) {}

  void start(std::chrono::milliseconds left) {
    stream_->set_owner(shared_from_this());
    stream_->set_timer(left);
    stream_->write(upgrade_.request());
    stream_->resume();
  }

  void abandon() { fail({errc::cancelled, "connecting was abandoned"}); }

  std::size_t on_bytes(std::span<char> bytes) override {
    std::size_t used = 0;
    switch (head_.take({bytes.data(), bytes.size()}, used)) {
      case head_reader::state::more:
        return used;
      case head_reader::state::too_large:
        fail({errc::too_large, "the server's answer to the upgrade is longer than 16 KiB"});
        return bytes.size();
      case head_reader::state::complete:
        check_answer();
        return used;
    }
    return used;
  }

  void on_written() override {}
  void on_end(const std::error_code&) override {
    // A server that refuses this client's certificate in TLS 1.3 reports it after the handshake.
    if (const error* const fault = stream_->tls_fault()) return fail(error(*fault));
    fail({errc::disconnected, "the server closed the connection during the handshake"});
  }
  void on_timer() override { fail({errc::deadline_exceeded, "the server did not answer the upgrade within connect_timeout"}); }
  void on_severed() noexcept override { const auto forgotten = std::exchange(handler_, nullptr); }

 private:
  void check_answer() {
    upgrade_response answer;
    if (!parse_upgrade_response(head_.head(), answer)) return fail({errc::bad_frame, "the server does not speak HTTP/1.1"});
    if (answer.status != 101) return fail(refusal(answer.status, path_), {.http_status = answer.status, .retry_after = wait_of(answer)});
    if (!lists_token(joined(answer.headers, "upgrade"), "websocket") || !lists_token(joined(answer.headers, "connection"), "upgrade"))
      return fail({errc::bad_frame, "the server's answer is not a WebSocket upgrade"});
    if (!joined(answer.headers, "sec-websocket-extensions").empty())
      return fail({errc::bad_frame, "the server chose an extension that was not offered"});
    if (!upgrade_.is_answered_by(joined(answer.headers, "sec-websocket-accept")))
      return fail({errc::bad_frame, "the server's answer has a wrong Sec-WebSocket-Accept"});
    stream_->clear_timer();
    // Bytes that arrived together with the answer belong to the connection, which receives them
    // when it reads.
    stream_->pause();
    open_connection(stream_, rules_, joined(answer.headers, "sec-websocket-protocol"), std::exchange(handler_, nullptr));
  }

  // Does nothing if the handler has already been called, or if it belongs to a connection by now.
  void fail(error how, close_reason why = {}) {
    if (!handler_) return;
    const asio::any_io_executor on = stream_->executor();
    const auto self = shared_from_this();
    stream_->close();
    asio::post(on,
               [handler = std::exchange(handler_, nullptr), how = std::move(how), why = std::move(why)] { handler->on_closed(why, how); });
  }

  const std::shared_ptr<socket_stream> stream_;
  const frame_reader::rules rules_;
  client_upgrade upgrade_;
  const std::string path_;
  head_reader head_;
  std::shared_ptr<connection_handler> handler_;
};

}  // namespace

std::function<void()> ask_for_upgrade(std::shared_ptr<socket_stream> stream, const url& where, const connect_options& options,
                                      std::chrono::milliseconds left, std::shared_ptr<connection_handler> handler) {
  const auto one = std::make_shared<client_handshake>(std::move(stream), where, options, std::move(handler));
  one->start(left);
  return [weak = std::weak_ptr(one)] {
    if (const auto still = weak.lock()) still->abandon();
  };
}

}  // namespace parley::transport
