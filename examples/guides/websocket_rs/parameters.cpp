// The options of a connection. Nothing happens before it is used.
#include <parley/raw.hpp>

int main(int argc, char** argv) {
  const char* const url = argc > 1 ? argv[1] : "ws://localhost:8765";
  parley::raw_connection ws{url, {.connect_timeout = std::chrono::seconds(10), .receive_timeout = std::chrono::seconds(10)}};
  parley::raw_connection other{url, {.headers = {{"Key", "val"}}, .proxy = "socks5://127.0.0.1:1080"}};
}
