// script=polling|blocking port=P server=PID [size warm_up seconds]: round trips through the
// generated client.
//   polling   on a loop that is polled without sleeping: the cost of the client's code
//   blocking  lobby.echo(...), as most programs would write it: two threads that wake each other
#include "bench/v1/bench.client.hpp"

#include "support/arguments.hpp"
#include "support/figures.hpp"
#include "support/report.hpp"

#include <parley/client.hpp>

#include <asio/io_context.hpp>

#include <string>

namespace {

using bench::v1::BenchClient;
using bench::v1::Sample;

struct task {
  int server;
  double warm_up;
  double seconds;
  std::string url;
  Sample sample;
};

void blocking(const task& what) {
  parley::client link{what.url, {.encoding = parley::encoding::binary}};
  BenchClient stub{link};
  link.connect();
  bench::time_round_trips(what.server, what.warm_up, what.seconds, [&] {
    if (stub.echo(what.sample) != what.sample) bench::fail("another answer");
  });
}

void polling(const task& what) {
  asio::io_context loop{1};
  parley::client link{loop.get_executor(), what.url, {.encoding = parley::encoding::binary}};
  BenchClient stub{link};
  const auto wait_for = [&](const bool& done) {
    while (!done) {
      loop.restart();
      loop.poll();
    }
  };
  bool connected = false;
  link.async_connect([&](const parley::result<>& outcome) {
    if (!outcome) bench::fail(outcome.error().message);
    connected = true;
  });
  wait_for(connected);
  bench::time_round_trips(what.server, what.warm_up, what.seconds, [&] {
    bool answered = false;
    stub.async_echo(what.sample, [&](const parley::result<Sample>& answer) {
      if (!answer || *answer != what.sample) bench::fail("no answer, or another one");
      answered = true;
    });
    wait_for(answered);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  task what{.server = static_cast<int>(given.count("server", 0)),
            .warm_up = given.seconds("warm_up", 0.25),
            .seconds = given.seconds("seconds", 0.5),
            .url = "ws://127.0.0.1:" + given.text("port") + "/ws",
            .sample = {.sequence = 0x1122334455667788, .value = 0.1}};
  what.sample.data.resize(given.count("size", 64) - 16);
  if (given.text("script") == "blocking") blocking(what);
  else polling(what);
}
