// Throws, in code that is also built without exceptions (-fno-exceptions).
#pragma once

#include <cstdlib>
#include <utility>

namespace parley {

// Throws `e`. Without exceptions it ends the program, so only mistakes of the program and a system
// without memory, descriptors or random bytes may lead here. Whatever input can cause is a result.
template <class E>
[[noreturn]] void raise([[maybe_unused]] E&& e) {
#if defined(__cpp_exceptions)
  throw std::forward<E>(e);
#else
  std::abort();
#endif
}

}  // namespace parley
