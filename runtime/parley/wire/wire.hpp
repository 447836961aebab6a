// wire: what a frame says, and how it is written and read in each format.
//
// A frame is an envelope (kind, method, target, ids, errors) and a payload. Rooms above see `envelope`, whatever the format; the formats
// are objects: json_format(), fbs_format(), plain_format(), and any dialect that implements `envelope_format`.
//
//   parley::wire::envelope call;
//   call.kind = parley::wire::kind::call;
//   call.name = "Lobby.Add";                                            // JSON names methods,
//   call.method = parley::wire::method_id(call.name);                   // binary numbers them
//   call.id = 7;
//   std::string frame;
//   parley::wire::json_format().write(call, parley::side::client, parley::as_bytes(R"({"numbers":[1]})"), frame);
//   parley::wire::envelope read;
//   if (auto fault = parley::wire::json_format().read(parley::as_bytes(frame), parley::side::server, {}, read)) return fault->text;
//
// What it does not do: when to say hello and what to answer to a fault is session's, who receives is routing's, which call an id belongs to
// is rpc's. Payloads are passed through; generated code reads them (codec.hpp), with the JSON and FlatBuffers cursors that live here too.
//
// Nothing here has state of its own: every function may be called from any thread, on different objects. Views (envelope::payload, the
// cursors' texts) point into the frame that was read and live as long as it does; everything else is owned.
#pragma once

#include "parley/wire/codec.hpp"
#include "parley/wire/envelope.hpp"
#include "parley/wire/hello.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/target.hpp"
