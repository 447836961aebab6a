// A handler that is still at work, as the rpc room sees it.
#pragma once

namespace parley::rpc {

class running {
 public:
  virtual ~running() = default;
  // The caller went away, cancelled or ran out of time: nobody wants the answer any more. Called at most once for each call; the
  // handler may end inside.
  virtual void stop() = 0;
};

}  // namespace parley::rpc
