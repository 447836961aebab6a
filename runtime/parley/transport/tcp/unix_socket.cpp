#include "parley/transport/tcp/unix_socket.hpp"

#include <asio/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>

namespace parley::transport {
namespace {

error failed(int number) {
  const std::error_code why(number, std::system_category());
  return {why, why.message()};
}

error taken(std::string text) { return {std::make_error_code(std::errc::address_in_use), std::move(text)}; }

struct address {
  explicit address(std::string_view path) noexcept {
    name.sun_family = AF_UNIX;
    std::copy_n(path.data(), std::min(path.size(), sizeof name.sun_path), name.sun_path);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    if (path.starts_with('@')) name.sun_path[0] = '\0';  // an abstract name has no end mark, and all bytes count
    else ++size;                                         // a path ends with a zero byte
  }
  const sockaddr* raw() const noexcept { return reinterpret_cast<const sockaddr*>(&name); }

  sockaddr_un name{};
  socklen_t size = 0;
};

int bind_to(int descriptor, const address& where) { return ::bind(descriptor, where.raw(), where.size) == 0 ? 0 : errno; }

// Holds a lock on the directory of the socket while a stale file is replaced. Without it, two
// Parley servers that start at the same time could both find the same stale file, or one could find
// the other's socket between bind() and listen(), and remove it.
//
// Another program may hold the lock for its own purposes, so the wait ends after a second, and the
// server starts without the lock. No system call waits for this lock with a time limit, so the loop
// pauses between attempts.
class directory_lock {
 public:
  explicit directory_lock(const std::string& path) {
    const std::string directory = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
    descriptor_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0) return;
    constexpr int attempts = 100;
    constexpr std::chrono::milliseconds pause{10};
    for (int i = 0; i < attempts && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++i)
      std::this_thread::sleep_for(pause);
  }
  ~directory_lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  directory_lock(const directory_lock&) = delete;
  directory_lock& operator=(const directory_lock&) = delete;

 private:
  int descriptor_ = -1;
};

// Removes the file that an ended server has left at `path`, or returns the reason why it must not
// be removed. Succeeds if there is no file.
result<> remove_stale(const std::string& path, const address& where) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0) return errno == ENOENT ? result<>() : failed(errno);
  if (!S_ISSOCK(there.st_mode)) return taken("the file exists and is not a socket");
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return failed(errno);
  const int answer = ::connect(probe, where.raw(), where.size) == 0 ? 0 : errno;
  ::close(probe);
  if (answer == ENOENT) return {};
  if (answer == 0 || answer == EAGAIN) return taken("another server listens there");
  // No process listens on the socket. A socket of another program between bind() and listen() looks the same.
  if (answer != ECONNREFUSED)
    return taken("the file exists, and whether a server listens there cannot be found out: " + failed(answer).message);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed(errno);
  return {};
}

}  // namespace

socket_file::socket_file(std::string path) {
  struct stat now {};
  if (::lstat(path.c_str(), &now) != 0) return;
  path_ = std::move(path);
  device_ = now.st_dev;
  number_ = now.st_ino;
}

socket_file::socket_file(socket_file&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), number_(other.number_) {}

socket_file::~socket_file() {
  if (path_.empty()) return;
  struct stat now {};
  if (::lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == number_) ::unlink(path_.c_str());
}

result<socket_file> bind_and_listen(int descriptor, const std::string& path) {
  const address where(path);
  if (path.starts_with('@')) {
    if (const int why = bind_to(descriptor, where)) return why == EADDRINUSE ? taken("another server listens there") : failed(why);
    if (::listen(descriptor, SOMAXCONN) != 0) return failed(errno);
    return socket_file();
  }
  const directory_lock alone(path);
  int why = bind_to(descriptor, where);
  if (why == EADDRINUSE) {
    if (auto removed = remove_stale(path, where); !removed) return removed.error();
    why = bind_to(descriptor, where);
  }
  if (why != 0) return failed(why);
  socket_file made(path);
  if (::listen(descriptor, SOMAXCONN) != 0) return failed(errno);
  return made;
}

std::error_code connect_now(asio::local::stream_protocol::socket& socket, const std::string& path) {
  std::error_code ec;
  socket.open({}, ec);
  if (!ec) socket.non_blocking(true, ec);
  if (ec) return ec;
  const address where(path);
  // Not through Asio, which would wait for the socket to become ready. After a full queue that
  // never connects the socket.
  if (::connect(socket.native_handle(), where.raw(), where.size) == 0) return {};
  return {errno, asio::error::get_system_category()};
}

}  // namespace parley::transport
