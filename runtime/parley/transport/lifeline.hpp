// Releases Asio objects before the execution context they belong to is destroyed.
//
// A user may hold a connection for longer than the io_context it ran on. Its socket, timers and
// executor must not live that long, because destroying them later would access services that no
// longer exist. A class that owns such objects derives from `tethered` and destroys them in
// sever().
#pragma once

#include <asio/any_io_executor.hpp>

#include <memory>

namespace parley::transport {

class lifeline;

class tethered {
 public:
  tethered(const tethered&) = delete;
  tethered& operator=(const tethered&) = delete;

 protected:
  explicit tethered(const asio::any_io_executor& on);
  ~tethered() { untie(); }
  // From here on sever() is not called. If another thread is inside sever(), this waits until it
  // returns, so the caller must not hold a lock that sever() takes. For objects that release their
  // Asio objects by themselves. Calling it twice is harmless. An object that may be destroyed on
  // any thread calls it first in its destructor, while its members still exist.
  void untie() noexcept;

 private:
  friend class lifeline;
  // The context is being destroyed, and nothing runs on it any more. Called at most once. May
  // destroy this object.
  virtual void sever() noexcept = 0;

  const std::shared_ptr<lifeline> line_;  // may outlive the context
  bool tied_ = false;
  tethered* before_ = nullptr;
  tethered* after_ = nullptr;
};

}  // namespace parley::transport
