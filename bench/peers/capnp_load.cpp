// mode=round-trips|pipeline port=P server=PID [size connections in_flight warm_up seconds]: Cap'n Proto's own client.
#include "support/arguments.hpp"
#include "support/figures.hpp"
#include "support/report.hpp"

#include "echo.capnp.h"

#include <capnp/ez-rpc.h>
#include <kj/async-io.h>

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

std::atomic<std::uint64_t> answers{0};

auto request_of(Echo::Client& echo, const std::string& data) {
  auto request = echo.callRequest();
  auto sample = request.initSample();
  sample.setSequence(0x1122334455667788);
  sample.setValue(0.1);
  sample.setData(kj::arrayPtr(reinterpret_cast<const kj::byte*>(data.data()), data.size()));
  return request;
}

kj::Promise<void> call_for_ever(Echo::Client echo, const std::string& data) {
  auto request = request_of(echo, data);
  return request.send().then([echo, &data](auto&&) mutable -> kj::Promise<void> {
    answers.fetch_add(1, std::memory_order_relaxed);
    return call_for_ever(std::move(echo), data);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  const int server = static_cast<int>(given.count("server", 0));
  const double warm_up = given.seconds("warm_up", 0.25);
  const double seconds = given.seconds("seconds", 0.5);
  const std::string data(given.count("size", 64) - 16, 'x');
  std::vector<std::unique_ptr<capnp::EzRpcClient>> links;
  for (std::size_t i = 0; i < given.count("connections", 1); ++i)
    links.push_back(std::make_unique<capnp::EzRpcClient>("127.0.0.1:" + given.text("port")));
  auto& scope = links.front()->getWaitScope();

  if (given.text("mode") == "round-trips") {
    Echo::Client echo = links.front()->getMain<Echo>();
    bench::time_round_trips(server, warm_up, seconds, [&] {
      auto request = request_of(echo, data);
      if (request.send().wait(scope).getSample().getData().size() != data.size()) bench::fail("another answer");
    });
  } else {
    kj::Vector<kj::Promise<void>> calls;
    for (auto& link : links) {
      for (std::size_t i = 0; i < given.count("in_flight", 64); ++i) calls.add(call_for_ever(link->getMain<Echo>(), data));
    }
    auto& timer = links.front()->getIoProvider().getTimer();
    bench::time_throughput(server, warm_up, seconds, answers,
                           [&](double time) { timer.afterDelay(static_cast<std::int64_t>(time * 1e6) * kj::MICROSECONDS).wait(scope); });
  }
  // Calls are still in progress, and nothing has to be cleaned up.
  _exit(0);
}
