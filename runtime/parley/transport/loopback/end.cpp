#include "parley/transport/loopback/end.hpp"

#include "parley/core/account.hpp"
#include "parley/transport/status.hpp"
#include "parley/transport/text.hpp"

#include <algorithm>
#include <utility>

namespace parley::transport {

loopback_end::loopback_end(const asio::any_io_executor& on, std::shared_ptr<loopback_network> network, std::size_t max_message,
                           std::string remote, std::shared_ptr<connection_handler> handler, std::shared_ptr<void> slot, std::string path)
    : tethered(on),
      network_(std::move(network)),
      box_(std::make_shared<mailbox>(on, network_)),
      max_message_(max_message),
      remote_(std::move(remote)),
      path_(std::move(path)),
      handler_(std::move(handler)),
      slot_(std::move(slot)) {}

loopback_end::~loopback_end() { box_->sever(); }

void loopback_end::start() {
  self_ = shared_from_this();
  box_->set_owner(weak_from_this());
}

void loopback_end::open(std::shared_ptr<mailbox> peer, std::string subprotocol) {
  peer_ = std::move(peer);
  box_->post([self = shared_from_this(), subprotocol = std::move(subprotocol)] {
    if (self->phase_ != phase::connecting) return;
    // Sent in the same turn as on_open below, so that no reply of the client can arrive before
    // on_open.
    if (!self->peer_->put({.what = letter::kind::opened, .text = subprotocol, .from = self->box_}))
      return self->fail({errc::disconnected, "the client has gone"});
    self->phase_ = phase::open;
    const auto handler = self->handler_;
    handler->on_open(self, subprotocol);
  });
}

void loopback_end::fail(error why) {
  if (phase_ == phase::connecting) tell_closed({}, std::move(why));
}

// ---- The connection interface.

void loopback_end::send(const buffer& content, opcode kind) {
  if (phase_ != phase::open) return;
  if (!network_->count_message()) {
    peer_->put({.what = letter::kind::lost});
    box_->put_only({.what = letter::kind::lost});
    return;
  }
  put_counted({.what = letter::kind::message, .content = content, .as = kind});
}

void loopback_end::put_counted(letter one) {
  buffered_ += cost_of(one.content.size());
  over_ = over_ || buffered_ > high_;
  peer_->put(std::move(one));
}

void loopback_end::set_water_marks(std::size_t high, std::size_t low) {
  high_ = high;
  low_ = std::min(low, high);
  over_ = over_ || buffered_ > high_;
}

void loopback_end::pause_reading() { box_->set_paused(true); }
void loopback_end::resume_reading() { box_->set_paused(false); }

void loopback_end::close(std::uint16_t code, std::string_view text) {
  if (phase_ != phase::open) return;
  close_with({may_be_sent(code) ? code : std::uint16_t{1011}, close_text(text)}, {errc::cancelled, "closed here"});
}

void loopback_end::abort() {
  if (phase_ != phase::open) return;
  peer_->put_only({.what = letter::kind::lost});
  tell_closed({}, {errc::cancelled, "aborted here"});
}

void loopback_end::ping() {
  if (phase_ == phase::open) put_counted({.what = letter::kind::ping});
}

// ---- Incoming letters.

void loopback_end::on_letter(letter&& one) {
  if (phase_ == phase::done) return;
  switch (one.what) {
    case letter::kind::opened: {
      peer_ = std::move(one.from);
      phase_ = phase::open;
      const auto handler = handler_;
      return handler->on_open(shared_from_this(), one.text);
    }
    case letter::kind::refused:
      return tell_closed({.http_status = one.status}, refusal(one.status, path_));
    case letter::kind::message:
      return receive(one);
    case letter::kind::ping:
      took(one);
      return put_counted({.what = letter::kind::pong});
    case letter::kind::pong: {
      took(one);
      const auto notify = on_pong_;
      if (notify) notify();
      return;
    }
    case letter::kind::closed: {
      error how{errc::disconnected, "closed by the other end with " + std::to_string(one.status)};
      how.from_peer = true;
      return tell_closed({static_cast<std::uint16_t>(one.status), one.text}, std::move(how));
    }
    case letter::kind::lost:
      return tell_closed({}, {errc::disconnected, phase_ == phase::connecting ? "the server has gone" : "the connection was lost"});
    case letter::kind::taken:
      return taken(one.size);
  }
}

void loopback_end::receive(const letter& one) {
  if (one.content.size() > max_message_) return close_with({1009, "a message was too large"}, {errc::too_large, over_limit(max_message_)});
  if (one.as == opcode::text && !is_utf8(one.content.text())) return close_with({1007, "not UTF-8"}, {errc::bad_frame, "not UTF-8"});
  took(one);
  const auto handler = handler_;
  handler->on_message(aligned(one.content.bytes(), room_), one.as);
}

void loopback_end::took(const letter& one) { peer_->put_first({.what = letter::kind::taken, .size = cost_of(one.content.size())}); }

void loopback_end::taken(std::size_t cost) {
  buffered_ -= cost;
  if (!over_ || buffered_ > low_) return;
  over_ = false;
  const auto handler = handler_;
  handler->on_drained();
}

// ---- The end of the connection.

void loopback_end::close_with(close_reason why, error how) {
  peer_->put({.what = letter::kind::closed, .status = why.code, .text = why.text});
  tell_closed(std::move(why), std::move(how));
}

void loopback_end::tell_closed(close_reason why, error how) {
  const auto self = shared_from_this();
  phase_ = phase::done;
  box_->post([self, handler = handler_, why = std::move(why), how = std::move(how)] { handler->on_closed(why, how); });
  let_go();
}

void loopback_end::let_go() noexcept {
  untie();
  phase_ = phase::done;
  buffered_ = 0;
  box_->sever();
  slot_.reset();
  on_pong_ = nullptr;
  const auto peer = std::exchange(peer_, nullptr);
  const auto handler = std::exchange(handler_, nullptr);
  const auto self = std::exchange(self_, nullptr);  // last, because this may be the last reference
}

void loopback_end::sever() noexcept {
  if (peer_) peer_->put({.what = letter::kind::lost});
  let_go();
}

}  // namespace parley::transport
