// Memory that was freed after a peak goes back to the system.
#pragma once

namespace parley {

// The C library keeps freed memory that lies between what is still in use. This hands whole pages of it back; it takes some milliseconds
// for a hundred megabytes, and holds up who allocates meanwhile. Does nothing where the C library has no such function.
void give_memory_back() noexcept;

}  // namespace parley
