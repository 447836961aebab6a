// The Python client's example.py: a bot that sends three lines and prints what it receives, until
// Enter is pressed.
#include "wschat/v1/wschat.client.hpp"

#include <parley/dialects/wschat.hpp>

#include <iostream>

using namespace wschat::v1;

int main(int argc, char** argv) try {
  parley::client link{argc > 1 ? argv[1] : "ws://127.0.0.1:9999/", parley::wschat::named("PythonBot")};
  ChatClient chat{link};
  chat.on_say([](const Line& line) { std::cout << "Received: " << line.message.value_or(Body{}).text << std::endl; });

  std::cout << "Connecting to server..." << std::endl;
  link.connect();
  std::cout << "Connected! Sending messages..." << std::endl;

  for (const char* text : {"Hello from Python!", "This is a test message", "WebSocket client working great!"}) {
    chat.say({.message = Body{.text = text}});
    std::cout << "Sent: " << text << std::endl;
  }
  std::cin.get();
  std::cout << "Done!" << std::endl;
} catch (const parley::call_failed& failed) {
  std::cerr << "Failed to connect to server: " << failed.what() << '\n';
  return 1;
}
