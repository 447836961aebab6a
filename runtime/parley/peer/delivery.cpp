// The way of an event: from the client that sent it, or from the server itself, to everybody it is for. Checked, watched by the
// handler, made in every format that a receiver needs before the first one gets it, and framed once for each format.
#include "parley/peer/payload.hpp"
#include "parley/peer/server_core.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace parley {

struct server_core::delivery {
  const method* what = nullptr;  // null: an event that no service knows, JSON only
  std::string_view name;         // of an unknown event
  const target* to = nullptr;
  std::string_view to_written;               // plain: what the sender wrote
  std::string from;                          // empty: the server
  const wire::envelope* received = nullptr;  // what a relay passes on beside the payload
  std::optional<std::string_view> json;
  std::optional<std::string_view> binary;
  const any_types* types = nullptr;

  // Frames, made on demand: binary, JSON, plain.
  std::array<buffer, 3> frames;
  std::string transcoded;

  static std::size_t place(const wire::envelope_format& f) { return f.binary() ? 0 : f.has_session() ? 1 : 2; }

  result<> make_payload(format f) {
    auto& wanted = f == format::json ? json : binary;
    if (wanted) return {};
    const bool from_json = json.has_value();
    decode_options lenient;
    lenient.ignore_unknown = true;
    lenient.types = types;
    if (auto done = transcode(*what, from_json ? format::json : format::binary, as_bytes(from_json ? *json : *binary), transcoded, lenient);
        !done)
      return done;
    wanted = transcoded;
    return {};
  }

  result<> make_frame(const wire::envelope_format& f) {
    wire::envelope e;
    e.kind = wire::kind::event;
    e.counted = true;
    e.to = *to;
    e.to_written = to_written;
    e.from = from;
    if (received) {
      e.ttl_ms = received->ttl_ms;
      e.meta = received->meta;
      e.delivery = received->delivery;
    }
    const bytes_view payload = as_bytes(f.payload_format() == format::json ? json.value_or("") : binary.value_or(""));
    std::string frame;
    bool written = false;
    if (what) {
      written = write_frame(f, side::server, *what, e, payload, frame);
    } else {
      e.name = name;
      e.text = received->text;
      e.has_text = received->has_text;
      written = f.write(e, side::server, payload, frame);
    }
    if (!written) return error{errc::invalid, "the envelope does not fit"};
    frames[place(f)] = buffer(std::move(frame));
    return {};
  }
};

result<> server_core::deliver(delivery& d, const std::string& subject) {
  // Taken for the time of this delivery: a log sink may send something itself.
  std::vector<connection_end*> receivers = std::move(receivers_);
  const auto put_back = [&] { receivers_ = std::move(receivers); };
  if (auto found = clients_.resolve(*d.to, subject, receivers); !found) return put_back(), found;
  // All formats first: nobody gets an event that somebody could not.
  for (connection_end* end : receivers) {
    const wire::envelope_format& f = end->session().format();
    if (!d.frames[delivery::place(f)].empty() || (!d.what && f.binary())) continue;
    if (d.what)
      if (auto made = d.make_payload(f.payload_format()); !made) return put_back(), made;
    if (auto made = d.make_frame(f); !made) return put_back(), made;
  }
  std::uint64_t delivered = 0;
  for (connection_end* end : receivers) {
    session::peer_session& to = end->session();
    if ((d.what && !to.agreed(*d.what)) || (!d.what && to.format().binary())) {
      to.count_not_delivered();
      continue;
    }
    if (to.send(d.frames[delivery::place(to.format())])) ++delivered;
    else log(log_level::warning, "client " + to.client_id() + " is too slow");
  }
  put_back();
  std::lock_guard lock(counters_mutex_);
  counters_.deliveries += delivered;
  return {};
}

