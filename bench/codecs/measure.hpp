// What the codec programs share: their arguments, the samples' files, and how an operation is timed.
//
//   <program> kind=flat|nested|series|block|board format=json|binary operation=encode|decode samples=FOLDER [seconds=0.15]
//
// Prints nanoseconds of this thread's CPU time per operation: the median of some forty pieces of the measured time.
#pragma once

#include <functional>
#include <string>

namespace bench {

struct codec_task {
  std::string kind;
  bool json = false;
  bool encode = false;
  double seconds = 0;
  std::string sample_json{};    // the kind's sample in the proto3 JSON mapping
  std::string sample_binary{};  // and as our FlatBuffer
};

codec_task codec_task_from(int argc, char** argv);

// `operation` says how many bytes it wrote or read. Fails if that is none.
void time_codec(const codec_task&, const std::function<std::size_t()>& operation);

}  // namespace bench
