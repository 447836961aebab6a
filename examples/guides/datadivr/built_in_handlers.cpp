// The client's page, "Built-in Handlers": prints messages, and sums that other clients request with
// an event that is not in a schema of Parley.
#include <parley/by_name.hpp>

#include <iostream>

int main(int argc, char** argv) {
  parley::client link{argc > 1 ? argv[1] : "ws://localhost:8765/ws", {.encoding = parley::encoding::plain}};
  parley::by_name names{link};
  names.on_event([](const parley::named_event& e, const parley::origin& from) {
    if (e.name == "msg") std::cout << ">> " << from.id << "(msg): '" << e.message.value_or("") << "'" << std::endl;
    if (e.name == "sum_event_client") std::cout << "Sum result from " << from.id << ": " << e.payload << std::endl;
  });
  link.connect();
  std::cin.get();
}
