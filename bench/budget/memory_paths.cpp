#include "budget/paths.hpp"

#include "ours/handler.hpp"
#include "support/figures.hpp"

#include "bench/v1/bench.client.hpp"

#include <parley/client.hpp>
#include <parley/loopback.hpp>
#include <parley/server.hpp>

#include <asio/io_context.hpp>

#include <utility>

namespace bench {

void call_in_memory(bool json, std::size_t count, bool checked) {
  asio::io_context loop{1};
  parley::loopback network;
  parley::server_options options{.loopback = &network};
  if (checked)
    options.auth.check = [](const parley::showing&) -> parley::reply<parley::principal> {
      return parley::principal{.name = "ada", .roles = {"admin"}};
    };
  parley::server server{loop.get_executor(), std::move(options)};
  handler echo;
  server.add(echo);
  server.start();
  parley::client link{
      loop.get_executor(), "mem://bench", {.encoding = json ? parley::encoding::json : parley::encoding::binary, .loopback = &network}};
  const v1::BenchClient stub{link};
  v1::Sample sample{.sequence = 1, .value = 0.5};
  sample.data.resize(48);
  // The first call also connects.
  for (std::size_t i = 0; i <= count; ++i) {
    bool answered = false;
    stub.async_echo(sample, [&](const parley::result<v1::Sample>& answer) {
      if (!answer || *answer != sample) fail("no answer, or another one");
      answered = true;
    });
    while (!answered) loop.run_one();
  }
}

}  // namespace bench
