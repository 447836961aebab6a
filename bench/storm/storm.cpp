// Many clients that lose their server at once.
//
//   bench_storm server PORT               prints "listening PORT"
//   bench_storm clients COUNT FIRST PORT  prints a line of figures each half second
//
// The server has its default limits, also for clients on this machine. Each client has an address of
// its own, which it names like a proxy: the addresses FIRST to FIRST + COUNT - 1 of 10.0.0.0/8.
// storm.py runs the programs.
#include <parley/client.hpp>
#include <parley/server.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

int serve(std::uint16_t port) {
  parley::server_options options{.port = port};
  options.limits.loopback_too = true;
  options.limits.trusted_proxies = {"127.0.0.1"};
  parley::server server{options};
  server.start();
  std::cout << "listening " << server.port() << std::endl;
  server.join();
  return 0;
}

std::size_t resident_kib() {
  std::size_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * 4;
}

std::size_t descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

std::string address_of(std::size_t number) {
  return "10." + std::to_string(number >> 16 & 255) + '.' + std::to_string(number >> 8 & 255) + '.' + std::to_string(number & 255);
}

int connect(std::size_t count, std::size_t first, const std::string& port) {
  asio::io_context loop(1);
  std::size_t open = 0, attempts = 0;
  std::vector<char> open_ones(count, 0);
  std::vector<std::unique_ptr<parley::client>> clients;
  for (std::size_t i = 0; i < count; ++i) {
    parley::client_options options{.connect_timeout = std::chrono::seconds(30)};
    options.reconnect.first_too = true;
    options.headers = {{"X-Forwarded-For", address_of(first + i)}};
    auto& one = *clients.emplace_back(std::make_unique<parley::client>(loop.get_executor(), "ws://127.0.0.1:" + port + "/ws", options));
    one.on_status([&, i](const parley::link_status& now) {
      open -= static_cast<std::size_t>(open_ones[i]);
      open_ones[i] = now.state == parley::link_state::open ? 1 : 0;
      open += static_cast<std::size_t>(open_ones[i]);
      attempts += now.state == parley::link_state::connecting ? 1 : 0;
    });
    one.async_connect([](const parley::result<>&) {});
  }
  asio::steady_timer timer(loop);
  const std::function<void()> report = [&] {
    std::cout << "open " << open << " attempts " << attempts << " resident_kib " << resident_kib() << " descriptors " << descriptors()
              << std::endl;
    timer.expires_after(std::chrono::milliseconds(500));
    timer.async_wait([&](std::error_code ended) {
      if (!ended) report();
    });
  };
  report();
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "server" && argc == 3) return serve(static_cast<std::uint16_t>(std::atoi(argv[2])));
  if (role == "clients" && argc == 5) return connect(std::stoul(argv[2]), std::stoul(argv[3]), argv[4]);
  std::cerr << "usage: bench_storm server PORT | clients COUNT FIRST PORT\n";
  return 2;
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
