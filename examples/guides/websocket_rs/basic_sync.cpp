// Says hello and prints the answer.
#include <parley/raw.hpp>

#include <iostream>

int main(int, char** argv) {
  parley::raw_connection ws{argv[1]};
  std::cout << ws.ask("Hello") << '\n';
}
