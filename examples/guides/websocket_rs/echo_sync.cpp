// Three messages, each answered.
#include <parley/raw.hpp>

#include <iostream>

int main(int argc, char** argv) {
  parley::raw_connection ws{argc > 1 ? argv[1] : "ws://localhost:8765"};
  for (const char* msg : {"Hello", "World", "Goodbye"}) {
    ws.send(msg);
    std::cout << "Sent: " << msg << ", Received: " << ws.receive() << '\n';
  }
}
