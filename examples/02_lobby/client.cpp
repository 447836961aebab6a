// A guest of the lobby in any encoding:
//   lobby_client --url URL --name NAME [--format binary|json|plain] [--wait N] [--say TEXT]...
// Prints what it calls, sends and receives. Sends its own lines, and exits when it has received N
// lines (default 0).
#include "lobby/v1/lobby.client.hpp"

#include <parley/client.hpp>

#include <condition_variable>
#include <iostream>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

using namespace lobby::v1;

namespace {

struct options {
  std::string url = "ws://127.0.0.1:8765/ws";
  std::string name = "guest";
  parley::encoding encoding = parley::encoding::automatic;
  int wait = 0;
  std::vector<std::string> say;
};

bool read(int argc, char** argv, options& out) {
  for (int i = 1; i < argc; i += 2) {
    const std::string_view key = argv[i];
    if (i + 1 == argc) return false;
    const std::string value = argv[i + 1];
    if (key == "--url") out.url = value;
    else if (key == "--name") out.name = value;
    else if (key == "--wait") out.wait = std::stoi(value);
    else if (key == "--say") out.say.push_back(value);
    else if (key == "--format" && value == "binary") out.encoding = parley::encoding::binary;
    else if (key == "--format" && value == "json") out.encoding = parley::encoding::json;
    else if (key == "--format" && value == "plain") out.encoding = parley::encoding::plain;
    else return false;
  }
  return true;
}

// An id begins with the server's part, which all clients share, so the end of it is shown.
std::string brief(const std::string& id) { return id.size() < 8 ? id : id.substr(id.size() - 8); }

// Prints one line at a time, from any thread.
class board {
 public:
  explicit board(std::string name) : name_(std::move(name)) {}
  void tell(std::string_view text) {
    std::lock_guard lock(mutex_);
    std::cout << name_ << ": " << text << std::endl;
  }
  void heard(std::string_view text) {
    tell(text);
    std::lock_guard lock(mutex_);
    ++heard_;
    changed_.notify_all();
  }
  void wait_until_heard(int lines) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return heard_ >= lines || over_; });
  }
  void over() {
    std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

 private:
  std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int heard_ = 0;
  bool over_ = false;
};

}  // namespace

int main(int argc, char** argv) try {
  options wanted;
  if (!read(argc, argv, wanted)) {
    std::cerr << "usage: lobby_client --url URL --name NAME [--format binary|json|plain] [--wait N] [--say TEXT]...\n";
    return 2;
  }
  board out(wanted.name);
  // This program ends with its connection.
  parley::client link{wanted.url, {.encoding = wanted.encoding, .reconnect = {.attempts = 0}}};
  LobbyClient lobby{link};
  lobby.on_say([&](const Line& line, const parley::origin& from) { out.heard("hears \"" + line.text + "\" from " + brief(from.id)); });
  lobby.on_arrived([&](const Person& person) { out.tell("sees " + brief(person.id) + " arrive"); });
  link.on_disconnected([&](const parley::error& why) {
    out.tell("is disconnected: " + why.message);
    out.over();
  });

  link.connect();
  out.tell("is connected" + (link.id().empty() ? std::string() : " as " + brief(link.id())));
  const Sum sum = lobby.add({.numbers = {391, 29}});
  out.tell("asked for 391 + 29 and got " + std::to_string(static_cast<long>(sum.value)));
  for (const std::string& text : wanted.say) {
    lobby.say({.text = text}, parley::to::all);
    out.tell("says \"" + text + "\" to all");
  }
  out.wait_until_heard(wanted.wait);
  out.tell("leaves");
} catch (const parley::call_failed& failed) {
  std::cerr << "lobby_client: " << failed.what() << '\n';
  return 1;
}
