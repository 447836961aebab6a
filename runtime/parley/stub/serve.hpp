// Passes incoming calls to their handlers. Used by generated code only.
#pragma once

#include "parley/ends/loop_executor.hpp"
#include "parley/stub/answers.hpp"
#include "parley/stub/call.hpp"
#include "parley/stub/reply.hpp"
#include "parley/stub/subscription.hpp"
#include "parley/wkt.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace parley {

class serving;

// The running coroutines of one handler on one loop. This object is destroyed when its owner has
// released it and the last coroutine has ended.
class running_replies {
 public:
  running_replies() = default;
  running_replies(const running_replies&) = delete;
  running_replies& operator=(const running_replies&) = delete;
  ~running_replies() {
    if (ended_) ended_();
  }
  // Interrupts all of them, and those that begin later. The destructor calls `ended`.
  void stop(std::function<void()> ended);

 private:
  friend class serving;
  serving* first_ = nullptr;  // the first element of a list of them
  bool stopped_ = false;
  std::function<void()> ended_;
};

// A call that is being served: its payload, its `call` object for the handler, and the coroutine
// that answers later, if there is one.
class serving : public call_memory, public std::enable_shared_from_this<serving> {
 public:
  ~serving() override { leave(); }
  // From now on a coroutine of this handler serves the call.
  void belong_to(std::shared_ptr<running_replies> work) {
    if (!work) return;
    work_ = std::move(work);
    next_ = std::exchange(work_->first_, this);
    if (next_) next_->before_ = this;
    if (work_->stopped_) stop();
  }
  void begin(const method& what, const origin& from, parley::peer* peer, time_point deadline, const loop_executor& on) {
    call_.what_ = &what;
    call_.from_ = &from;
    call_.peer_ = peer;
    call_.deadline_ = deadline;
    call_.cancelled_ = false;
    call_.on_ = &on;
    call_.failure_.reset();
  }
  // The handler may end while it is interrupted. The interruption is posted, so that the handler
  // does not end inside the caller of stop().
  void stop() override {
    if (std::exchange(call_.cancelled_, true)) return;
    asio::post(call_.executor(), [self = shared_from_this()] { self->signal_.emit(asio::cancellation_type::terminal); });
  }
  parley::call& call() noexcept { return call_; }
  asio::cancellation_slot slot() noexcept { return signal_.slot(); }
  const std::optional<error>& failure() const noexcept { return call_.failure_; }

 private:
  friend class running_replies;
  void leave() noexcept {
    if (!work_) return;
    (before_ ? before_->next_ : work_->first_) = next_;
    if (next_) next_->before_ = before_;
    work_.reset();
  }

  parley::call call_;
  asio::cancellation_signal signal_;
  std::shared_ptr<running_replies> work_;
  serving* before_ = nullptr;
  serving* next_ = nullptr;
};

inline void running_replies::stop(std::function<void()> ended) {
  ended_ = std::move(ended);
  stopped_ = true;
  for (serving* one = first_; one; one = one->next_) one->stop();
}

template <class In>
class serving_of final : public serving {
 public:
  In payload{};
};

template <class Out>
[[gnu::hot]] void answer_with(answers& to, const method& what, std::uint64_t id, const serving& s, const result<Out>& outcome) {
  if (s.failure()) return to.answer(what, id, *s.failure());
  if (!outcome) return to.answer(what, id, outcome.error());
  if constexpr (std::is_void_v<Out>) to.answer(what, id, nullptr);
  else to.answer(what, id, &*outcome);
}

// Answers when the coroutine ends. It refers to the payload and to the call, so the object is kept.
template <class Out>
[[gnu::noinline]] void answer_later(incoming_call& in, const std::shared_ptr<serving>& s, reply<Out>& r) {
  in.to->keep(in.id, *s);
  s->belong_to(std::move(in.work));
  auto done = [to = in.to->hold(), what = &in.what, id = in.id, s](std::exception_ptr thrown, result<Out> outcome) {
    if (thrown && s->call().cancelled()) return to->answer(*what, id, errc::cancelled);
    if (thrown) return to->answer_thrown(*what, id, thrown);
    answer_with<Out>(*to, *what, id, *s, outcome);
  };
  asio::co_spawn(in.on.executor, r.later(), asio::bind_cancellation_slot(s->slot(), std::move(done)));
}

