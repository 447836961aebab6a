#include "parley/server/delivery.hpp"

#include "parley/conversation/payload.hpp"
#include "parley/conversation/sizes.hpp"
#include "parley/server/server_core.hpp"

#include <utility>

namespace parley {

result<> server_loop::delivery::make_payload(format f) {
  std::optional<std::string_view>& wanted = payload_in(f);
  if (wanted) return {};
  const bool from_json = json.has_value();
  decode_options lenient;
  lenient.ignore_unknown = true;
  lenient.types = types;
  if (received) lenient.tokens = received->payload_tokens;
  if (auto done =
          what->in->transcode(from_json ? format::json : format::binary, as_bytes(from_json ? *json : *binary), transcoded, lenient);
      !done)
    return done;
  wanted = transcoded;
  return {};
}

result<> server_loop::delivery::make(spoken as, const server_core& server) {
  if (tried[static_cast<std::size_t>(as)]) return {};
  const wire::envelope_format& f = server.ports().format_of(as);
  if (!what && f.binary()) return {};
  if (what)
    if (auto made = make_payload(f.payload_format()); !made) return made;
  wire::envelope e;
  e.kind = wire::kind::event;
  e.counted = true;
  if (to->kind != target_kind::several || takes_lists(as)) e.to = *to;
  e.to_written = to_written;
  e.from = from;
  if (received) {
    e.ttl_ms = received->ttl_ms;
    e.meta = received->meta;
    e.delivery = received->delivery;
  }
  std::string_view payload = f.payload_format() == format::json ? json.value_or("") : binary.value_or("");
  if (as == spoken::plain && what && server.contract().relays_unknown() && is_quoted_nan(*what->in, payload))
    payload = payload.substr(1, payload.size() - 2);
  if (what && what->body_message && no_text && f.payload_format() == format::json) payload = {};
  const bytes_view rest = as == spoken::plain ? beside : bytes_view();
  if (auto fine = readable(as, payload.data(), rest, server); !fine) return fine;
  std::string frame;
  bool written = false;
  if (what) {
    if (is_dialect(as)) e.name = what->name;
    written = write_frame(f, side::server, *what, e, as_bytes(payload), frame, rest);
  } else {
    e.name = name;
    e.text = received->text;
    e.has_text = received->has_text;
    written = f.write(e, side::server, as_bytes(payload), frame);
  }
  if (is_dialect(as)) written = written && fits(server.ports().dialect_of(as), frame.size(), side::server);
  tried[static_cast<std::size_t>(as)] = true;
  if (!written) return is_dialect(as) ? result<>() : error{errc::invalid, "the envelope exceeds its limits"};
  const auto kind = f.binary() ? transport::opcode::binary : transport::opcode::text;
  made_frame& made = frames[static_cast<std::size_t>(as)];
  made.payload = payload.size() + rest.size() + (what || !received ? 0 : received->text.size());
  made.content = for_many ? transport::framed_once(frame, kind, server.waiting()) : buffer(std::move(frame));
  return {};
}

// A bare NaN is not JSON. It is passed on unchanged, and only to plain clients of a schema that relays unknown events.
result<> server_loop::delivery::readable(spoken as, const char* payload, bytes_view rest, const server_core& server) const {
  if (!received || !received->payload_not_json) return {};
  const bool relayed = payload == as_text(received->payload).data() || !rest.empty();
  if (!relayed || (as == spoken::plain && server.contract().relays_unknown())) return {};
  return error{errc::bad_payload, "a bare NaN or Infinity, which JSON does not have"};
}

}  // namespace parley
