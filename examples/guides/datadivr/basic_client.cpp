// The client's page, "Basic Usage": calls for a sum, prints it and all messages until Enter is
// pressed.
#include "datadivr/v1/datadivr.client.hpp"

#include <parley/client.hpp>

#include <iostream>

using namespace datadivr::v1;

int main(int argc, char** argv) try {
  parley::client link{argc > 1 ? argv[1] : "ws://localhost:8765/ws", {.encoding = parley::encoding::plain}};
  DatadivrClient hub{link};
  hub.on_msg(
      [](const std::string& text, const parley::origin& from) { std::cout << ">> " << from.id << ": '" << text << "'" << std::endl; });
  std::cout << "Sum result: " << hub.sum({.numbers = {391, 29}}) << std::endl;
  std::cin.get();
} catch (const parley::call_failed& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
