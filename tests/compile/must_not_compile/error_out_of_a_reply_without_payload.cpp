// A coroutine of reply<> has no value to return. It reports an error with call.fail.
#include <parley/server.hpp>

parley::reply<> touch(parley::call& call) {
#ifdef PARLEY_WRONG
  (void)call;
  co_return parley::errc::denied;
#else
  call.fail(parley::errc::denied);
  co_return;
#endif
}
