// What is measured of a process, our own or another, from /proc.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

// Seconds of a clock that never goes back.
double now();

// CPU time of all threads of a process, in nanoseconds: the scheduler's own account (what schedstat shows for each thread, with those that
// have ended), so that it matters little what else runs.
std::uint64_t cpu_ns(int pid);

// Resident memory of a process, in bytes. The kernel's socket memory is not in it.
std::int64_t resident_bytes(int pid);

// Waits until it has stayed the same for a while (at most 5 s).
std::int64_t settled_resident_bytes(int pid);

// Prints a line and leaves: a benchmark that goes wrong has no figure.
[[noreturn]] void fail(const std::string& why);
// The same, with what errno says.
[[noreturn]] void fail_errno(const char* what);

}  // namespace bench
