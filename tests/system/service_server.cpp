// A server as a service, for service_test.py:
// service_server [NAME OF AN INHERITED SOCKET]
// It prints its port, and its exit status is 0 after SIGTERM.
#include "talk.server.hpp"

#include <parley/server.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace {

struct Talk final : talk::v1::TalkHandler {
  parley::reply<talk::v1::Sum> add(const talk::v1::Numbers& n, parley::call&) override {
    double sum = 0;
    for (const double number : n.numbers) sum += number;
    return talk::v1::Sum{.value = sum};
  }
};

}  // namespace

int main(int argc, char** argv) {
  try {
    parley::server server{{.inherited = argc > 1 ? argv[1] : "", .threads = 2, .log = [](parley::log_level, std::string_view line) {
                             std::cout << line << std::endl;
                           }}};
    Talk talk;
    server.add(talk);
    server.run_until_signal({.patience = std::chrono::seconds(30), .spread = std::chrono::milliseconds(500)});
  } catch (const std::exception& failed) {
    std::cerr << failed.what() << '\n';
    return 1;
  }
}
