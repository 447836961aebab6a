// The server's page, "Sum Handler": an exception in a handler becomes an error for the caller, and
// affects no other client.
#include "datadivr/v1/datadivr.server.hpp"
#include "python.hpp"

#include <parley/server.hpp>

#include <iostream>

struct Hub final : datadivr::v1::DatadivrHandler {
  parley::reply<double> sum(const datadivr::v1::Numbers& request, parley::call&) override {
    if (request.numbers.empty()) return parley::error{parley::errc::failed, "Payload must contain a list of numbers"};
    return python::sum(request.numbers);
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
