#include "parley/client/client_core.hpp"

#include "parley/conversation/attachment.hpp"
#include "parley/ends/address.hpp"
#include "parley/ends/bounds.hpp"
#include "parley/ends/guarded_log.hpp"
#include "parley/transport/network.hpp"

#include <asio/dispatch.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

namespace parley {
namespace {

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

client_options with_guarded_log(client_options options) {
  options.log = guarded(std::move(options.log));
  return options;
}

// In bytes of payload, until a greeting contains the limit.
std::uint32_t taken_by_server(const client_options& options) {
  const bool nobody_says = options.encoding == encoding::plain || options.dialect.format;
  const std::size_t bytes = nobody_says ? options.peer_max_message : client_options{}.peer_max_message;
  return wire_limit(std::max<std::size_t>(bytes, 1));
}

}  // namespace

client_core::client_core(std::string url, client_options options, home where)
    : tethered(where.executor()),
      url_(std::move(url)),
      tls_(loaded_tls(url_, options.loopback, options.tls)),
      options_(with_guarded_log(std::move(options))),
      home_(std::move(where)),
      gate_(home_.executor()),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      watchdog_(clock_, options_.slow_handler, warning_to(options_.log)),
      alarm_(clock_->make_alarm(home_.executor())),
      connect_alarm_(clock_->make_alarm(home_.executor())),
      coroutines_(std::make_shared<coroutine_count>(options_.max_coroutines, options_.max_coroutines_per_sender)) {
  assume_nothing_of_the_server();
}

client_core::~client_core() {
  untie();  // if the client never had a thread, its loop is destroyed with the members
  if (conversation_) conversation_->forget_owner();
}

formats_in_use client_core::formats() const {
  switch (format_.load(std::memory_order_relaxed)) {
    case 1:
      return {.json = true};
    case 2:
      return {.binary = true};
    default:
      // Not connected yet. Binary is more likely, and JSON is made from it if the link speaks JSON.
      return {.json = false, .binary = true};
  }
}

void client_core::use(const service& used) {
  {
    std::lock_guard lock(mutex_);
    if (declared_.knows(used)) return;
    if (auto added = declared_.add(used); !added) throw std::invalid_argument(added.error().message);
  }
  on_executor([&used](client_core& self) { (void)self.contract_.add(used); });
}

std::string client_core::id() const {
  std::lock_guard lock(mutex_);
  return id_;
}

void client_core::on_disconnected(std::function<void(const error&)> handler) {
  on_executor([handler = std::move(handler)](client_core& self) mutable { self.disconnected_ = std::move(handler); });
}
void client_core::on_error(std::function<void(const error&, std::string_view)> handler) {
  on_executor([handler = std::move(handler)](client_core& self) mutable { self.errors_ = std::move(handler); });
}

// --- Connecting.

void client_core::connect(ticket of, outgoing, std::unique_ptr<pending_call> done) {
  on_executor(std::move(done), [of](client_core& self, std::unique_ptr<pending_call> waiting) {
    if (self.phase_ == phase::open) return waiting.release()->finish(encoded_answer{});
    self.connecting_.emplace(of, std::move(waiting));
    if (self.phase_ != phase::connecting) self.begin_connecting();
  });
}

// Until the server's greeting has arrived, events are limited by the options alone.
void client_core::assume_nothing_of_the_server() {
  std::uint8_t agreed = 0;
  if (options_.encoding == encoding::plain || options_.encoding == encoding::json) agreed = 1;
  if (options_.encoding == encoding::binary) agreed = 2;
  if (const auto* foreign = options_.dialect.format) agreed = foreign->payload_format() == format::json ? 1 : 2;
  format_ = agreed;
  peer_max_message_ = taken_by_server(options_);
  mismatches_ = false;
}

void client_core::begin_connecting() {
  // The values of an earlier greeting are no longer valid, because the next server may be another
  // one.
  assume_nothing_of_the_server();
  phase_ = phase::connecting;
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
  conversation_ = std::make_shared<conversation>(*this, std::move(setup), home_.shared_executor());
  auto attached = std::make_shared<attachment>(conversation_, clock_);
  transport::connect_options connect;
  connect.url = url_;
  if (foreign) {
    connect.manners = manners_of(*foreign);
    if (!foreign->subprotocol.empty()) connect.subprotocols = {std::string(foreign->subprotocol)};
  } else {
    connect.subprotocols = offered(options_.encoding);
  }
  for (const auto& [name, value] : options_.headers) connect.headers.push_back({name, value});
  connect.origin = options_.origin;
  connect.proxy = options_.proxy;
  connect.tls = tls_;
  connect.limits.max_message = with_room(contract_.largest_payload(options_.max_message), envelope_room);
  connect.limits.handshake = options_.connect_timeout;
  abandon_ = transport::network_for(url_, options_.loopback).connect(home_.executor(), std::move(connect), std::move(attached));
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
  for (early& one : early_.take_all()) send_early(std::move(one));
  admit_waiting();
  for (auto& [of, done] : std::exchange(connecting_, {})) done.release()->finish(encoded_answer{});
}

void client_core::own_id_known(const std::string& id) {
  std::lock_guard lock(mutex_);
  id_ = id;
}

void client_core::closed(conversation& end, std::uint16_t, const error& how) {
  if (conversation_.get() != &end) return;
  const bool was_open = phase_ == phase::open;
  conversation_.reset();
  abandon_ = nullptr;
  alarm_->clear();
  connect_alarm_->clear();
  early_armed_ = time_point::max();
  queued_ = 0;
  {
    std::lock_guard lock(mutex_);
    id_.clear();
  }
  if (phase_ == phase::closed) return finish_closing();
  phase_ = phase::lost;
  if (options_.log) options_.log(log_level::warning, "disconnected " + how_it_ended(how));
  error lost = how;
  if (was_open) lost.code = errc::disconnected;
  fail_waiting(lost);
  const auto handler = disconnected_;  // a copy, because the handler may replace itself
  if (!handler) return;
  try {
    handler(lost);
  } catch (...) { log_threw("on_disconnected"); }
}

void client_core::fail_waiting(const error& why) {
  for (auto& [of, done] : std::exchange(connecting_, {})) done.release()->finish(why);
  for (early& one : early_.take_all()) {
    posted_ -= one.what.cost();
    if (one.call) one.call.release()->finish(why);
  }
  for (early& one : for_room_.take_all()) {
    release_room_of(one);
    one.call.release()->finish(why);
  }
}

// --- The end.

void client_core::close() {
  gate_.shut(shared_from_this(), [](client_core& self) { self.say_goodbye(); });
}

void client_core::say_goodbye() {
  self_ = shared_from_this();
  phase_ = phase::closed;
  alarm_->clear();
  disconnected_ = nullptr;
  errors_ = nullptr;
  fail_waiting(errc::cancelled);
  subscribers_.clear();
  watchers_.clear();
  answering_.clear();
  if (conversation_) conversation_->cancel_all();
  if (auto abandon = std::exchange(abandon_, nullptr)) abandon();
  if (!conversation_) return finish_closing();
  conversation_->close(session::close_code::done, "");
  // A server that does not answer the close is not awaited for longer than this.
  alarm_->set(clock_->now() + std::chrono::seconds(1), [weak = weak_from_this()] {
    if (const auto late = weak.lock(); late && late->conversation_ && late->conversation_->connection())
      late->conversation_->connection()->abort();
  });
}

void client_core::finish_closing() {
  untie();
  connect_alarm_.reset();
  // The rest of this object may be destroyed on any thread, so it must hold nothing that belongs to
  // the loop.
  alarm_.reset();
  home_.move_out(std::move(self_));
}

void client_core::sever() noexcept {
  const auto keep = weak_from_this().lock();
  gate_.shut();
  phase_ = phase::closed;
  alarm_.reset();
  connect_alarm_.reset();
  abandon_ = nullptr;
  self_.reset();
  if (conversation_) conversation_->forget_owner();
  const auto end = std::exchange(conversation_, nullptr);
  const auto connecting = std::exchange(connecting_, {});
  const auto before = early_.take_all();
  const auto for_room = for_room_.take_all();
  const auto subscribers = std::exchange(subscribers_, {});
  const auto answering = std::exchange(answering_, {});
  const auto watchers = std::exchange(watchers_, {});
  const auto on_disconnected = std::exchange(disconnected_, nullptr);
  const auto on_error = std::exchange(errors_, nullptr);
}

}  // namespace parley
