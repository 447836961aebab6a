// Lets go of Asio objects before the execution context they belong to is gone.
//
// A connection may be held by its user for longer than the io_context it ran on. Its socket, timers and executor may not: to destroy
// them later would touch services that are no longer there. Whoever owns such objects is `tethered` and drops them in sever().
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
  // From here on sever() is not called. If another thread is in sever(), this waits until that returns, so the caller holds no lock that
  // sever() takes. For objects that release their Asio objects by themselves; calling it twice does no harm. An object that may be
  // destroyed in any thread calls it first of all in its destructor, while there is still something to sever.
  void untie() noexcept;

 private:
  friend class lifeline;
  // The context is being destroyed, and nothing runs on it any more. Called at most once; may destroy this object.
  virtual void sever() noexcept = 0;

  const std::shared_ptr<lifeline> line_;  // which may outlive the context
  bool tied_ = false;
  tethered* before_ = nullptr;
  tethered* after_ = nullptr;
};

}  // namespace parley::transport
