#include "codecs/measure.hpp"

#include "support/arguments.hpp"
#include "support/figures.hpp"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

namespace bench {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path + " is not there");
  return {std::istreambuf_iterator<char>(file), {}};
}

double thread_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

}  // namespace

codec_task codec_task_from(int argc, char** argv) {
  const arguments given(argc, argv);
  codec_task task{.kind = given.text("kind"),
                  .json = given.text("format") == "json",
                  .encode = given.text("operation") == "encode",
                  .seconds = given.seconds("seconds", 0.15)};
  const std::string stem = given.text("samples") + "/" + task.kind;
  task.sample_json = content_of(stem + ".json");
  task.sample_binary = content_of(stem + ".bin");
  return task;
}

void time_codec(const codec_task& task, const std::function<std::size_t()>& operation) {
  constexpr int pieces = 40;
  const std::size_t bytes = operation();
  if (bytes == 0) fail("nothing was written or read");

  // The number of operations in one part.
  std::size_t repeat = 1;
  for (double took = 0; took < task.seconds / pieces / 2; repeat *= 2) {
    const double start = thread_seconds();
    for (std::size_t i = 0; i < repeat; ++i) operation();
    took = thread_seconds() - start;
  }
  std::vector<double> times;
  for (int piece = 0; piece < pieces; ++piece) {
    const double start = thread_seconds();
    for (std::size_t i = 0; i < repeat; ++i) operation();
    times.push_back((thread_seconds() - start) / static_cast<double>(repeat) * 1e9);
  }
  std::ranges::sort(times);
  std::printf("{\"ns\": %.2f, \"bytes\": %zu}\n", times[pieces / 2], bytes);
}

}  // namespace bench
