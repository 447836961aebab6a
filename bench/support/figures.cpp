#include "support/figures.hpp"

#include <time.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

namespace bench {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

namespace {

std::uint64_t cpu_ns_of_one(int pid) {
  clockid_t clock{};
  timespec spent{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0) fail("the server is gone");
  return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(spent.tv_nsec);
}

}  // namespace

std::uint64_t cpu_ns(int pid) {
  std::uint64_t sum = cpu_ns_of_one(pid);
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
    std::ifstream children(thread.path() / "children");
    for (int child = 0; children >> child;) sum += cpu_ns(child);
  }
  return sum;
}

std::int64_t resident_bytes(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoll(line.c_str() + 6, nullptr, 10) * 1024;
  }
  fail("the server is gone");
}

std::int64_t settled_resident_bytes(int pid) {
  std::int64_t last = resident_bytes(pid);
  int unchanged = 0;
  for (int i = 0; i < 50 && unchanged < 4; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::int64_t current = resident_bytes(pid);
    unchanged = current == last ? unchanged + 1 : 0;
    last = current;
  }
  return last;
}

void fail(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(2);
}

void fail_errno(const char* what) { fail(std::string(what) + ": " + std::strerror(errno)); }

}  // namespace bench
