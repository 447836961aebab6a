#include "parley/ends/stop_event.hpp"

#include <fcntl.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/eventfd.h>
#endif

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace parley {
namespace {

[[noreturn]] void no_descriptor() { throw std::system_error(errno, std::system_category(), "no descriptor is left"); }

}  // namespace

#if defined(__linux__)

wake_signal::wake_signal() : readable_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), writable_(readable_) {
  if (readable_ < 0) no_descriptor();
}

#else

wake_signal::wake_signal() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) no_descriptor();
  for (const int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ::fcntl(end, F_SETFL, O_NONBLOCK);
  }
  readable_ = ends[0];
  writable_ = ends[1];
}

#endif

wake_signal::~wake_signal() {
  ::close(readable_);
  if (writable_ != readable_) ::close(writable_);
}

void wake_signal::set() noexcept {
  const int interrupted = errno;  // saved for the code that a signal handler interrupts
  const std::uint64_t one = 1;    // an eventfd takes eight bytes
  [[maybe_unused]] const auto written = ::write(writable_, &one, sizeof one);
  errno = interrupted;
}

void wake_signal::clear() noexcept {
  std::array<std::uint64_t, 16> read{};
  while (::read(readable_, read.data(), sizeof read) == static_cast<ssize_t>(sizeof read)) {}
}

std::error_code stop_event::watch_on(const asio::any_io_executor& on) {
  watch_.emplace(on);
  const int own = ::fcntl(signal_.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (own < 0) return {errno, std::system_category()};
  std::error_code failed;
  watch_->assign(own, failed);
  if (failed) ::close(own);
  return failed;
}

void stop_event::watch(std::function<void()> stopped) {
  watch_->async_wait(asio::posix::stream_descriptor::wait_read, [stopped = std::move(stopped)](std::error_code failed) {
    if (!failed) stopped();
  });
}

}  // namespace parley
