#include "parley/ends/service.hpp"

#include "parley/ends/inherited.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace parley {
namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START
constexpr int most_passed = 1024;

// A variable of the environment. Empty if it is not set.
std::string_view variable(const char* name) noexcept {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

// -1: not a number.
template <class Number>
Number number_in(std::string_view text) noexcept {
  Number number = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? number : -1;
}

// Whether a variable with a process id is about this process, and not about one that has started it.
bool is_for_this_process(const char* name) noexcept { return number_in<pid_t>(variable(name)) == ::getpid(); }

bool listens(int descriptor) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

}  // namespace

bool notify(std::string_view state) noexcept {
  const std::string_view path = variable("NOTIFY_SOCKET");
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof to.sun_path || (path.front() != '/' && path.front() != '@')) return false;
  std::copy(path.begin(), path.end(), to.sun_path);
  if (path.front() == '@') to.sun_path[0] = '\0';  // an abstract name
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const auto sent = ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
  ::close(socket);
  return sent == static_cast<ssize_t>(state.size());
}

result<std::vector<int>> inherited_sockets(std::string_view name) {
  const auto invalid = [&](std::string_view why) {
    return error{errc::invalid, "inherited \"" + std::string(name) + "\": " + std::string(why)};
  };
  std::vector<int> found;
  if (const int number = number_in<int>(name); number >= 0) {
    found.push_back(number);
  } else {
    if (!is_for_this_process("LISTEN_PID"))
      return invalid("no sockets were passed to this process (LISTEN_PID); start it by its socket unit");
    const int count = std::min(number_in<int>(variable("LISTEN_FDS")), most_passed);
    std::string_view names = variable("LISTEN_FDNAMES");
    for (int descriptor = first_passed; descriptor < first_passed + count; ++descriptor) {
      const std::size_t colon = std::min(names.find(':'), names.size());
      if (names.substr(0, colon) == name) found.push_back(descriptor);
      names.remove_prefix(std::min(colon + 1, names.size()));
    }
    if (found.empty()) return invalid("no socket of this name was passed (LISTEN_FDNAMES); set FileDescriptorName in the socket unit");
  }
  for (const int descriptor : found) {
    if (!listens(descriptor)) return invalid("it is not a socket that listens; a socket unit needs ListenStream and Accept=no");
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }
  return found;
}

std::chrono::microseconds watchdog_interval() {
  if (!variable("WATCHDOG_PID").empty() && !is_for_this_process("WATCHDOG_PID")) return {};
  return std::chrono::microseconds(std::max<std::int64_t>(0, number_in<std::int64_t>(variable("WATCHDOG_USEC"))));
}

}  // namespace parley
