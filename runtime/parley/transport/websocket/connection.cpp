#include "parley/transport/websocket/connection.hpp"

#include "parley/transport/text.hpp"
#include "parley/transport/websocket/frame.hpp"
#include "parley/transport/websocket/http_head.hpp"
#include "parley/transport/websocket/policy.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <utility>

namespace parley::transport {
namespace {

using core = websocketpp::connection<policy::config>;
using server_endpoint = websocketpp::server<policy::config>;
using client_endpoint = websocketpp::client<policy::config>;
namespace status = websocketpp::close::status;
namespace state = websocketpp::session::state;

constexpr std::chrono::milliseconds flush_limit{5000};   // for what was queued before a close frame, and the frame
constexpr std::chrono::milliseconds linger_limit{1000};  // after the close frame left
constexpr std::size_t linger_bytes = 64 * 1024;
constexpr unsigned max_pongs = 128;  // unsent; a peer that asks for more without reading gets no answer to them

class websocket_connection final : public connection,
                                   public stream_owner,
                                   public std::enable_shared_from_this<websocket_connection>,
                                   private policy::outlet {
 public:
  websocket_connection(std::shared_ptr<socket_stream> stream, std::shared_ptr<core> inner, std::shared_ptr<void> endpoint,
                       std::unique_ptr<policy::unpredictable> masks, std::size_t max_head, std::shared_ptr<connection_handler> handler)
      : stream_(std::move(stream)),
        endpoint_(std::move(endpoint)),
        core_(std::move(inner)),
        handler_(std::move(handler)),
        masks_(std::move(masks)),
        head_(max_head) {
    // websocketpp finds out the byte order on first use and notes it in a plain static: done here once, before two loops can do it.
    [[maybe_unused]] static const std::uint64_t byte_order_is_known = websocketpp::lib::net::_htonll(1);
    core_->attach(*this);
    core_->set_message_handler([this](const auto&, const core::message_ptr& message) { deliver(*message); });
    core_->set_pong_handler([this](const auto&, const auto&) {
      const auto notify = on_pong_;  // it may set another
      if (notify) notify();
    });
    core_->set_ping_handler([this](const auto&, const auto&) { return ++pongs_ <= max_pongs; });
  }
  ~websocket_connection() override { core_->detach(); }

  void start_server(const std::string& key, const std::string& subprotocol) {
    stream_->set_owner(shared_from_this());
    core_->set_validate_handler([this, &subprotocol](const auto&) {
      core_->select_subprotocol(subprotocol);
      return true;
    });
    core_->start();
    // The request in our own words: it was checked before, and websocketpp needs no more of it than this.
    std::string request =
        "GET / HTTP/1.1\r\nHost: parley\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: " +
        key + "\r\n";
    if (!subprotocol.empty()) request += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
    core_->feed(request + "\r\n");
    core_->set_validate_handler(nullptr);
    if (core_->get_state() != state::open) return finish({}, {errc::failed, "websocketpp refused a request that was checked"});
    opened(subprotocol);
  }

  void start_client(std::chrono::milliseconds left) {
    stream_->set_owner(shared_from_this());
    stream_->set_timer(left);
    core_->start();
    stream_->resume();
  }

  void abandon() {
    if (phase_ == phase::head) finish({}, {errc::cancelled, "connecting was abandoned"});
  }

  // ---- the seam

  void send(buffer content, opcode kind) override {
    if (phase_ != phase::open) return;
    if (masks_) {
      const std::uint32_t mask = (*masks_)();
      std::string frame(frame_head(kind, content.size(), mask).bytes());
      frame.reserve(frame.size() + content.size());
      append_masked(frame, content.text(), mask);
      stream_->write({}, buffer(std::move(frame)));
    } else {
      stream_->write(frame_head(kind, content.size()).bytes(), content);
    }
    over_ = over_ || stream_->queued() > high_;
  }

  std::size_t buffered_amount() const override { return stream_->queued(); }

  void set_water_marks(std::size_t high, std::size_t low) override {
    high_ = high;
    low_ = std::min(low, high);
    over_ = over_ || stream_->queued() > high_;
  }

  void pause_reading() override {
    paused_ = true;
    if (phase_ == phase::open) stream_->pause();
  }
  void resume_reading() override {
    paused_ = false;
    if (phase_ == phase::open) stream_->resume();
  }

  void close(std::uint16_t code, std::string_view text) override {
    if (phase_ != phase::open) return;
    reason_ = {may_be_sent(code) ? code : std::uint16_t{status::internal_endpoint_error}, close_text(text)};
    how_ = {errc::cancelled, "closed here"};
    std::error_code refused;  // never: open, a code that may be sent, a text of the right length
    core_->close(reason_.code, reason_.text, refused);
    begin_closing();
  }

  void abort() override {
    if (phase_ == phase::open) return finish({}, {errc::cancelled, "aborted here"});
    if (phase_ == phase::closing) finish(reason_, how_);
  }

  void ping() override {
    if (phase_ != phase::open) return;
    std::error_code refused;  // never: open, nothing in it
    core_->ping({}, refused);
  }
  void on_pong(std::function<void()> notify) override { on_pong_ = std::move(notify); }
  std::string remote() const override { return stream_->remote(); }

  // ---- the stream

  std::size_t on_bytes(std::span<const char> bytes) override {
    std::size_t used = phase_ == phase::head ? read_head(bytes) : 0;
    while (phase_ == phase::open && !paused_ && used < bytes.size()) {
      const std::size_t count = splitter_.next(bytes.subspan(used));
      std::error_code refused;
      if (splitter_.length_is_padded()) core_->close(status::protocol_error, "a length is not in its shortest form", refused);
      else core_->feed(bytes.subspan(used, count));
      used += count;
      if (phase_ == phase::open && core_->get_state() != state::open) closed_inside();
    }
    if (phase_ == phase::closing) discard(bytes.subspan(used));
    return phase_ == phase::open ? used : bytes.size();
  }

  void on_written() override {
    if (stream_->queued() == 0) pongs_ = 0;
    if (phase_ == phase::open && over_ && stream_->queued() <= low_) {
      over_ = false;
      const auto handler = handler_;
      handler->on_drained();
    } else if (phase_ == phase::closing && !flushed_ && stream_->queued() == 0) {
      flushed_ = true;
      if (ended_) stream_->finish_writing();
      if (discarded_ > linger_bytes) finish(reason_, how_);
      else stream_->set_timer(linger_limit);
    }
  }

  void on_end(const std::error_code&) override {
    switch (phase_) {
      case phase::head:
        return finish({}, {errc::disconnected, "the server closed the connection during the handshake"});
      case phase::open:
        return finish({}, {errc::disconnected, "the connection was lost"});
      case phase::closing:
        return finish(reason_, how_);
      case phase::done:
        return;
    }
  }

  void on_timer() override {
    if (phase_ == phase::head) finish({}, {errc::deadline_exceeded, "the handshake took too long"});
    else if (phase_ == phase::closing) finish(reason_, how_);
  }

  void on_severed() noexcept override {
    phase_ = phase::done;
    core_->detach();
    on_pong_ = nullptr;
    const auto forgotten = std::exchange(handler_, nullptr);
  }

 private:
  enum class phase { head, open, closing, done };

  // ---- websocketpp

  void put(std::string_view bytes) override { stream_->write(bytes); }

  void put_end() override {
    ended_ = true;
    if (phase_ == phase::closing && flushed_) stream_->finish_writing();
  }

  void deliver(const core::message_type& message) {
    if (phase_ != phase::open) return;
    const bool text = message.get_opcode() == websocketpp::frame::opcode::text;
    if (text && !ends_whole(message.get_payload())) {
      // websocketpp sees this in a single frame only, not where a message in fragments ends.
      std::error_code refused;
      return core_->close(status::invalid_payload, "a character is incomplete", refused);
    }
    const auto handler = handler_;
    std::vector<std::uint64_t> room;
    handler->on_message(aligned(as_bytes(message.get_payload()), room), text ? opcode::text : opcode::binary);
  }

  // ---- opening

  std::size_t read_head(std::span<const char> bytes) {
    std::size_t used = 0;
    switch (head_.take({bytes.data(), bytes.size()}, used)) {
      case head_reader::state::more:
        break;
      case head_reader::state::too_large:
        finish({}, {errc::too_large, "the server's answer is too large"});
        break;
      case head_reader::state::complete:
        check_answer();
        break;
    }
    return used;
  }

  void check_answer() {
    upgrade_response answer;
    if (!parse_upgrade_response(head_.head(), answer)) return finish({}, {errc::bad_frame, "the server does not speak HTTP/1.1"});
    if (answer.status != 101) return finish({}, refusal(answer.status));
    if (!lists_token(joined(answer.headers, "upgrade"), "websocket") || !lists_token(joined(answer.headers, "connection"), "upgrade"))
      return finish({}, {errc::bad_frame, "the server's answer is no WebSocket upgrade"});
    if (!joined(answer.headers, "sec-websocket-extensions").empty())
      return finish({}, {errc::bad_frame, "the server chose an extension that was not offered"});
    core_->feed(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        joined(answer.headers, "sec-websocket-accept") + "\r\n\r\n");
    if (core_->get_state() != state::open) return finish({}, {errc::bad_frame, "the server's answer has a wrong Sec-WebSocket-Accept"});
    stream_->clear_timer();
    opened(joined(answer.headers, "sec-websocket-protocol"));
  }

  void opened(const std::string& subprotocol) {
    phase_ = phase::open;
    core_->handshake_is_over();
    head_ = head_reader(0);
    const auto handler = handler_;
    handler->on_open(shared_from_this(), subprotocol);
    if (phase_ == phase::open && !paused_) stream_->resume();
  }

  // ---- closing

  // websocketpp has begun to close: the other end asked for it, or sent what it must not.
  void closed_inside() {
    const auto theirs = core_->get_remote_close_code();
    const auto ours = core_->get_local_close_code();
    const bool blank = theirs == status::no_status;
    // websocketpp answers a close frame with what is in it, and a wrong one with a code and a text of its own.
    const bool echoed = theirs == ours && may_be_sent(theirs) && core_->get_remote_close_reason() == core_->get_local_close_reason();
    if (echoed || (blank && ours == status::normal)) {
      reason_ = {theirs, core_->get_remote_close_reason()};
      how_ = {errc::disconnected, blank ? "closed by the other end" : "closed by the other end with " + std::to_string(theirs)};
    } else {
      reason_ = {ours, core_->get_local_close_reason()};
      how_ = ours == status::message_too_big ? error{errc::too_large, "a message was too large"}
                                             : error{errc::bad_frame, core_->get_local_close_reason()};
    }
    begin_closing();
  }

  void begin_closing() {
    phase_ = phase::closing;
    stream_->set_timer(flush_limit);
    stream_->resume();
  }

  void discard(std::span<const char> bytes) {
    discarded_ += bytes.size();
    if (discarded_ > linger_bytes) {
      if (flushed_) finish(reason_, how_);
      else stream_->pause();
    } else if (core_->get_state() == state::closing) {
      core_->feed(bytes);
    }
  }

  void finish(close_reason why, error how) {
    const auto self = shared_from_this();
    phase_ = phase::done;
    core_->detach();
    on_pong_ = nullptr;
    auto handler = std::exchange(handler_, nullptr);
    const asio::any_io_executor on = stream_->executor();
    stream_->close();
    asio::post(on, [self, handler = std::move(handler), why = std::move(why), how = std::move(how)] { handler->on_closed(why, how); });
  }

  const std::shared_ptr<socket_stream> stream_;
  const std::shared_ptr<void> endpoint_;  // core_ refers to it
  const std::shared_ptr<core> core_;
  std::shared_ptr<connection_handler> handler_;
  std::function<void()> on_pong_;
  const std::unique_ptr<policy::unpredictable> masks_;  // a client's

  phase phase_ = phase::head;
  head_reader head_;
  frame_splitter splitter_;
  bool paused_ = false;
  unsigned pongs_ = 0;

  std::size_t high_ = 64 * 1024;
  std::size_t low_ = 16 * 1024;
  bool over_ = false;

  close_reason reason_;
  error how_{errc::disconnected};
  bool ended_ = false;    // websocketpp has nothing more to say
  bool flushed_ = false;  // the close frame has left
  std::size_t discarded_ = 0;
};

class server_role_impl final : public server_role, public std::enable_shared_from_this<server_role_impl> {
 public:
  server_role_impl(const limits& bounds, const std::string& server_name) {
    endpoint_.set_user_agent(server_name);
    endpoint_.set_max_message_size(bounds.max_message);
  }

