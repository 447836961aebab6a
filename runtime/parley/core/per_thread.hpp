// One object for each thread, for memory that functions borrow from their thread.
#pragma once

namespace parley {

// Whether the platform destroys thread_local objects. The emulated TLS of GCC for Windows is freed
// before the objects in it are destroyed, so their destructors crash. WASI has no end of a thread,
// and the destructors do not link.
#if (defined(__MINGW32__) && !defined(__clang__)) || defined(__wasm__)
inline constexpr bool destroys_thread_locals = false;
#else
inline constexpr bool destroys_thread_locals = true;
#endif

// The T of the calling thread. All callers with the same T share it, so each use needs a type of its
// own.
//
// It is created by the first call in a thread and destroyed when the thread ends. Where thread_local
// objects are not destroyed, it is left to the process instead: a thread that ends leaves its T
// behind. Use it on its thread only, and not in the destructors of other thread_local objects or of
// objects with static storage.
//
// Costs one comparison more than a variable of the thread. Only variables with a trivial destructor
// may be thread_local without this function; tests/layering_test.py checks that.
template <class T, bool destroyed = destroys_thread_locals>
T& per_thread() {
  if constexpr (destroyed) {
    thread_local T one;
    return one;
  } else {
    thread_local T* one = nullptr;
    if (!one) one = new T();
    return *one;
  }
}

}  // namespace parley
