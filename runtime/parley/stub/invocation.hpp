// One call or one event that has arrived, as everything that acts on it sees it: dispatch, handlers, and what observes or intercepts them.
// Does not use Asio.
#pragma once

#include "parley/stub/outgoing.hpp"
#include "parley/wire/codec.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace parley {

class peer;
namespace wire {
struct meta_entry;  // envelope.hpp
}

// Made by the conversation when the frame has passed its checks. It is valid while the conversation acts on the frame; a handler that
// continues later copies what it needs. `from` and `peer` live as long as the conversation, but `from` of an event at a client only as
// long as the invocation.
struct invocation {
  const method& what;    // what.event: whether it is an event
  std::uint32_t number;  // of the method in the contract of this end (session::contract::number)
  const origin& from;
  parley::peer* peer;   // the client that sent it; null at a client
  time_point deadline;  // when the caller stops waiting; time_point::max() for an event
  const std::vector<wire::meta_entry>& meta;
  parley::format format;
  bytes_view payload;
  const decode_options& options;
};

}  // namespace parley
