// How the link comes up, is lost, and comes up again. life.hpp decides, and this file acts.
#include "parley/client/client_core.hpp"

#include "parley/conversation/attachment.hpp"
#include "parley/ends/bounds.hpp"
#include "parley/transport/network.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace parley {
namespace {

// The time for the answer to the ping of reconnect_now().
constexpr std::chrono::seconds patience_with_a_probe{3};

std::vector<std::string> offered(encoding e) {
  switch (e) {
    case encoding::automatic:
      return {std::string(wire::fbs_subprotocol), std::string(wire::json_subprotocol)};
    case encoding::binary:
      return {std::string(wire::fbs_subprotocol)};
    case encoding::json:
      return {std::string(wire::json_subprotocol)};
    case encoding::plain:
      return {};
  }
  return {};
}

// In bytes of payload, until a greeting contains the limit.
std::uint32_t taken_by_server(const client_options& options) {
  const bool nobody_says = options.encoding == encoding::plain || options.dialect.format;
  const std::size_t bytes = nobody_says ? options.peer_max_message : client_options{}.peer_max_message;
  return wire_limit(std::max<std::size_t>(bytes, 1));
}

}  // namespace

void client_core::connect(ticket of, outgoing, std::unique_ptr<pending_call> done) {
  on_executor(std::move(done), [of](client_core& self, std::unique_ptr<pending_call> waiting) {
    if (self.phase_ == phase::open) return waiting.release()->finish(encoded_answer{});
    self.connecting_.emplace(of, std::move(waiting));
    self.connect_now();
  });
}

void client_core::reconnect_now() {
  on_executor([](client_core& self) {
    if (self.phase_ == phase::waiting) return self.connect_now();
    if (self.phase_ == phase::open) self.conversation_->probe(self.clock_->now(), patience_with_a_probe);
  });
}

// Begins an attempt, unless one is running.
void client_core::connect_now() {
  const time_point now = clock_->now();
  act(phase_ == phase::waiting ? life_.now_please(now) : life_.asked(now));
}

void client_core::act(const life::action& next) {
  switch (next.what) {
    case life::action::kind::connect:
      set_status({.state = link_state::connecting, .why = last_loss_, .attempt = life_.attempt()});
      begin_attempt(urls_[next.url], next.credential_refused);
      return tell_status();
    case life::action::kind::wait:
      phase_ = phase::waiting;
      connect_alarm_->set(next.at, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->act(self->life_.timer(self->clock_->now()));
      });
      return set_status({.state = link_state::waiting, .why = last_loss_, .attempt = life_.attempt(), .next_try = next.at});
    case life::action::kind::give_up:
      phase_ = phase::lost;
      return set_status({.state = link_state::closed, .why = last_loss_});
    case life::action::kind::nothing:
      return;
  }
}

void client_core::set_status(link_status now) {
  std::lock_guard lock(mutex_);
  status_ = std::move(now);
}

void client_core::tell_status() {
  const auto handler = status_handler_;
  if (!handler) return;
  const link_status now = status();
  try {
    (*handler)(now);
  } catch (...) { log_threw("on_status"); }
}

// Until the server's greeting has arrived, events are limited by the options alone. After a loss the
// next server is probably of the same kind, so that a larger limit of the last one continues.
void client_core::assume_nothing_of_the_server() {
  std::uint8_t agreed = 0;
  if (options_.encoding == encoding::plain || options_.encoding == encoding::json) agreed = 1;
  if (options_.encoding == encoding::binary) agreed = 2;
  if (const auto* foreign = options_.dialect.format) agreed = foreign->payload_format() == format::json ? 1 : 2;
  format_ = agreed;
  peer_max_message_ = std::max<std::size_t>(taken_by_server(options_), life_.was_open() ? peer_max_message_.load() : 0);
  mismatches_ = false;
}

void client_core::begin_attempt(const std::string& url, bool refused) {
  phase_ = phase::connecting;
  if (!credentials_) return begin_connecting(url, {});
  credentials_->ask(url, refused, false, [this, url](result<credential> answer) {
    if (answer) return begin_connecting(url, *answer);
    // In a turn of its own, because the source may have answered inside the question.
    asio::post(home_.executor(), [weak = weak_from_this(), why = answer.error()] {
      if (const auto self = weak.lock(); self && self->phase_ == phase::connecting && !self->conversation_) self->attempt_failed(why);
    });
  });
}

