// What a connection can be told; nothing happens before it is used.
#include <parley/raw.hpp>

int main(int, char** argv) {
  parley::raw_connection ws{argv[1], {.connect_timeout = std::chrono::seconds(10), .receive_timeout = std::chrono::seconds(10)}};
  parley::raw_connection other{argv[1], {.headers = {{"Key", "val"}}, .proxy = "socks5://127.0.0.1:1080"}};
}
