// The executor of an end's handlers. The conversation only passes it on, so it does not depend on
// Asio.
#pragma once

#include <asio/any_io_executor.hpp>

namespace parley {

struct loop_executor {
  asio::any_io_executor executor;
};

}  // namespace parley
