// As short as it gets.
#include <parley/raw.hpp>

#include <iostream>

int main(int, char** argv) { std::cout << parley::raw_connection{argv[1]}.ask("Hello") << '\n'; }
