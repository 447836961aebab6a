// path=NAME count=N: runs one hot path for callgrind.
#include "budget/paths.hpp"
#include "support/arguments.hpp"
#include "support/figures.hpp"

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  const std::string path = given.text("path");
  const std::size_t count = given.count("count", 1);
  if (path == "compiler") std::puts(PARLEY_BENCH_COMPILER);
  else if (path == "encode-json") bench::encode_nested(true, count);
  else if (path == "encode-binary") bench::encode_nested(false, count);
  else if (path == "decode-json") bench::decode_nested(true, count);
  else if (path == "decode-binary") bench::decode_nested(false, count);
  else if (path == "memory-call-json") bench::call_in_memory(true, count);
  else if (path == "memory-call-binary") bench::call_in_memory(false, count);
  else if (path == "memory-call-checked") bench::call_in_memory(false, count, true);
  else if (path == "socket-frames") bench::echo_frames(count);
  else if (path == "socket-calls-json") bench::answer_calls(true, count);
  else if (path == "socket-calls-binary") bench::answer_calls(false, count);
  else bench::fail("no path is called " + path);
}
