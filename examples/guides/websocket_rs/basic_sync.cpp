// Says hello and prints the answer.
#include <parley/raw.hpp>

#include <iostream>

int main(int argc, char** argv) {
  parley::raw_connection ws{argc > 1 ? argv[1] : "ws://localhost:8765"};
  std::cout << ws.ask("Hello") << '\n';
}
