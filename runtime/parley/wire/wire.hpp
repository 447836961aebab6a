// wire: the contents of a frame, and how each format writes and reads them.
//
// A frame is an envelope (kind, method, target, ids, errors) and a payload. The rest of the runtime
// uses `envelope`, independent of the format. The formats are objects: json_format(), fbs_format(),
// plain_format(), and any dialect that implements `envelope_format`.
//
//   namespace wire = parley::wire;
//   wire::envelope call;
//   call.kind = wire::kind::call;
//   call.name = "Lobby.Add";                    // JSON identifies methods by name,
//   call.method = wire::method_id(call.name);   // binary by number
//   call.id = 7;
//   std::string frame;
//   const auto payload = parley::as_bytes(R"({"numbers":[1]})");
//   wire::json_format().write(call, parley::side::client, payload, frame);
//   wire::envelope read;
//   auto fault = wire::json_format().read(parley::as_bytes(frame), parley::side::server, {}, read);
//   if (fault) return fault->text;
//
// It does not decide when to send hello or how to answer a fault (session), who receives (routing),
// or which call an id belongs to (rpc). Payloads are passed through. Generated code reads them
// (codec.hpp), using the JSON and FlatBuffers cursors that are here too.
//
// Nothing here has state of its own. Every function may be called from any thread, on different
// objects. Views (envelope::payload, the texts of the cursors) point into the frame that was read
// and live as long as it does. Everything else is owned.
#pragma once

#include "parley/wire/codec.hpp"
#include "parley/wire/envelope.hpp"
#include "parley/wire/hello.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/target.hpp"
