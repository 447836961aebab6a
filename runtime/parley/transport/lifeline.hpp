// Lets go of Asio objects before the execution context they belong to is gone.
//
// A connection may be held by its user for longer than the io_context it ran on. Its socket, timers and executor may not: to destroy
// them later would touch services that are no longer there. Whoever owns such objects is `tethered` and drops them in sever().
#pragma once

#include <asio/any_io_executor.hpp>

namespace parley::transport {

class lifeline;

class tethered {
 public:
  tethered(const tethered&) = delete;
  tethered& operator=(const tethered&) = delete;

 protected:
  explicit tethered(const asio::any_io_executor& on);
  ~tethered() { untie(); }
  // From here on sever() is not called. For those who let go by themselves; calling it twice does no harm.
  void untie() noexcept;

 private:
  friend class lifeline;
  // The context is being destroyed, and nothing runs on it any more. Called at most once; may destroy this object.
  virtual void sever() noexcept = 0;

  lifeline* line_ = nullptr;
  tethered* before_ = nullptr;
  tethered* after_ = nullptr;
};

}  // namespace parley::transport
