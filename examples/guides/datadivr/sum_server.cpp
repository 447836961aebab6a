// The server's page, "Basic Usage": adds numbers, and refuses anything that is not a number. Other
// events are relayed to the receivers that they name.
#include "datadivr/v1/datadivr.server.hpp"
#include "python.hpp"

#include <parley/server.hpp>

#include <iostream>

struct Hub final : datadivr::v1::DatadivrHandler {
  parley::reply<double> sum(const datadivr::v1::Numbers& request, parley::call&) override {
    if (request.numbers.empty()) return parley::error{parley::errc::failed, "Payload must contain a list of numbers"};
    try {
      return python::sum(request.numbers);
    } catch (const std::logic_error&) { return parley::error{parley::errc::failed, "Error: not a number"}; }
  }
};

int main(int argc, char** argv) {
  parley::server server{{.port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8765)}};
  Hub hub;
  server.add(hub);
  server.start();
  std::cout << "listening on port " << server.port() << std::endl;
  server.join();
}
