// A client of the chat family's servers, and of Parley's:
//   wschat_client [--url URL] [--name NAME] [--say TEXT]... [--back] [--wait N]
//
// Sends its name and each TEXT, receives N lines and exits. With --back the server sends its lines
// back to it as well.
#include "wschat/v1/wschat.client.hpp"

#include <parley/client.hpp>
#include <parley/dialects/wschat.hpp>

#include <atomic>
#include <iostream>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

using namespace wschat::v1;

int main(int argc, char** argv) try {
  std::string url = "ws://127.0.0.1:9999/";
  std::string name = "parley";
  std::vector<std::string> texts;
  Info info = Info::NONE;
  int wait = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view key = argv[i];
    if (key == "--back") info = Info::SEND_BACK;
    if (i + 1 == argc) break;
    if (key == "--url") url = argv[++i];
    else if (key == "--name") name = argv[++i];
    else if (key == "--say") texts.emplace_back(argv[++i]);
    else if (key == "--wait") wait = std::stoi(argv[++i]);
  }

  // Declared before the link, which runs handlers until it is destroyed.
  std::counting_semaphore heard{0};
  std::atomic<bool> lost = false;
  parley::client link{url, parley::wschat::named(name)};
  ChatClient chat{link};
  chat.on_say([&](const Line& line, const parley::origin& from) {
    std::cout << from.id << ": " << line.message.value_or(Body{}).text << std::endl;
    heard.release();
  });
  link.on_disconnected([&](const parley::error& why) {
    std::cerr << "wschat_client: " << why.message << std::endl;
    lost = true;
    heard.release(wait);
  });

  link.connect();
  std::cout << "here as " << name << std::endl;
  for (const std::string& text : texts) chat.say({.user = User{name}, .message = Body{.text = text, .info = info}});
  for (int i = 0; i < wait; ++i) heard.acquire();
  return lost ? 1 : 0;
} catch (const parley::call_failed& failed) {
  std::cerr << "wschat_client: " << failed.what() << '\n';
  return 1;
}
