// What a client receives: the registration of handlers, and how they are called.
#include "parley/client/client_core.hpp"

#include "parley/stub/serve.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace parley {

std::uint64_t client_core::subscribe(const method& what, std::shared_ptr<subscriber> handler) {
  const std::uint64_t id = reserve();
  on_executor([id, &what, handler = std::move(handler)](client_core& self) mutable {
    self.subscribers_[&what].push_back({id, std::move(handler)});
  });
  return id;
}

std::uint64_t client_core::answer(const method& what, std::shared_ptr<call_server> handler) {
  const std::uint64_t id = reserve();
  on_executor([id, &what, handler = std::move(handler)](client_core& self) mutable { self.answering_[&what] = {id, std::move(handler)}; });
  return id;
}

void client_core::unsubscribe(std::uint64_t id) {
  const auto remove = [id](client_core& self) {
    for (auto& [what, handlers] : self.subscribers_) std::erase_if(handlers, [id](const subscription_entry& s) { return s.id == id; });
    std::erase_if(self.answering_, [id](const auto& a) { return a.second.first == id; });
    std::erase_if(self.watchers_, [id](const auto& w) { return w.first == id; });
  };
  // Takes effect at once if that is possible, so that nothing is delivered afterwards.
  if (home_.inside()) remove(*this);
  else on_executor(remove);
}

std::uint64_t client_core::watch(watcher handler) {
  const std::uint64_t id = reserve();
  on_executor([id, handler = std::make_shared<watcher>(std::move(handler))](client_core& self) mutable {
    self.watchers_.emplace_back(id, std::move(handler));
  });
  return id;
}

const method* client_core::named_call(std::string_view name, std::string_view reply) {
  constexpr std::size_t enough = 1024;
  std::lock_guard lock(mutex_);
  const auto key = std::pair(std::string(name), std::string(reply));
  if (const auto found = named_calls_.find(key); found != named_calls_.end()) return &found->second.what;
  if (named_calls_.size() >= enough) return nullptr;
  return &named_calls_.try_emplace(key, name, reply).first->second.what;
}

void client_core::tell_watchers(const wire::envelope& e) {
  if (watchers_.empty()) return;
  named_event event{.name = e.name};
  if (!e.payload.empty()) event.payload = as_text(e.payload);
  if (e.has_text) event.message = e.text;
  const origin from{e.from == "server" ? std::string() : e.from};
  // A copy, because a handler may watch or unsubscribe while it runs.
  const auto handlers = watchers_;
  for (const auto& [id, handler] : handlers) {
    if (std::none_of(watchers_.begin(), watchers_.end(), [id = id](const auto& now) { return now.first == id; })) continue;
    try {
      (*handler)(event, from);
    } catch (...) { handler_failed(event.name, std::current_exception()); }
  }
}

void client_core::event_received(conversation& end, const wire::envelope& e, const invocation& in) {
  tell_watchers(e);
  const method& m = in.what;
  const auto found = subscribers_.find(&m);
  if (found == subscribers_.end()) return;
  // A copy, because a handler may subscribe or unsubscribe while it runs.
  const auto handlers = found->second;
  for (const subscription_entry& s : handlers) {
    const auto& now = subscribers_[&m];
    if (std::none_of(now.begin(), now.end(), [&](const subscription_entry& n) { return n.id == s.id; })) continue;
    try {
      const watchdog::running handler_of(watchdog_, m.name);
      auto read = s.handler->deliver(in.format, in.payload, in.options, in.from, *this);
      if (!read) return report_received(end, read.error(), m.name);
    } catch (...) { handler_failed(m.name, std::current_exception()); }
  }
}

namespace {

// Exists while the coroutine of an event runs, and is destroyed when the coroutine ends in any way.
class counted_handler final : public running_handler {
 public:
  counted_handler(std::shared_ptr<coroutine_count> count, std::string sender, std::function<void(const std::exception_ptr&)> failed)
      : count_(std::move(count)), sender_(std::move(sender)), failed_(std::move(failed)) {}
  ~counted_handler() override { count_->leave(sender_); }
  void threw(const std::exception_ptr& thrown) override { failed_(thrown); }

 private:
  std::shared_ptr<coroutine_count> count_;
  std::string sender_;
  std::function<void(const std::exception_ptr&)> failed_;
};

}  // namespace

std::shared_ptr<running_handler> client_core::begin_handler(const method& event, const origin& from) {
  const auto entered = coroutines_->enter(from.id);
  if (entered != coroutine_count::verdict::entered) {
    const bool of_one = entered == coroutine_count::verdict::too_many_of_one;
    const error why{errc::overloaded, of_one ? "too many running handlers for one sender (client_options::max_coroutines_per_sender)"
                                             : "too many running handlers (client_options::max_coroutines)"};
    // Logged once, and again only after a coroutine has ended.
    if (coroutines_->note_refusal()) report(why, event.name);
    else tell_error_handler(why, event.name);
    return nullptr;
  }
  return std::make_shared<counted_handler>(coroutines_, from.id, [weak = weak_from_this(), &event](const std::exception_ptr& thrown) {
    if (const auto self = weak.lock()) self->handler_failed(event.name, thrown);
  });
}

void client_core::unknown_event(conversation& end, const wire::envelope& e) {
  if (e.name == own_id_question.name) return;  // the search of another plain client for its id
  if (watchers_.empty()) end.session().count_not_delivered();
  else tell_watchers(e);
}

void client_core::call_received(conversation&, incoming_call& in) {
  const auto found = answering_.find(&in.what);
  if (found == answering_.end())
    return in.to->answer(in.what, in.id, error{errc::unimplemented, "this client has no handler for this call"});
  const auto handler = found->second.second;
  const watchdog::running handler_of(watchdog_, in.what.name);
  handler->serve(in);
}

void client_core::call_handler_threw(const method& m, const std::exception_ptr& thrown) {
  if (options_.log) options_.log(log_level::error, text_of_thrown(m.name, thrown));
}

void client_core::refused(conversation&, const wire::fault& fault, const method* m) {
  if (options_.log) options_.log(log_level::info, text_of_refused("from the server", fault, m));
}

void client_core::error_received(conversation& end, const error& e, std::string_view event) { report_received(end, e, event); }

// The server determines the number of these errors. on_error is called for each, but the log is
// limited as for refused frames.
void client_core::report_received(conversation& end, const error& e, std::string_view event) {
  if (options_.log && end.session().may_note(clock_->now())) report(e, event);
  else tell_error_handler(e, event);
}

void client_core::report(const error& e, std::string_view event) {
  if (options_.log) options_.log(log_level::warning, std::string(event.empty() ? "an event" : event) + ": " + e.code.message());
  tell_error_handler(e, event);
}

// The log contains the exception. on_error is only informed that a handler failed.
void client_core::handler_failed(std::string_view event, const std::exception_ptr& thrown) {
  if (options_.log) options_.log(log_level::error, text_of_thrown(event, thrown));
  tell_error_handler(handler_threw(), event);
}

void client_core::tell_error_handler(const error& e, std::string_view event) {
  const auto handler = errors_;
  if (!handler) return;
  try {
    (*handler)(e, event);
  } catch (...) { log_threw("on_error"); }
}

// A handler for errors has failed, so its own failure goes to the log alone.
void client_core::log_threw(std::string_view handler) const {
  if (options_.log) options_.log(log_level::error, "the handler of " + std::string(handler) + " failed");
}

}  // namespace parley
