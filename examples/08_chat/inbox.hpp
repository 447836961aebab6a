// Lines from other threads, for a loop that waits with poll().
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

class inbox {
 public:
  inbox() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~inbox() { ::close(descriptor_); }
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  // Readable while there is a line to take.
  int descriptor() const noexcept { return descriptor_; }

  void put(std::string line) {
    const std::lock_guard lock(mutex_);
    if (lines_.size() < most) lines_.push_back(std::move(line));
    else ++lost_;  // memory stays limited while the terminal is stopped
    ring();
  }
  // No line is added after this one.
  void put_last(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    over_ = true;
    ring();
  }

  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    std::uint64_t rings = 0;
    (void)!::read(descriptor_, &rings, sizeof rings);
    if (lost_ != 0) lines_.push_back("! " + std::to_string(std::exchange(lost_, 0)) + " lines were dropped");
    return std::exchange(lines_, {});
  }
  bool over() const {
    const std::lock_guard lock(mutex_);
    return over_ && lines_.empty();
  }

 private:
  static constexpr std::size_t most = 10'000;
  void ring() const {
    const std::uint64_t one = 1;
    (void)!::write(descriptor_, &one, sizeof one);
  }

  int descriptor_;
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::size_t lost_ = 0;
  bool over_ = false;
};
