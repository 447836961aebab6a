#include "parley/transport/websocket/handshake.hpp"

#include "parley/transport/lifeline.hpp"
#include "parley/transport/websocket/connection.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace parley::transport {
namespace {

// After a refusal the server reads for this long, because a reset would destroy the answer.
constexpr std::chrono::milliseconds linger_limit{1000};
constexpr std::size_t linger_bytes = 64 * 1024;
constexpr char first_byte_of_tls = 0x16;  // a record of the handshake (RFC 8446 section 5.1)

class handshake final : public stream_owner, public std::enable_shared_from_this<handshake>, private tethered {
 public:
  handshake(std::shared_ptr<socket_stream> stream, std::shared_ptr<server_upgrade> upgrade, const listen_options& options,
            std::shared_ptr<door> to)
      : tethered(stream->executor()),
        on_(stream->executor()),
        stream_(std::move(stream)),
        upgrade_(std::move(upgrade)),
        door_(std::move(to)),
        server_name_(options.server_name),
        help_(options.help),
        on_refused_(options.on_refused),
        time_(options.limits.handshake),
        rules_{.server = true, .max_message = options.limits.max_message, .fast_path = options.fast_path, .manners = options.manners},
        head_(options.limits.max_handshake_bytes) {}

  void start(const http_fault& refused) {
    stream_->set_owner(shared_from_this());
    stream_->set_timer(time_);
    stream_->resume();
    if (refused.status != 0) say_no(refused);
  }

  // The application's answers. The application calls these from inside its own functions, so their
  // consequences are posted.
  void accept(std::string subprotocol, const manners& how, std::shared_ptr<connection_handler> handler) {
    if (!answer()) return;
    rules_.manners = how;
    asio::post(*on_, [self = shared_from_this(), subprotocol = std::move(subprotocol), handler = std::move(handler)]() mutable {
      self->open(subprotocol, std::move(handler));
    });
  }

  void show(int status, const std::vector<header>& headers, buffer body) {
    if (!answer()) return;
    std::string head = http_answer_head(status, headers, body.size(), server_name_);
    asio::post(*on_, [self = shared_from_this(), head = std::move(head), body = std::move(body)] {
      if (self->phase_ == phase::deciding) self->send_page(head, body);
    });
  }

  void hold(std::shared_ptr<void> what) { stream_->hold(std::move(what)); }

  void reject(http_fault fault) {
    if (!answer()) return;
    asio::post(*on_, [self = shared_from_this(), fault = std::move(fault)] {
      if (self->phase_ == phase::deciding) self->say_no(fault);
    });
  }

  std::size_t on_bytes(std::span<char> bytes) override {
    if (phase_ == phase::showing || phase_ == phase::refusing) {
      discarded_ += bytes.size();
      if (discarded_ > linger_bytes) end();
      return bytes.size();
    }
    std::size_t used = 0;
    switch (head_.take({bytes.data(), bytes.size()}, used)) {
      case head_reader::state::more:
        // A client that speaks TLS would wait, because its first message has no empty line.
        if (head_.head().starts_with(first_byte_of_tls)) {
          refuse({400, "this port speaks no TLS: use ws:// or http://"});
          return bytes.size();
        }
        return used;
      case head_reader::state::too_large:
        refuse({431, "the request's head is too large"});
        return bytes.size();
      case head_reader::state::complete:
        break;
    }
    hand_out();
    return phase_ == phase::deciding ? used : bytes.size();
  }

  void on_written() override {
    if (phase_ == phase::showing && stream_->queued() == 0) begin_lingering();
    if (phase_ == phase::refusing && stream_->queued() == 0) stream_->finish_writing();
  }

  void on_end(const std::error_code&) override {
    const error* const fault = stream_->tls_fault();
    if (!fault || phase_ != phase::reading) return end();
    tls_failed(*fault);
  }

  void on_severed() noexcept override { phase_ = phase::over; }

