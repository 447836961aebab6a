// The client's page, "Connection Lifecycle": connect, listen until Enter is pressed, leave.
#include <parley/client.hpp>

#include <iostream>

int main(int argc, char** argv) {
  parley::client link{argc > 1 ? argv[1] : "ws://localhost:8765/ws", {.encoding = parley::encoding::plain}};
  link.connect();
  std::cin.get();
  link.close();
}
