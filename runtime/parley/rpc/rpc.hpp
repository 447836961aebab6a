// rpc: which calls are open in either direction of one connection, until when, and that each ends exactly once at both ends.
//
//   rpc::outgoing_calls mine;
//   const std::uint64_t id = mine.open(ticket, LobbyMethods::add, now + 30s, std::move(completion));   // then send the frame
//   if (auto done = mine.take_terminal(reply.re)) done.release()->finish(answer);                      // null: it was over before
//
// It sends nothing, decodes nothing and owns no timer: its owner asks for the next deadline and says what time it is.
// One thread at a time.
#pragma once

#include "parley/rpc/incoming_calls.hpp"
#include "parley/rpc/outgoing_calls.hpp"
