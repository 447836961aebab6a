// The shared code of the codec programs: their arguments, the files of the samples, and the
// measurement of an operation.
//
//   <program> kind=flat|nested|series|block|board format=json|binary operation=encode|decode samples=FOLDER [seconds=0.15]
//
// Prints nanoseconds of this thread's CPU time for one operation: the median of about forty parts
// of the measured time.
#pragma once

#include <functional>
#include <string>

namespace bench {

struct codec_task {
  std::string kind;
  bool json = false;
  bool encode = false;
  double seconds = 0;
  std::string sample_json{};    // the sample of this kind in proto3 JSON
  std::string sample_binary{};  // the same sample as Parley's FlatBuffer
};

codec_task codec_task_from(int argc, char** argv);

// `operation` returns the number of bytes that it wrote or read. Fails if the number is 0.
void time_codec(const codec_task&, const std::function<std::size_t()>& operation);

}  // namespace bench
