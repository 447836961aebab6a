// A running handler, as rpc sees it.
#pragma once

namespace parley::rpc {

class running {
 public:
  virtual ~running() = default;
  // The caller has disconnected, cancelled or run out of time, and the answer is no longer needed.
  // Called at most once for each call. The handler may end inside.
  virtual void stop() = 0;
};

}  // namespace parley::rpc
