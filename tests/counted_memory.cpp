// A separate file, because compilers that see both ends report malloc and delete as a mismatch.
#include "counted_memory.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace {
std::atomic<std::size_t> taken = 0;
std::atomic<std::size_t> held = 0;

void* count(void* memory) noexcept {
  ++taken;
  held += malloc_usable_size(memory);
  return memory;
}
void give_back(void* memory) noexcept {
  held -= malloc_usable_size(memory);
  std::free(memory);
}
}  // namespace

std::size_t allocations() noexcept { return taken; }
std::size_t held_memory() noexcept { return held; }

void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size ? size : 1)) return count(memory);
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return count(std::malloc(size ? size : 1)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(step, (size + step - 1) / step * step)) return count(memory);
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
