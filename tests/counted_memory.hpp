// Counts the allocations of the program through operator new, and the memory that it holds. For
// programs that link counted_memory.cpp.
#pragma once

#include <cstddef>

std::size_t allocations() noexcept;
std::size_t held_memory() noexcept;  // bytes
