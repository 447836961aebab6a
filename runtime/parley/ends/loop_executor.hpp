// The executor that an end's handlers run on. The conversation passes it on and never looks inside, so that it does not depend on Asio.
#pragma once

#include <asio/any_io_executor.hpp>

namespace parley {

struct loop_executor {
  asio::any_io_executor executor;
};

}  // namespace parley
