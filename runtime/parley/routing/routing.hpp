// routing: selects the receivers. First it determines the target of an event and checks it against
// the schema. Then it finds the connected sessions of that target, each once: those of this place,
// and the other places that have some (audience.hpp).
//
// It does not send, run handlers (server), read targets from frames (wire) or use a clock.
//
//   routing::audience<member, place> all;                // member: the owner's handle for sending
//   all.add(client_id, m);
//   auto to = routing::choose(method, envelope, false);  // denied, unknown_target, or the target
//   routing::receivers<member, place> receivers;
//   if (to) auto found = all.walk(*to, sender_id, routing::nowhere{}, receivers);  // unknown_target: no receivers
//
// One thread at a time for an audience, any thread for the functions.
#pragma once

#include "parley/core/core.hpp"
#include "parley/routing/audience.hpp"
#include "parley/wire/envelope.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/target.hpp"

#include <span>

namespace parley::routing {

// The target of an event: the one in the envelope, or else the first declared one. Returns `denied`
// for a target that is not declared. Returns `unknown_target` for one that cannot be parsed, or if
// there is none and the first declared one needs a name.
//
// `lenient` is for plain mode, whose original clients always write a `to` and use "others" when the
// user chose none. "others" then counts as absent if OTHERS is not declared. Every target counts as
// absent for events that go to the server alone.
result<target> choose(const method& m, const wire::envelope& e, bool lenient);

// The same for a method whose payload names the receivers. The envelope's target must be absent or
// equal, otherwise the result is `denied`. Returns `bad_payload` if the payload cannot be read. If
// the payload names no receivers, the target has the kind `server`, even if that is not declared.
result<target> choose_by_payload(const method& m, const wire::envelope& e, bool lenient, format f, bytes_view payload,
                                 const decode_options& options);

// Whether every kind in `wanted` is declared.
bool declared(std::span<const target_kind> kinds, const target& wanted);

}  // namespace parley::routing