  void on_timer() override {
    switch (phase_) {
      case phase::reading:
        // If the loop was blocked, the request may be waiting unread in the socket. It is read
        // first, once.
        if (stream_->has_unread() && !std::exchange(waited_longer_, true)) return stream_->set_timer(time_);
        if (stream_->is_tls_handshaking()) return too_slow_for_tls();
        return refuse({408, "the request took too long"});
      case phase::deciding:
        abandon();
        return refuse({503, "the server did not decide on the request in time"});
      case phase::showing:  // the client reads too slowly
      case phase::refusing:
        return end();
      case phase::over:
        return;
    }
  }

 private:
  enum class phase { reading, deciding, showing, refusing, over };

  // The stream releases its socket by itself.
  void sever() noexcept override { on_.reset(); }

  void hand_out();
  void hand_out_page(http_request);
  void fill(any_request&, http_request);

  // Returns true once, and only while the executor exists.
  bool answer() { return !std::exchange(answered_, true) && on_; }

  void open(const std::string& subprotocol, std::shared_ptr<connection_handler> handler) {
    if (phase_ != phase::deciding) return handler->on_closed({}, {errc::disconnected, "the client has gone"});
    if (!subprotocol.empty() && std::find(offered_.begin(), offered_.end(), subprotocol) == offered_.end()) {
      refuse({500, "no agreement on a subprotocol"});
      return handler->on_closed({}, {errc::invalid, "accepted with a subprotocol that was not offered"});
    }
    phase_ = phase::over;
    const std::string answer = upgrade_->answer(key_, subprotocol);
    if (answer.empty()) {
      end();
      return handler->on_closed({}, {errc::failed, "websocketpp refused a request that was checked"});
    }
    stream_->clear_timer();
    stream_->write(answer);
    open_connection(stream_, rules_, subprotocol, std::move(handler));
  }

  // Refuses a client without asking the application.
  void refuse(const http_fault& fault) {
    if (on_refused_) on_refused_(fault.status, fault.text, stream_->remote());
    say_no(fault);
  }

  void say_no(http_fault fault) {
    if (fault.status == 400 && !help_.empty()) fault.text += "; " + help_;
    stream_->write(http_answer(fault, server_name_));
    begin_lingering();
    stream_->resume();
  }

  void send_page(const std::string& head, const buffer& body) {
    phase_ = phase::showing;
    stream_->set_timer(time_);
    if (head_only_ || body.empty()) stream_->write(head);
    else stream_->write(head, body);
    stream_->resume();
  }

  void begin_lingering() {
    phase_ = phase::refusing;
    stream_->set_timer(linger_limit);
  }

  // A client that speaks plain HTTP gets an answer that it understands. For others the alert of TLS
  // has been written, and a reset would destroy it.
  void tls_failed(const error& fault) {
    const bool plain = stream_->tls_trouble() == tls_engine::trouble::plain_http;
    if (on_refused_) on_refused_(plain ? 400 : 0, fault.message, stream_->remote());
    const http_fault answer{400, fault.message};
    stream_->give_up_tls();
    if (plain) stream_->write(http_answer(answer, server_name_));
    else stream_->finish_writing();
    begin_lingering();
    stream_->resume();
  }

  // The application learns that its answer is not needed any more.
  void abandon() {
    const auto asked = asked_.lock();
    const auto abandoned = asked ? std::exchange(asked->on_abandoned, nullptr) : nullptr;
    if (abandoned) abandoned();
  }

  void too_slow_for_tls() {
    if (on_refused_) on_refused_(0, "the TLS handshake took too long", stream_->remote());
    end();
  }

  void end() {
    phase_ = phase::over;
    stream_->close();
  }

  std::optional<asio::any_io_executor> on_;
  const std::shared_ptr<socket_stream> stream_;
  const std::shared_ptr<server_upgrade> upgrade_;
  const std::shared_ptr<door> door_;
  const std::string server_name_;
  const std::string help_;
  const std::function<void(int, std::string_view, const std::string&)> on_refused_;
  const std::chrono::milliseconds time_;
  frame_reader::rules rules_;

