// rpc: which calls are open in either direction of one connection, until when, and that each ends exactly once at both ends.
//
// What it does not do: sending and greeting (session), decoding, running handlers and timers (peer). Its owner asks for the next
// deadline, says what time it is and acts on the answer.
//
//   rpc::outgoing_calls mine;
//   const auto id = mine.open(ticket, method, now + 30s, std::move(completion));                 // then send the frame
//   if (auto done = mine.take_terminal(id)) done.release()->finish(answer);                      // null: it was over before
//   rpc::incoming_calls theirs(256);
//   if (theirs.accept(7, now, deadline_ms, 60s) == rpc::incoming_calls::verdict::run) handle();  // then finish(7)
//
// One thread at a time. outgoing_calls owns the completions until it hands them out; incoming_calls refers to handlers until they end.
#pragma once

#include "parley/rpc/incoming_calls.hpp"
#include "parley/rpc/outgoing_calls.hpp"
