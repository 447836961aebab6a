// The figures of a process, this one or another, from /proc.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

// Seconds of a monotonic clock.
double now();

// The CPU time of all threads of a process and of the processes that it has started and that still
// run, in nanoseconds, including threads that have ended. It is the scheduler's own count (schedstat shows it for each thread), so other load on the machine
// has little influence.
std::uint64_t cpu_ns(int pid);

// The resident memory of a process in bytes, without the kernel's socket memory.
std::int64_t resident_bytes(int pid);

// Waits until the resident memory has stayed the same for a while, at most 5 s.
std::int64_t settled_resident_bytes(int pid);

// Prints a line and exits, because a benchmark with an error has no figure.
[[noreturn]] void fail(const std::string& why);
// Like fail(), with the text of errno.
[[noreturn]] void fail_errno(const char* what);

}  // namespace bench
