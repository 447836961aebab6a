// The Python client's command line: chat [--host HOST] [-p PORT] [-n NAME] [-m MESSAGE] [-w
// SECONDS]. With -m it sends the message, receives five lines and exits. It exits earlier if no
// line arrives for 50 s, or for the time of -w, or if the connection is lost.
#include "wschat/v1/wschat.client.hpp"

#include <parley/dialects/wschat.hpp>

#include <atomic>
#include <iostream>
#include <semaphore>
#include <string>
#include <string_view>

using namespace wschat::v1;

int main(int argc, char** argv) try {
  std::string host = "127.0.0.1", port = "9999", name = "PythonUser", message;
  std::chrono::seconds patience{50};
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    if (key == "--host") host = argv[i + 1];
    if (key == "-p" || key == "--port") port = argv[i + 1];
    if (key == "-n" || key == "--name") name = argv[i + 1];
    if (key == "-m" || key == "--message") message = argv[i + 1];
    if (key == "-w") patience = std::chrono::seconds(std::stoi(argv[i + 1]));
  }

  std::counting_semaphore heard{0};
  std::atomic<bool> over = false;
  parley::client link{"ws://" + host + ':' + port + '/', parley::wschat::named(name)};
  ChatClient chat{link};
  chat.on_say([&](const Line& line, const parley::origin& from) {
    std::cout << from.id << ": " << line.message.value_or(Body{}).text << std::endl;
    heard.release();
  });
  link.on_disconnected([&](const parley::error&) {
    over = true;
    heard.release();
  });
  link.connect();
  std::cout << "Connected to " << host << ':' << port << std::endl;

  if (!message.empty()) {
    chat.say({.message = Body{.text = message}});
    std::cout << "Sent: " << message << std::endl;
    for (int i = 0; i < 5 && heard.try_acquire_for(patience) && !over;) ++i;
  } else {
    std::cout << "Type messages and press Enter to send. Ctrl+C to exit." << std::endl;
    for (std::string text; std::getline(std::cin, text);)
      if (!text.empty()) chat.say({.message = Body{.text = text}});
  }
} catch (const parley::call_failed& failed) {
  std::cerr << "Failed to connect: " << failed.what() << '\n';
  return 1;
}
