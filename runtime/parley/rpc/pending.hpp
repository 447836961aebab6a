// The caller's side of one call, as rpc sees it: an object that is completed exactly once.
#pragma once

#include "parley/wire/codec.hpp"

namespace parley {

// An answer as received: still encoded, and valid during finish() only.
struct encoded_answer {
  parley::format format = parley::format::json;
  bytes_view payload;
  decode_options options;
};

// The error for an answer that could not be read. The peer has acted on the call, because it
// answered.
inline error unreadable_answer(error why) {
  why.maybe_done = true;
  return why;
}

// finish() or finish_late() is called once, never inside the call that starts the operation. Either
// destroys the object.
class pending_call {
 public:
  virtual ~pending_call() = default;
  virtual void finish(result<encoded_answer>) = 0;  // on the link's executor
  // The link is closed: completes with `cancelled`, from any thread.
  virtual void finish_late() = 0;
};

}  // namespace parley
