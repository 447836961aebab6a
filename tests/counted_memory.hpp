// How often the program has asked for memory through operator new, and how much of it it has now. For programs that link
// counted_memory.cpp.
#pragma once

#include <cstddef>

std::size_t allocations() noexcept;
std::size_t held_memory() noexcept;  // bytes
