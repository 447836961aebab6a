// The client's page, "Interactive Usage": each line is an event as JSON, and received events are
// printed. `quit` or the end of input ends it.
#include <parley/by_name.hpp>

#include <iostream>

int main(int argc, char** argv) {
  parley::client link{argc > 1 ? argv[1] : "ws://localhost:8765/ws", {.encoding = parley::encoding::plain}};
  parley::by_name names{link};
  names.on_event([](const parley::named_event& e, const parley::origin& from) {
    std::cout << from.id << ' ' << e.name << ' ' << e.payload << ' ' << e.message.value_or("") << std::endl;
  });
  link.connect();
  for (std::string line; std::getline(std::cin, line) && line != "quit";)
    if (const auto sent = names.send_json(line, "msg"); !sent) std::cout << sent.error().message << std::endl;
}