void client_core::attempt_failed(const error& why) {
  if (options_.log) options_.log(log_level::warning, "there is no credential to connect with: " + why.message);
  after_loss(false, why, {});
}

// The server answers with the new lifetime, or closes the connection.
void client_core::renew_credential() {
  if (phase_ != phase::open) return;
  credentials_->ask(attempt_url_, false, true, [this](result<credential> answer) {
    if (phase_ != phase::open) return;
    if (answer && conversation_->session().show(auth_of(*answer))) return;
    if (!answer && options_.log)
      options_.log(log_level::warning, "the credential expires, and there is no other: " + answer.error().message);
    credentials_->try_again();
  });
}

void client_core::watch_credential(std::uint32_t auth_ms) {
  if (credentials_) credentials_->watch(std::chrono::milliseconds(auth_ms), [this] { renew_credential(); });
}

void client_core::begin_connecting(const std::string& url, const credential& shown) {
  attempt_url_ = url;
  phase_ = phase::connecting;
  leaving_ = takes_more_ = false;
  session::session_options session{.self = side::client};
  session.limits.max_message = wire_limit(options_.max_message);
  session.limits.max_calls = options_.max_calls;
  session.peer_limits.max_message = taken_by_server(options_);
  session.hello_timeout = std::chrono::milliseconds::max();  // connect_alarm_ includes the time of the greeting
  if (options_.heartbeat > options_.heartbeat.zero()) {
    session.heartbeat = options_.heartbeat;
    session.own_heartbeat = true;
  }
  session.max_silence = options_.max_silence;
  // Limits what the server causes this client to send. admit() limits what the client sends on its
  // own initiative.
  session.max_queue = options_.max_queue;
  session.agent = options_.agent;
  const dialect* const foreign = options_.dialect.format ? &options_.dialect : nullptr;
  conversation_setup setup{.session = std::move(session),
                           .contract = &contract_,
                           .dialect = foreign,
                           .speaks = spoken::dialect,
                           .types = options_.types,
                           .answers_in_order = options_.answers_in_order};
  const bool in_hello = options_.credentials_in_hello && !foreign && options_.encoding != encoding::plain;
  if (shown && in_hello) setup.session.shown = std::make_shared<const wire::auth>(auth_of(shown));
  conversation_ = std::make_shared<conversation>(*this, std::move(setup), home_.shared_executor());
  auto attached = std::make_shared<attachment>(conversation_, clock_);
  transport::connect_options connect;
  connect.url = url;
  if (foreign) {
    connect.manners = manners_of(*foreign);
    if (!foreign->subprotocol.empty()) connect.subprotocols = {std::string(foreign->subprotocol)};
  } else {
    connect.subprotocols = offered(options_.encoding);
  }
  for (const auto& [name, value] : options_.headers) connect.headers.push_back({name, value});
  if (shown && !in_hello) connect.headers.push_back({"Authorization", header_of(shown)});
  connect.origin = options_.origin;
  connect.proxy = options_.proxy;
  connect.tls = tls_;
  connect.limits.max_message = with_room(contract_.largest_payload(options_.max_message), envelope_room);
  connect.limits.handshake = options_.connect_timeout;
  abandon_ = transport::network_for(url, options_.loopback).connect(home_.executor(), std::move(connect), std::move(attached));
  connect_alarm_->set(saturating_add(clock_->now(), options_.connect_timeout), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->give_up_connecting();
  });
}

// closed() is called as a consequence.
void client_core::give_up_connecting() {
  conversation_io* const over = conversation_ ? conversation_->connection() : nullptr;
  if (phase_ != phase::connecting || !over) return;
  over->give_up({errc::deadline_exceeded,
                 over->reached() ? "the server did not greet within connect_timeout" : "connecting took longer than connect_timeout"});
  if (const auto abandon = std::exchange(abandon_, nullptr)) abandon();
}

const wire::envelope_format* client_core::format_for(std::string_view subprotocol) {
  const bool wanted_plain = options_.encoding == encoding::plain;
  if (subprotocol.empty()) return wanted_plain ? &wire::plain_format() : nullptr;
  if (wanted_plain) return nullptr;
  if (subprotocol == wire::fbs_subprotocol && options_.encoding != encoding::json) return &wire::fbs_format();
  if (subprotocol == wire::json_subprotocol && options_.encoding != encoding::binary) return &wire::json_format();
  return nullptr;
}

