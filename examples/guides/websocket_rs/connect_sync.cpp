// Time-outs: of connecting, and of each receive.
#include <parley/raw.hpp>

int main(int argc, char** argv) {
  const char* const url = argc > 1 ? argv[1] : "ws://localhost:8765";
  parley::raw_connection{url}.connect();
  parley::raw_connection patient{url, {.connect_timeout = std::chrono::seconds(10), .receive_timeout = std::chrono::seconds(60)}};
  patient.connect();
}