sent server_core::deliver_own(const outgoing& event) {
  delivery d;
  d.types = options_.types;
  d.what = event.what;
  d.to = &event.to;
  if (event.json) d.json = *event.json;
  if (event.binary) d.binary = *event.binary;
  if (auto done = deliver(d, event.to.subject); !done) return sent::closed;
  return sent::queued;
}

void server_core::refuse(connection_end& sender, const error& why, const method* what, std::string_view to) {
  if (why.code == errc::unknown_target && sender.session().plain() && options_.quiet_unknown_target) return;
  const bool ours = why.code.category() == error_category();
  sender.session().refuse(clock_->now(), {.code = ours ? static_cast<errc>(why.code.value()) : errc::failed, .text = why.message},
                          {what, to});
}

void server_core::event_received(connection_end& sender, const wire::envelope& e, const method& m, bytes_view payload) {
  {
    std::lock_guard lock(counters_mutex_);
    ++counters_.events;
  }
  const bool plain = sender.session().plain();
  const format sent_in = sender.session().format().payload_format();
  auto chosen = routing::choose(m, e, plain);
  std::string written = plain && chosen && chosen->kind == e.to.kind ? e.to_written : std::string();

  if (m.route) chosen = routing::choose_by_payload(m, e, plain, sent_in, payload, sender.reading());
  if (!chosen) return refuse(sender, chosen.error(), &m);
  target to = *std::move(chosen);
  to.except = e.to.except;

  const std::string& id = sender.session().client_id();
  delivery d;
  d.types = options_.types;
  d.what = &m;
  d.to = &to;
  d.to_written = written;
  d.from = id;
  d.received = &e;
  (sent_in == format::json ? d.json : d.binary) = as_text(payload);
  std::string rewritten;

  const auto found = bound_.find(&m);
  if (found != bound_.end() && found->second.how.overridden) {
    const origin from{id};
    event about{from, sender.as_peer(), to};
    relay verdict = relay::pass;
    incoming_event in{m, sent_in, payload, sender.reading(), about};
    if (auto unreadable = found->second.how.handle(*found->second.handler, in, verdict)) return refuse(sender, *unreadable, &m);
    switch (verdict.decision()) {
      case relay::verdict::pass:
        break;
      case relay::verdict::drop:
        return;
      case relay::verdict::refuse: {
        error why = verdict.why();
        return refuse(sender, why, &m);
      }
      case relay::verdict::rewrite:
        if (verdict.payload_codec() != m.in) return refuse(sender, handler_threw(), &m);
        m.in->write(sent_in, verdict.payload(), rewritten);
        (sent_in == format::json ? d.json : d.binary) = rewritten;
        break;
    }
  }
  if (to.kind == target_kind::server || !sender.open()) return;
  if (auto done = deliver(d, id); !done) refuse(sender, done.error(), &m, to_text(to));
}

void server_core::unknown_event(connection_end& sender, const wire::envelope& e) {
  {
    std::lock_guard lock(counters_mutex_);
    ++counters_.events;
  }
  const bool json = sender.session().format().payload_format() == format::json;
  if (!contract_.relays_unknown() || !json || e.name.starts_with('$')) {
    // In plain mode nobody can tell it from a call of a method that is not there: who gave an id waits for an answer to it.
    return sender.session().refuse(clock_->now(), {.code = errc::unimplemented, .text = "unknown event", .foreign_re = e.foreign_id});
  }
  if (e.payload.size() > options_.max_message || e.text.size() > options_.max_message) return refuse(sender, errc::too_large, nullptr);
  if (e.target_unreadable) return refuse(sender, errc::unknown_target, nullptr);
  target to = e.to;
  if (to.kind == target_kind::none) to.kind = target_kind::others;
  delivery d;
  d.name = e.name;
  d.to = &to;
  d.to_written = e.to_written;
  d.from = sender.session().client_id();
  d.received = &e;
  d.json = as_text(e.payload);
  if (auto done = deliver(d, d.from); !done) refuse(sender, done.error(), nullptr, to_text(to));
}

}  // namespace parley
