// Three messages, each answered.
#include <parley/raw.hpp>

#include <iostream>

int main(int, char** argv) {
  parley::raw_connection ws{argv[1]};
  for (const char* msg : {"Hello", "World", "Goodbye"}) {
    ws.send(msg);
    std::cout << "Sent: " << msg << ", Received: " << ws.receive() << '\n';
  }
}
