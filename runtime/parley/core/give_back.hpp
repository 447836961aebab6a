// Returns memory that was freed after a peak to the system.
#pragma once

namespace parley {

// The C library keeps freed memory that lies between blocks in use. This function returns whole
// pages of it. It takes some milliseconds for a hundred megabytes, and allocations in other threads
// wait meanwhile. It does nothing if the C library has no such function.
void give_memory_back() noexcept;

}  // namespace parley
