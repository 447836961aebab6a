// Looks up host names in such a way that neither a destructor nor another look-up waits for the
// answer.
//
// getaddrinfo() blocks and cannot be interrupted. Each look-up runs on a thread of its own that is
// never joined. The thread owns everything that it uses, and checks under a lock whether its
// execution context still exists. While a name is being looked up, further operations for it wait
// for the same answer. A name that is not answered therefore takes one thread, however often it is
// tried.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/ip/address.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace parley::transport {

// How many threads of one execution context look up names at the same time. Further names wait for
// one of them.
inline constexpr std::size_t most_lookups = 32;

struct name_answer {
  // In the order of the system (RFC 6724). Empty only if there is a problem.
  std::vector<asio::ip::address> addresses{};
  std::string problem{};  // the reason, for human readers
};

// Calls `done` on the executor, once, and never from inside this call. The returned function
// abandons the look-up. Call it on the executor. It releases `done` without calling it. A context
// that is destroyed abandons its look-ups and does not wait for them. The context keeps running
// while a look-up is in progress, as with Asio's own operations.
std::function<void()> look_up(const asio::any_io_executor& on, const std::string& host, std::function<void(const name_answer&)> done);

}  // namespace parley::transport
