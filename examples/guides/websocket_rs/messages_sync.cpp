// Sends text and binary, and prints the answers. The connection closes at the end of its scope.
#include <parley/raw.hpp>

#include <iostream>

int main(int argc, char** argv) {
  parley::raw_connection ws{argc > 1 ? argv[1] : "ws://localhost:8765"};
  ws.send("Hello, World!");
  ws.send(parley::raw_message::binary("\x01\x02\x03\x04"));
  std::cout << "Received: " << ws.receive() << '\n';
}