  phase phase_ = phase::reading;
  head_reader head_;
  std::string key_;
  std::vector<std::string> offered_;
  std::weak_ptr<request> asked_;
  bool answered_ = false;
  bool waited_longer_ = false;
  bool head_only_ = false;
  std::size_t discarded_ = 0;
};

http_fault refusal_of(int http_status, std::string_view text, std::chrono::seconds retry_after) {
  return {http_status >= 400 && http_status <= 599 ? http_status : 500, std::string(text), retry_after};
}

class websocket_request final : public request {
 public:
  explicit websocket_request(std::shared_ptr<handshake> by) : from_(std::move(by)) {}
  ~websocket_request() override { from_->reject({503, "the request was not answered"}); }

  void accept(std::string_view subprotocol, std::shared_ptr<connection_handler> handler) override {
    from_->accept(std::string(subprotocol), manners, std::move(handler));
  }
  void reject(int http_status, std::string_view text, std::chrono::seconds retry_after) override {
    from_->reject(refusal_of(http_status, text, retry_after));
  }
  void hold(std::shared_ptr<void> what) override { from_->hold(std::move(what)); }

 private:
  const std::shared_ptr<handshake> from_;
};

class http_page_request final : public page_request {
 public:
  explicit http_page_request(std::shared_ptr<handshake> by) : from_(std::move(by)) {}
  ~http_page_request() override { from_->reject({503, "the request was not answered"}); }

  void answer(int http_status, const std::vector<header>& with, buffer body) override { from_->show(http_status, with, std::move(body)); }
  void reject(int http_status, std::string_view text, std::chrono::seconds retry_after) override {
    from_->reject(refusal_of(http_status, text, retry_after));
  }
  void hold(std::shared_ptr<void> what) override { from_->hold(std::move(what)); }

 private:
  const std::shared_ptr<handshake> from_;
};

// Bytes that the client sends before the answer wait in the socket.
void handshake::fill(any_request& ask, http_request asked) {
  ask.path = std::move(asked.path);
  ask.query = std::move(asked.query);
  ask.headers = std::move(asked.headers);
  ask.host = std::move(asked.host);
  ask.origin = std::move(asked.origin);
  ask.remote = stream_->remote();
  ask.from = stream_->from();
  ask.encrypted = stream_->is_tls();
  ask.certificate = stream_->tls_certificate();
  ask.tls_resumed = stream_->tls_resumed();
  phase_ = phase::deciding;
  stream_->pause();
}

void handshake::hand_out() {
  http_request asked;
  if (auto fault = parse_request(head_.head(), asked)) {
    if (door_->on_page) fault->allow = "GET, HEAD";
    return refuse(*fault);
  }
  head_ = head_reader(0);
  if (door_->on_page && !asks_for_websocket(asked)) return hand_out_page(std::move(asked));
  upgrade_request parsed;
  if (const auto fault = parse_upgrade(asked, parsed)) return refuse(*fault);
  if (!door_->open || !door_->on_request) return refuse({503, "no new connections are accepted"});
  key_ = std::move(parsed.key);
  offered_ = parsed.subprotocols;
  const auto ask = std::make_shared<websocket_request>(shared_from_this());
  fill(*ask, std::move(asked));
  ask->subprotocols = std::move(parsed.subprotocols);
  ask->manners = rules_.manners;
  asked_ = ask;
  const auto on_request = door_->on_request;
  on_request(ask);
}

void handshake::hand_out_page(http_request asked) {
  head_only_ = asked.head;
  const auto ask = std::make_shared<http_page_request>(shared_from_this());
  fill(*ask, std::move(asked));
  const auto on_page = door_->on_page;
  on_page(ask);
}

}  // namespace

void serve_handshake(std::shared_ptr<socket_stream> stream, std::shared_ptr<server_upgrade> upgrade, const listen_options& options,
                     std::shared_ptr<door> to, http_fault refused) {
  std::make_shared<handshake>(std::move(stream), std::move(upgrade), options, std::move(to))->start(refused);
}

}  // namespace parley::transport
