// script=FORM-PATTERN port=P [size=512 warm_up seconds]: connections without a schema (parley/raw.hpp), at an echo server. Microseconds
// per message, median over passes of a thousand messages. peers/websocket_clients.py does the same with others.
//   FORM     blocking    one thread that waits: send, receive, ask
//            coroutine   one thread that runs a loop: co_await async_send, async_receive, async_ask
//   PATTERN  ask         each message after the answer to the one before
//            window      a hundred on the way
//            first       all of a pass are sent before the first is received
#include "support/arguments.hpp"
#include "support/figures.hpp"

#include <parley/raw.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t per_pass = 1000;
constexpr std::size_t window = 100;

struct task {
  std::string url;
  std::string pattern;
  std::string message;
  double warm_up;
  double seconds;
};

class stopwatch {
 public:
  explicit stopwatch(const task& what) : measured_from_(bench::now() + what.warm_up), until_(measured_from_ + what.seconds) {}

  bool goes_on() {
    const double time = bench::now();
    if (started_ >= measured_from_) passes_.push_back((time - started_) * 1e6 / per_pass);
    started_ = time;
    return time < until_ || passes_.empty();
  }
  void report() {
    std::ranges::sort(passes_);
    std::printf("{\"count\": %zu, \"us\": %.3f, \"least_us\": %.3f}\n", passes_.size() * per_pass, passes_[passes_.size() / 2],
                passes_.front());
  }

 private:
  const double measured_from_;
  const double until_;
  double started_ = 0;
  std::vector<double> passes_;
};

void check(const task& what, const parley::raw_message& answer) {
  if (answer.size() != what.message.size() || !answer.is_binary()) bench::fail("another answer");
}

void blocking(const task& what) {
  parley::raw_connection ws{what.url};
  ws.connect();
  const std::size_t ahead = what.pattern == "window" ? window : per_pass;
  stopwatch time(what);
  while (time.goes_on()) {
    if (what.pattern == "ask") {
      for (std::size_t i = 0; i < per_pass; ++i) check(what, ws.ask(parley::raw_message::binary(what.message)));
      continue;
    }
    for (std::size_t i = 0; i < ahead; ++i) ws.send(parley::raw_message::binary(what.message));
    for (std::size_t i = ahead; i < per_pass; ++i) {
      check(what, ws.receive());
      ws.send(parley::raw_message::binary(what.message));
    }
    for (std::size_t i = 0; i < ahead; ++i) check(what, ws.receive());
  }
  time.report();
}

asio::awaitable<void> coroutine(const task& what) {
  auto on = co_await asio::this_coro::executor;
  parley::raw_connection ws{on, what.url};
  (co_await ws.async_connect()).value();
  const std::size_t ahead = what.pattern == "window" ? window : per_pass;
  stopwatch time(what);
  while (time.goes_on()) {
    if (what.pattern == "ask") {
      for (std::size_t i = 0; i < per_pass; ++i) {
        auto next = parley::raw_message::binary(what.message);
        check(what, (co_await ws.async_ask(std::move(next))).value());
      }
      continue;
    }
    for (std::size_t i = 0; i < ahead; ++i) {
      auto next = parley::raw_message::binary(what.message);
      (co_await ws.async_send(std::move(next))).value();
    }
    for (std::size_t i = ahead; i < per_pass; ++i) {
      check(what, (co_await ws.async_receive()).value());
      auto next = parley::raw_message::binary(what.message);
      (co_await ws.async_send(std::move(next))).value();
    }
    for (std::size_t i = 0; i < ahead; ++i) check(what, (co_await ws.async_receive()).value());
  }
  time.report();
  (co_await ws.async_close()).value();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  const std::string script = given.text("script");
  const std::size_t dash = script.find('-');
  const task what{.url = "ws://127.0.0.1:" + given.text("port") + "/ws",
                  .pattern = dash == script.npos ? "" : script.substr(dash + 1),
                  .message = std::string(given.count("size", 512), 'x'),
                  .warm_up = given.seconds("warm_up", 0.25),
                  .seconds = given.seconds("seconds", 0.5)};
  if (what.pattern != "ask" && what.pattern != "window" && what.pattern != "first") bench::fail("no pattern is called " + what.pattern);
  if (script.starts_with("blocking-")) blocking(what);
  else if (script.starts_with("coroutine-")) parley::run(coroutine(what));
  else bench::fail("no form is called " + script);
}
