// rpc: the open calls of one connection in both directions, their deadlines, and the guarantee that
// each ends exactly once at both ends.
//
// It does not send or greet (session), and it does not decode, run handlers or set timers (conversation).
// Its owner asks for the next deadline, passes the current time and acts on the result.
//
//   rpc::outgoing_calls mine;
//   const auto id = mine.open(ticket, method, now + 30s, std::move(completion));  // then send it
//   auto done = mine.take_terminal(id);
//   if (done) done.release()->finish(answer);  // null: the call was over before
//   rpc::incoming_calls theirs(256);
//   const auto verdict = theirs.accept(7, now, deadline_ms, 60s);
//   if (verdict == rpc::incoming_calls::verdict::run) handle();  // then finish(7)
//
// One thread at a time. outgoing_calls owns the completions until it returns them. incoming_calls
// refers to handlers until they end.
#pragma once

#include "parley/rpc/incoming_calls.hpp"
#include "parley/rpc/outgoing_calls.hpp"
