// Host names, looked up so that nothing has to wait for the answer: neither a destructor nor another name.
//
// getaddrinfo() blocks and cannot be interrupted. Each look-up runs on a thread of its own that nobody joins; it owns what it touches, and
// hears under a lock whether its execution context still exists. A name that is being looked up already is not looked up once more: who
// asks for it meanwhile gets the same answer, so a name that does not answer takes one thread, however often it is tried.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/ip/address.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace parley::transport {

// Threads of one execution context that look names up at the same time; more names than that wait for one of them.
inline constexpr std::size_t most_lookups = 32;

struct name_answer {
  std::vector<asio::ip::address> addresses{};  // in the order of the system (RFC 6724); never empty without a problem
  std::string problem{};                       // why there are none, for people
};

// `done` is called on the executor, once, never from inside this call. The returned function abandons the look-up: it is called on the
// executor, `done` is not called afterwards and what it holds is released. A context that is destroyed abandons its look-ups and waits for
// none. The context runs for as long as a look-up is under way, as with Asio's own operations.
std::function<void()> look_up(const asio::any_io_executor& on, const std::string& host, std::function<void(const name_answer&)> done);

}  // namespace parley::transport
