// Wakes a loop, or a thread that polls, from a signal handler or from another thread.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <functional>
#include <optional>
#include <system_error>

namespace parley {

// Descriptors that are readable from set() until clear(): an eventfd on Linux, a pipe elsewhere.
class wake_signal {
 public:
  wake_signal();  // throws std::system_error if no descriptor is left
  ~wake_signal();
  wake_signal(const wake_signal&) = delete;
  wake_signal& operator=(const wake_signal&) = delete;

  // On any thread and in signal handlers: it calls write(2) and nothing else, and keeps errno.
  // Setting it again has no further effect.
  void set() noexcept;
  // On the thread that waits for it.
  void clear() noexcept;
  // For poll(2): it is POLLIN that is awaited. Belongs to this object.
  int descriptor() const noexcept { return readable_; }

 private:
  int readable_ = -1;
  int writable_ = -1;  // the same one for an eventfd
};

// A wake_signal that calls a function on an executor. It is set once and stays set.
class stop_event {
 public:
  // Throws std::system_error if no descriptor is left.
  stop_event() = default;

  // On any thread and in signal handlers. May come before watch().
  void set() noexcept { signal_.set(); }

  // Prepares to wait on this executor, whose context has to outlive this object or the next
  // forget(). The error: no descriptor is left.
  std::error_code watch_on(const asio::any_io_executor&);
  // On that executor, after watch_on(): calls `stopped` there once it is set. Without a call, if
  // forget() or the end of the executor comes first.
  void watch(std::function<void()> stopped);
  // Ends watching. On that executor, or while no thread runs it.
  void forget() noexcept { watch_.reset(); }

 private:
  wake_signal signal_;
  std::optional<asio::posix::stream_descriptor> watch_;  // with a descriptor of its own
};

}  // namespace parley
