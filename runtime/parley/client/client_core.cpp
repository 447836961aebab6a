#include "parley/client/client_core.hpp"

#include "parley/core/random.hpp"
#include "parley/ends/address.hpp"
#include "parley/ends/guarded_log.hpp"

#include <cstdint>
#include <stdexcept>
#include <utility>

namespace parley {
namespace {

client_options with_guarded_log(client_options options) {
  options.log = guarded(std::move(options.log));
  return options;
}

// Null for a handler that is empty.
template <class Handler>
std::shared_ptr<Handler> shared(Handler handler) {
  return handler ? std::make_shared<Handler>(std::move(handler)) : nullptr;
}

}  // namespace

client_core::client_core(std::vector<std::string> urls, client_options options, home where)
    : tethered(where.executor()),
      urls_(std::move(urls)),
      tls_(loaded_tls(urls_, options.loopback, options.tls)),
      options_(with_guarded_log(std::move(options))),
      home_(std::move(where)),
      gate_(home_.executor()),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      watchdog_(clock_, options_.slow_handler, warning_to(options_.log)),
      alarm_(clock_->make_alarm(home_.executor())),
      connect_alarm_(clock_->make_alarm(home_.executor())),
      life_(options_.reconnect, urls_.size(), random_number(), static_cast<bool>(options_.credentials)),
      keeps_calls_(options_.reconnect.attempts != 0),
      coroutines_(std::make_shared<coroutine_count>(options_.max_coroutines, options_.max_coroutines_per_sender)) {
  if (options_.credentials) credentials_ = std::make_unique<credentials>(options_.credentials, clock_, home_.executor());
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

link_status client_core::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void client_core::on_disconnected(std::function<void(const error&)> handler) {
  on_executor([handler = std::move(handler)](client_core& self) mutable { self.disconnected_ = shared(std::move(handler)); });
}
void client_core::on_status(std::function<void(const link_status&)> handler) {
  on_executor([handler = std::move(handler)](client_core& self) mutable { self.status_handler_ = shared(std::move(handler)); });
}
void client_core::on_error(std::function<void(const error&, std::string_view)> handler) {
  on_executor([handler = std::move(handler)](client_core& self) mutable { self.errors_ = shared(std::move(handler)); });
}

// --- The end.

void client_core::close() {
  gate_.shut(shared_from_this(), [](client_core& self) { self.say_goodbye(); });
}

void client_core::say_goodbye() {
  self_ = shared_from_this();
  phase_ = phase::closed;
  alarm_->clear();
  connect_alarm_->clear();
  credentials_.reset();
  disconnected_ = nullptr;
  status_handler_ = nullptr;
  errors_ = nullptr;
  set_status({.state = link_state::closed, .why = error{errc::cancelled, "the client was closed"}});
  send_last_events();
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

// Events that wait for the transport were accepted, and leave before the close.
void client_core::send_last_events() {
  if (!conversation_ || !conversation_->open()) return;
  for (early& one : early_.take_all()) {
    if (one.event) {
      send_early(std::move(one));
      continue;
    }
    posted_ -= one.what.cost();
    finish_early(one, errc::cancelled);
  }
}

void client_core::finish_closing() {
  untie();
  connect_alarm_.reset();
  credentials_.reset();
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
  credentials_.reset();
  abandon_ = nullptr;
  self_.reset();
  if (conversation_) conversation_->forget_owner();
  const auto end = std::exchange(conversation_, nullptr);
  const auto connecting = std::exchange(connecting_, {});
  const auto before = early_.take_all();
  const auto lost = std::exchange(lost_calls_, {});
  const auto for_room = for_room_.take_all();
  const auto subscribers = std::exchange(subscribers_, {});
  const auto answering = std::exchange(answering_, {});
  const auto watchers = std::exchange(watchers_, {});
  const auto on_disconnected = std::exchange(disconnected_, nullptr);
  const auto on_status = std::exchange(status_handler_, nullptr);
  const auto on_error = std::exchange(errors_, nullptr);
}

}  // namespace parley
