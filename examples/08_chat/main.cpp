// A chat in a terminal, for datadivr's servers (the original's or Parley's) and those of the
// libwsclient family:
//
//   chat [--host HOST] [-p|--port PORT] [-n|--name NAME] [-m|--message TEXT] [--protocol datadivr|wschat]
//
// With -m it sends TEXT and exits. Otherwise it sends each line to the others. These lines are
// commands:
//
//   /to all|others|NAME|ID         the receivers of the following lines; followed by a text: the receivers of this text
//   /nick NAME                     changes your name
//   /quit                          exits, as `quit`, Ctrl-C and Ctrl-D do
//   {"event_name": ..., ...}       an event as written (datadivr): without event_name "msg", without "to" to the others
#include "conversation.hpp"
#include "inbox.hpp"
#include "line_editor.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace {

struct options {
  std::string host = "127.0.0.1";
  std::string port;
  std::string name = "guest";
  std::optional<std::string> message;
  std::string protocol = "datadivr";
};

std::optional<options> read_options(int argc, char** argv) {
  options read;
  if (const char* user = std::getenv("USER"); user && *user) read.name = user;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view key = argv[i];
    if (i + 1 == argc) return std::nullopt;
    const std::string value = argv[i + 1];
    if (key == "--host") read.host = value;
    else if (key == "-p" || key == "--port") read.port = value;
    else if (key == "-n" || key == "--name") read.name = value;
    else if (key == "-m" || key == "--message") read.message = value;
    else if (key == "--protocol" && (value == "datadivr" || value == "wschat")) read.protocol = value;
    else return std::nullopt;
  }
  if (read.port.empty()) read.port = read.protocol == "wschat" ? "9999" : "8765";
  return read;
}

// Signals as a descriptor to poll. Create it before any thread, so that no thread receives them.
class signals {
 public:
  signals() {
    sigemptyset(&all_);
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH}) sigaddset(&all_, s);
    hold();
    descriptor_ = signalfd(-1, &all_, SFD_CLOEXEC);
  }
  ~signals() { ::close(descriptor_); }
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;
  // Whether signals wait to be polled, as at the beginning, or act as in any program.
  void hold() const { pthread_sigmask(SIG_BLOCK, &all_, nullptr); }
  void let_go() const { pthread_sigmask(SIG_UNBLOCK, &all_, nullptr); }

  int descriptor() const noexcept { return descriptor_; }
  int next() const {
    signalfd_siginfo one{};
    return ::read(descriptor_, &one, sizeof one) == sizeof one ? static_cast<int>(one.ssi_signo) : 0;
  }

 private:
  sigset_t all_{};
  int descriptor_ = -1;
};

class session {
 public:
  session(conversation& with, line_editor& editor) : talk_(with), editor_(editor) {}

  // Returns false for the last line.
  bool obey(const std::string& line) {
    if (line.empty()) return true;
    if (is_quit(line)) return false;
    const auto [command, rest] = split(line);
    if (command == "/nick" && !rest.empty()) talk_.rename(rest);
    else if (command == "/to" && !rest.empty()) address(rest);
    else if (line.front() == '/') editor_.print("! the commands are /to, /nick and /quit");
    else if (is_json(line)) tell(talk_.say_json(line));
    else tell(talk_.say(line, to_));
    return true;
  }

 private:
  static bool is_json(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r\n");  // the white space of JSON
    return first != line.npos && (line[first] == '{' || line[first] == '[');
  }
  static bool is_quit(std::string_view line) {
    if (line == "/quit") return true;
    constexpr std::string_view quit = "quit";
    return line.size() == quit.size() && std::equal(line.begin(), line.end(), quit.begin(), [](char a, char b) { return (a | 0x20) == b; });
  }
  static std::pair<std::string, std::string> split(const std::string& line) {
    const std::size_t end = line.find(' ');
    const std::size_t next = line.find_first_not_of(' ', end);
    return {line.substr(0, end), next == std::string::npos ? std::string() : line.substr(next)};
  }
  void address(const std::string& rest) {
    const auto [whom, text] = split(rest);
    if (!text.empty()) return tell(talk_.say(text, whom));
    if (auto there = talk_.reaches(whom); !there) return tell(there);
    to_ = whom;
    editor_.print("* lines are for " + to_ + " now");
  }
  void tell(const parley::result<>& done) {
    if (!done) editor_.print(done.error().message);
  }

  conversation& talk_;
  line_editor& editor_;
  std::string to_ = "others";
};

// Runs until the user leaves (returns 0) or the connection is lost (returns 1).
int chat(conversation& with, inbox& heard, const signals& told) {
  line_editor editor{"> "};
  session said(with, editor);
  std::array<pollfd, 3> ready{pollfd{editor.descriptor(), POLLIN, 0}, pollfd{heard.descriptor(), POLLIN, 0},
                              pollfd{told.descriptor(), POLLIN, 0}};
  while (!editor.ended()) {
    poll(ready.data(), ready.size(), -1);
    if (ready[2].revents != 0) {
      const int signal = told.next();
      if (signal == SIGWINCH) editor.resized();
      else if (signal == SIGTSTP) editor.suspend();
      else if (signal != 0) return 0;
    }
    if (ready[1].revents != 0) {
      for (const std::string& line : heard.take()) editor.print(line);
      if (heard.over()) return 1;
    }
    if (ready[0].revents != 0)
      for (const std::string& line : editor.read())
        if (!said.obey(line)) return 0;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto wanted = read_options(argc, argv);
  if (!wanted) {
    std::cerr << "usage: chat [--host HOST] [-p|--port PORT] [-n|--name NAME] [-m|--message TEXT] [--protocol datadivr|wschat]\n";
    return 2;
  }
  const signals told;
  inbox heard;
  const listener to{.line = [&](std::string line) { heard.put(std::move(line)); },
                    .lost = [&](const std::string& why) { heard.put_last("! the connection is gone: " + why); }};
  const std::string host = wanted->host.find(':') == std::string::npos ? wanted->host : '[' + wanted->host + ']';
  const std::string address = host + ':' + wanted->port;
  const auto talk = wanted->protocol == "wschat" ? speak_wschat(address, wanted->name, to) : speak_datadivr(address, wanted->name, to);
  told.let_go();  // Ctrl-C ends a blocking call; the terminal is unchanged so far
  if (wanted->message) {
    talk->connect(false);
    talk->say(*wanted->message, "others").value();
    return 0;
  }
  const std::string greeting = talk->connect(isatty(STDIN_FILENO) != 0);
  if (!greeting.empty()) heard.put("* " + greeting);
  told.hold();
  const int status = chat(*talk, heard, told);
  told.let_go();  // the terminal is restored; leaving may take a while
  return status;
} catch (const std::exception& failed) {  // refused, or not a valid address
  std::cerr << "chat: " << failed.what() << '\n';
  return 1;
}
