// The Python client's "API Usage": connects, sends a line, and prints messages until Enter is
// pressed.
#include "wschat/v1/wschat.client.hpp"

#include <parley/dialects/wschat.hpp>

#include <iostream>

int main(int argc, char** argv) {
  parley::client link{argc > 1 ? argv[1] : "ws://127.0.0.1:9999/", parley::wschat::named("MyUser")};
  wschat::v1::ChatClient chat{link};
  chat.on_say([](const wschat::v1::Line& line) { std::cout << "Received: " << line << std::endl; });
  link.connect();
  chat.say({.message = wschat::v1::Body{.text = "Hello, world!"}});
  std::cin.get();
}
