// Which clients may connect: how many at once, and how fast. Shared by the loops of a server. Not
// installed.
//
// The tables have a fixed size, so a flood from many addresses needs no memory. Two addresses may share
// a place in them, which makes the limits stricter for both. Which ones do cannot be predicted.
//
// Any thread.
#pragma once

#include "parley/core/core.hpp"
#include "parley/core/keyed_hash.hpp"
#include "parley/ends/limits.hpp"
#include "parley/transport/options.hpp"
#include "parley/transport/request.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

// Checks what the constructor of a server must refuse. The text names the option, with `where` before it.
result<> check_limits(const limit_options&, std::string_view where);

// The limits by their names in limit_options, for counters and the log.
enum class limit : std::uint8_t { connections, per_address, handshakes, handshakes_per_address, messages, bytes };
inline constexpr std::array<std::string_view, 6> limit_names{"connections", "per_address", "handshakes", "handshakes_per_address",
                                                             "messages",    "bytes"};

// What was limited. The log has one line for each limit and 10 seconds.
class limit_counts {
 public:
  // Returns the text of a line for the log, or nothing. It says how often the limit was reached since
  // the line before, and `whom` it applied to last.
  std::optional<std::string> count(limit, time_point now, std::string_view whom);
  std::uint64_t of(limit which) const noexcept { return counts_[static_cast<std::size_t>(which)].all.load(std::memory_order_relaxed); }

 private:
  struct one {
    std::atomic<std::uint64_t> all = 0;
    std::uint64_t reported = 0;  // under the mutex
    time_point reported_at = time_point::min();
  };
  std::mutex mutex_;
  std::array<one, limit_names.size()> counts_;
};

// A rate for each address.
class address_rates {
 public:
  explicit address_rates(rate_limit terms) : rate_(terms) {}

  // Takes one, and returns 0. Otherwise takes nothing, and returns the time until one can be taken.
  std::chrono::nanoseconds take(const transport::host_address& from, time_point now);
  // The time until one can be taken. 0: at once.
  std::chrono::nanoseconds wait(const transport::host_address& from, time_point now) const;

 private:
  struct table;
  table& made() const;

  const cell_rate rate_;
  // Made for the first client that is not on this machine.
  mutable std::once_flag once_;
  mutable std::shared_ptr<table> table_;
};

class arrival_limits {
 public:
  // The options have been checked.
  explicit arrival_limits(const limit_options&);

  // For a client that has connected. The place of the result has to be kept while the client is
  // connected.
  transport::arrival arrive(const transport::host_address& from, time_point now);
  // For the request of that client: the same for the client behind a trusted proxy, which is noted in the
  // request. `client` is set to the address to which limits apply.
  transport::arrival ask(transport::any_request&, time_point now, transport::host_address& client);
  // Whether limits apply to this address.
  bool apply_to(const transport::host_address& client) const noexcept { return loopback_too_ || !client.is_loopback(); }
  // The client that a request is from.
  transport::host_address client_of(const transport::any_request&) const;

  // Which limit a refusal of arrive() or ask() is for.
  static limit limit_of(const transport::arrival&) noexcept;

 private:
  struct population;
  bool is_trusted(const transport::host_address&) const noexcept;
  transport::arrival admit(const transport::host_address& from, time_point now);
  population& populated();

  const std::size_t per_address_;
  const bool loopback_too_;
  bool trusts_unix_ = false;
  std::vector<transport::address_block> proxies_;
  const cell_rate handshakes_;
  std::mutex mutex_;
  time_point handshakes_filled_{};  // under the mutex
  address_rates rates_;
  std::once_flag once_;
  std::shared_ptr<population> population_;
};

// The client that a chain of proxies names (X-Forwarded-For, all header lines joined): the last entry
// that `is_trusted` does not accept. An entry may have a port. Of what cannot be read, and of what
// is before it, nothing is believed. `from`: the address of the last proxy.
template <class Trusted>
transport::host_address forwarded_for(std::string_view list, transport::host_address from, Trusted is_trusted);

// An entry of X-Forwarded-For: "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80".
std::optional<transport::host_address> parse_forwarded(std::string_view entry) noexcept;

template <class Trusted>
transport::host_address forwarded_for(std::string_view list, transport::host_address from, Trusted is_trusted) {
  while (!list.empty() && is_trusted(from)) {
    const std::size_t comma = list.rfind(',');
    const auto entry = parse_forwarded(comma == list.npos ? list : list.substr(comma + 1));
    if (!entry) return from;
    from = *entry;
    list = comma == list.npos ? std::string_view() : list.substr(0, comma);
  }
  return from;
}

}  // namespace parley