// Decodes the payload and calls `ask(const In&, call&)`, which returns a reply<Out>. Answers at
// once or when the coroutine ends.
template <class In, class Out, class Ask>
[[gnu::hot]] void serve_call(incoming_call& in, Ask&& ask) {
  // Held here, because a handler may end its own connection, or may run its loop so that the same
  // method is called again meanwhile.
  auto s = std::static_pointer_cast<serving>(in.to->take(in.number));
  if (!s) s = std::make_shared<serving_of<In>>();
  In& payload = static_cast<serving_of<In>&>(*s).payload;
  const auto decoded = in.what.in->read(in.format, in.payload, &payload, in.options);
  if (in.options.grown) s->grew(*in.options.grown);
  if (!decoded) {
    in.to->give_back(in.number, std::move(s));
    return in.to->answer(in.what, in.id, decoded.error());
  }
  s->begin(in.what, in.from, in.peer, in.deadline, in.on);
  try {
    reply<Out> r = ask(std::as_const(payload), s->call());
    if (!r.is_later()) {
      answer_with<Out>(*in.to, in.what, in.id, *s, r.now());
      return in.to->give_back(in.number, std::move(s));
    }
    answer_later<Out>(in, s, r);
  } catch (...) { in.to->answer_thrown(in.what, in.id, std::current_exception()); }
}

// Answers the calls of one method at a client.
class call_server {
 public:
  virtual ~call_server() = default;
  virtual void serve(incoming_call&) = 0;
};

// The signatures of a handler of calls: (const In&), (const In&, call&), or without In if the
// request is Empty. It returns a type that reply<Out> can be made from.
template <class F, class In, class Out>
concept call_handler =
    requires(F& f, const In& in, call& c) { reply<Out>(f(in, c)); } || requires(F& f, const In& in) { reply<Out>(f(in)); } ||
    (std::same_as<In, empty> && (
                                    requires(F& f, call& c) { reply<Out>(f(c)); } || requires(F& f) { reply<Out>(f()); })) ||
    (std::is_void_v<Out> && (std::invocable<F&, const In&> || std::invocable<F&, const In&, call&>));

template <class In, class Out, class F>
class call_server_of final : public call_server, public std::enable_shared_from_this<call_server_of<In, Out, F>> {
 public:
  explicit call_server_of(F f) : f_(std::move(f)) {}

  void serve(incoming_call& in) override {
    // A coroutine lambda refers to its closure, so the reply keeps the closure alive.
    serve_call<In, Out>(in, [self = this->shared_from_this()](const In& payload, call& c) -> reply<Out> {
      reply<Out> r = self->ask(payload, c);
      if (!r.is_later()) return r;
      return reply<Out>(hold(self, r.later()));
    });
  }

 private:
  static asio::awaitable<result<Out>> hold(std::shared_ptr<call_server_of>, asio::awaitable<result<Out>> work) {
    co_return co_await std::move(work);
  }
  template <class... Args>
  reply<Out> invoke(Args&... args) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, Args&...>>) {
      f_(args...);
      return {};
    } else {
      return reply<Out>(f_(args...));
    }
  }
  reply<Out> ask(const In& payload, call& c) {
    if constexpr (std::invocable<F&, const In&, call&>) return invoke(payload, c);
    else if constexpr (std::invocable<F&, const In&>) return invoke(payload);
    else if constexpr (std::invocable<F&, call&>) return invoke(c);
    else return invoke();
  }

  F f_;
};

// A generated `on_<call>` calls this function. A later handler replaces an earlier one.
template <class In, class Out, call_handler<In, Out> F>
subscription answer_calls(const endpoint& to, const method& what, F&& handler) {
  auto entry = std::make_shared<call_server_of<In, Out, std::decay_t<F>>>(std::forward<F>(handler));
  return {to.core, to.core->answer(what, std::move(entry))};
}

}  // namespace parley