void client_core::opened(conversation& end) {
  abandon_ = nullptr;
  format_ = end.session().format().payload_format() == format::json ? 1 : 2;
  peer_max_message_ = end.session().peer_limits().max_message;
  last_loss_.reset();
  const bool again = life_.was_open();
  life_.opened(clock_->now(), false, false);
  set_status({.state = link_state::open,
              .outcome = again ? outcome::fresh : outcome::first,
              .calls_lost = std::exchange(calls_lost_, 0),
              .unconfirmed = std::exchange(unconfirmed_, 0)});
  const std::vector<const method*>& differing = end.session().mismatched();
  {
    std::lock_guard lock(mutex_);
    id_ = end.session().client_id();
    mismatched_.clear();
    for (const method* m : differing)
      if (!end.session().agreed(*m)) mismatched_.push_back(m);
    mismatches_ = !mismatched_.empty();
  }
  phase_ = phase::open;
  watch_credential(end.session().auth_ms());
  alarm_->clear();
  connect_alarm_->clear();
  if (options_.log) {
    options_.log(log_level::info, "connected to " + end.connection()->remote());
    if (tls_ && options_.tls && options_.tls->insecure_accept_any_certificate)
      options_.log(log_level::warning, "the server's certificate was not checked: tls.insecure_accept_any_certificate is set");
    for (const method* m : differing)
      options_.log(log_level::warning, "this client and the server have different versions of " + std::string(m->name));
  }
  if (options_.dialect.format && !options_.greeting.empty()) end.session().send(buffer(options_.greeting));
  // What was requested first is sent first. Only then does the program learn that the link is up.
  early_armed_ = time_point::max();
  note_queue();
  send_waiting();
  arm_early();
  admit_waiting();
  tell_status();
  for (auto& [of, done] : std::exchange(connecting_, {})) done.release()->finish(encoded_answer{});
}

void client_core::own_id_known(const std::string& id) {
  std::lock_guard lock(mutex_);
  id_ = id;
}

void client_core::closed(conversation& end, std::uint16_t code, const error& how) {
  if (conversation_.get() != &end) return;
  const bool was_open = phase_ == phase::open;
  life::loss loss{.code = code};
  if (const auto* const ending = end.connection() ? end.connection()->ending() : nullptr) {
    loss.http_status = ending->http_status;
    loss.retry = ending->retry_after;
  }
  if (leaving_) loss.retry = std::max(loss.retry, std::chrono::ceil<std::chrono::milliseconds>(not_before_ - clock_->now()));
  calls_lost_ += end.calls_lost();
  unconfirmed_ += end.unconfirmed_events();
  conversation_.reset();
  abandon_ = nullptr;
  connect_alarm_->clear();
  if (credentials_) credentials_->stop();
  queued_ = 0;
  takes_more_ = false;
  assume_nothing_of_the_server();
  {
    std::lock_guard lock(mutex_);
    id_.clear();
  }
  if (phase_ == phase::closed) return finish_closing();
  if (options_.log) options_.log(log_level::warning, "disconnected " + how_it_ended(how));
  error lost = how;
  if (was_open) lost.code = errc::disconnected;
  after_loss(was_open, lost, loss);
}

void client_core::after_loss(bool was_open, const error& lost, const life::loss& how) {
  last_loss_ = lost;
  const bool was_up = life_.was_open();
  act(life_.lost(clock_->now(), how));
  const bool goes_on = phase_ == phase::waiting;
  if (goes_on) {
    for (const lost_call& one : lost_calls_) calls_lost_ -= one.why.maybe_done ? 1 : 0;
    keep_lost_calls();
    if (was_up) fail_connects(lost);
  } else {
    fail_lost_calls();
    fail_waiting(lost);
  }
  if (was_open || !goes_on) tell_disconnected(lost);
  tell_status();
}

void client_core::tell_disconnected(const error& why) {
  const auto handler = disconnected_;
  if (!handler) return;
  try {
    (*handler)(why);
  } catch (...) { log_threw("on_disconnected"); }
}

void client_core::fail_connects(const error& why) {
  for (auto& [of, done] : std::exchange(connecting_, {})) done.release()->finish(why);
}

void client_core::fail_waiting(const error& why) {
  alarm_->clear();
  early_armed_ = time_point::max();
  fail_connects(why);
  for (early& one : early_.take_all()) {
    posted_ -= one.what.cost();
    if (one.call) finish_early(one, why);
  }
  for (early& one : for_room_.take_all()) {
    release_room_of(one);
    one.call.release()->finish(why);
  }
}

}  // namespace parley