  void open(std::shared_ptr<socket_stream> stream, const std::string& key, const std::string& subprotocol,
            std::shared_ptr<connection_handler> handler) override {
    const std::shared_ptr<core> inner = endpoint_.get_connection();
    const auto connection =
        std::make_shared<websocket_connection>(std::move(stream), inner, shared_from_this(), nullptr, 0, std::move(handler));
    connection->start_server(key, subprotocol);
  }

 private:
  server_endpoint endpoint_;
};

}  // namespace

std::shared_ptr<server_role> make_server_role(const limits& bounds, const std::string& server_name) {
  return std::make_shared<server_role_impl>(bounds, server_name);
}

std::function<void()> open_client(std::shared_ptr<socket_stream> stream, const url& where, const connect_options& options,
                                  std::chrono::milliseconds left, std::shared_ptr<connection_handler> handler) {
  const auto endpoint = std::make_shared<client_endpoint>();
  endpoint->set_user_agent("parley");
  endpoint->set_max_message_size(options.limits.max_message);
  // websocketpp would write an IPv6 host without its brackets.
  const auto location =
      std::make_shared<websocketpp::uri>(false, where.literal_v6 ? '[' + where.host + ']' : where.host, where.port, where.resource());
  std::error_code refused;  // never: the connector has checked what could be
  const std::shared_ptr<core> inner = endpoint->get_connection(location, refused);
  for (const std::string& name : options.subprotocols) inner->add_subprotocol(name, refused);
  for (const header& h : options.headers) inner->append_header(h.name, h.value);
  if (!options.origin.empty()) inner->append_header("Origin", options.origin);

  const auto connection =
      std::make_shared<websocket_connection>(std::move(stream), inner, endpoint, std::make_unique<policy::unpredictable>(),
                                             options.limits.max_handshake_bytes, std::move(handler));
  connection->start_client(left);
  return [weak = std::weak_ptr(connection)] {
    if (const auto still = weak.lock()) still->abandon();
  };
}

}  // namespace parley::transport
