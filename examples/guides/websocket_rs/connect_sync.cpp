// Time-outs: of connecting, and of each receive.
#include <parley/raw.hpp>

int main(int, char** argv) {
  parley::raw_connection basic{argv[1]};
  basic.connect();
  parley::raw_connection patient{argv[1], {.connect_timeout = std::chrono::seconds(10), .receive_timeout = std::chrono::seconds(60)}};
  patient.connect();
}
