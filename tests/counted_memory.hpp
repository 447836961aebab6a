// How often the program has asked for memory through operator new. For programs that link counted_memory.cpp.
#pragma once

#include <cstddef>

std::size_t allocations() noexcept;
