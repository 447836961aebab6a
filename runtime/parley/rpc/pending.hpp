// The caller's side of one call, as the rpc room sees it: something that is completed exactly once.
#pragma once

#include "parley/wire/codec.hpp"

namespace parley {

// An answer as it came: still encoded, valid during finish() only.
struct encoded_answer {
  parley::format format = parley::format::json;
  bytes_view payload;
  decode_options options;
};

// Why an answer could not be read. The other end has acted: it answered.
inline error unreadable_answer(error why) {
  why.maybe_done = true;
  return why;
}

// finish() or finish_late() is called once, never inside the call that starts the operation; either destroys the object.
class pending_call {
 public:
  virtual ~pending_call() = default;
  virtual void finish(result<encoded_answer>) = 0;  // on the link's executor
  virtual void finish_late() = 0;                   // the link is closed: completes with `cancelled`, from any thread
};

}  // namespace parley
