// How a client keeps its link: the options, and what on_status reports. Does not use Asio.
#pragma once

#include "parley/core/core.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace parley {

// When a client connects again by itself, after its link was lost.
struct reconnect_options {
  static constexpr std::uint32_t for_ever = std::numeric_limits<std::uint32_t>::max();

  // How many attempts in a row. An attempt asked for by connect() or reconnect_now() does not count.
  // 0: a lost link stays closed until connect() is called.
  std::uint32_t attempts = for_ever;
  // Whether attempts continue before the link was ever open. If not, the first failure ends
  // connect(), because a wrong address should not look like patience.
  bool first_too = false;
  // The wait before attempt n (from 0) is a random time up to pause * 2^n, at most `longest`. What
  // the server demands is added to it: a goaway, Retry-After, or a close code.
  std::chrono::milliseconds pause{250};
  std::chrono::milliseconds longest{30'000};
  // After the link was open for this long, n begins at 0 again.
  std::chrono::milliseconds stable{10'000};
};

//   idle        nothing was asked of the link yet
//   connecting  an attempt runs
//   open        calls and events can be sent
//   waiting     for the next attempt
//   closed      no attempt follows by itself. connect() begins again, unless close() was called
enum class link_state : std::uint8_t { idle, connecting, open, waiting, closed };

// How the session began that is open now.
enum class outcome : std::uint8_t {
  first,  // after connect(), the first call or the first send
  // After a loss. The server sees a new client: another id, no groups, and none of the calls that
  // it was carrying out.
  fresh,
};

struct link_status {
  link_state state = link_state::idle;
  // waiting, closed, and connecting after a loss: why the last connection or attempt ended.
  std::optional<error> why{};
  // connecting, waiting: the number of the attempt since the link was last open, from 1.
  std::uint32_t attempt = 0;
  // waiting: when the next attempt begins.
  time_point next_try{};
  // open:
  parley::outcome outcome = parley::outcome::first;
  // Calls that ended with `disconnected` since the link was last open, because it is not known
  // whether the server carried them out.
  std::uint64_t calls_lost = 0;
  // Events that left with the last connection, and of which it is not known whether they arrived.
  std::uint64_t unconfirmed = 0;
};

}  // namespace parley
