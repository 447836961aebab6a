// How the results of reading and writing system calls are reported. Private to tcp.
#pragma once

#include <asio/error.hpp>

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <system_error>

namespace parley::transport {

// The result of `call`, or 0 and its error. The error has Asio's category, because owners compare it
// with Asio's errors.
template <class Call>
std::size_t result_of(Call call, std::error_code& ec) noexcept {
  for (;;) {
    const ssize_t count = call();
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    ec.assign(errno, asio::error::get_system_category());
    return 0;
  }
}

inline bool would_block(const std::error_code& ec) noexcept { return ec == asio::error::would_block || ec == asio::error::try_again; }

}  // namespace parley::transport
