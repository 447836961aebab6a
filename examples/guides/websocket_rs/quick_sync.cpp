// As short as it gets.
#include <parley/raw.hpp>

#include <iostream>

int main(int argc, char** argv) { std::cout << parley::raw_connection{argc > 1 ? argv[1] : "ws://localhost:8765"}.ask("Hello") << '\n'; }
