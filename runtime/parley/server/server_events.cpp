// Events of clients. Chooses the target, asks the handler, and then delivers the event
// (handing_out.cpp) or refuses it.
#include "parley/server/delivery.hpp"
#include "parley/server/server_core.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace parley {
namespace {

// An event counts as one more message of its sender for each this many receivers.
constexpr std::size_t receivers_per_message = 8;

}  // namespace

struct server_loop::received_event {
  conversation& sender;
  const wire::envelope& envelope;
  const invocation& of;
};

void server_loop::refuse(conversation& sender, const wire::envelope& e, const error& why, const method* what) {
  if (why.code == errc::unknown_target && sender.session().plain() && server_.options().quiet_unknown_target) return;
  const bool ours = why.code.category() == error_category();
  sender.session().refuse(server_.clock()->now(), {.code = ours ? static_cast<errc>(why.code.value()) : errc::failed, .text = why.message},
                          {what, &e});
}

void server_loop::event_received(conversation& sender, const wire::envelope& e, const invocation& in) {
  counts_.events += 1;
  const method& m = in.what;
  const received_event event{sender, e, in};
  delivery d;
  const auto to = choose_target(event, d.to_written);
  if (!to) return refuse(sender, e, to.error(), &m);

  d.types = server_.options().types;
  d.what = &m;
  d.to = &*to;
  d.from = in.from.id;
  d.received = &e;
  d.payload_in(in.format) = as_text(in.payload);
  if (m.body_message && in.format == format::json) {
    d.beside = e.payload;
    d.no_text = !e.has_text;
  }
  std::string rewritten;
  const served_handlers::bound* const found = handlers_.find(in.number);
  if (found && found->how.overridden && !ask_handler(*found, event, d, rewritten)) return;
  if (to->kind == target_kind::server || !sender.open()) return;
  pass_on(sender, d);
}

// Sets `written` to the target as a plain sender wrote it, if that target is chosen.
result<target> server_loop::choose_target(const received_event& event, std::string_view& written) {
  const wire::envelope& e = event.envelope;
  const bool plain = event.sender.session().plain();
  auto chosen = routing::choose(event.of.what, e, plain);
  if (plain && chosen && chosen->kind == e.to.kind) written = e.to_written;
  const invocation& in = event.of;
  if (in.what.route) chosen = routing::choose_by_payload(in.what, e, plain, in.format, in.payload, in.options);
  if (chosen) chosen->except = e.to.except;
  return chosen;
}

// Returns false if the event must not be delivered. The sender has then been answered if an answer
// is due. `by` is not valid after its handler has run, because a handler may end its own
// registration.
bool server_loop::ask_handler(const served_handlers::bound& by, const received_event& event, delivery& d, std::string& rewritten) {
  conversation& sender = event.sender;
  const method& m = event.of.what;
  const auto refused = [&](const error& why) {
    refuse(sender, event.envelope, why, &m);
    return false;
  };
  if (!may_reach(*d.to)) return refused(errc::unknown_target);  // the handler only sees events that can be delivered
  parley::event about{event.of.from, *sender.peer(), *d.to};
  relay verdict = relay::pass;
  incoming_event in{event.of, about};
  const watchdog::running handler_of(watchdog_, m.name);
  if (auto unreadable = by.how.handle(*by.handler, in, verdict)) return refused(*unreadable);
  if (in.thrown) server_.log(log_level::error, text_of_thrown(m.name, in.thrown));
  if (about.refusal()) return refused(*about.refusal());
  switch (verdict.decision()) {
    case relay::verdict::pass:
      return true;
    case relay::verdict::drop:
      return false;
    case relay::verdict::refuse:
      return refused(verdict.why());
    case relay::verdict::rewrite:
      break;
  }
  if (verdict.payload_codec() != m.in) return refused(handler_threw());
  if (auto made = m.in->write(event.of.format, verdict.payload(), rewritten); !made) {
    server_.log(log_level::error, "the handler of " + std::string(m.name) + " failed: " + made.error().message);
    return refused(handler_threw());
  }
  d.payload_in(event.of.format) = rewritten;
  d.no_text = false;
  return true;
}

void server_loop::pass_on(conversation& sender, delivery& d) {
  if (auto done = deliver(d, sender.session().client_id()); !done) refuse(sender, *d.received, done.error(), d.what);
  if (d.handed_to < receivers_per_message) return;
  if (conversation_io* const over = sender.connection()) over->costs(d.handed_to / receivers_per_message);
}

void server_loop::unknown_event(conversation& sender, const wire::envelope& e) {
  counts_.events += 1;
  const bool json = sender.session().format().payload_format() == format::json;
  if (!server_.contract().relays_unknown() || !json || e.name.starts_with('$')) {
    // In plain mode the frame may also be a call of a method that does not exist, and a sender that
    // gave an id waits for an answer to it.
    return sender.session().refuse(server_.clock()->now(),
                                   {.code = errc::unimplemented, .text = "unknown event", .foreign_re = e.foreign_id}, {nullptr, &e});
  }
  if (e.payload.size() > server_.options().max_message || e.text.size() > server_.options().max_message)
    return refuse(sender, e,
                  {errc::too_large, "more than " + std::to_string(server_.options().max_message) + " bytes (server_options::max_message)"},
                  nullptr);
  if (e.target_unreadable) return refuse(sender, e, errc::unknown_target, nullptr);
  target to = e.to;
  if (to.kind == target_kind::none) to.kind = target_kind::others;
  delivery d;
  d.name = e.name;
  d.to = &to;
  d.to_written = e.to_written;
  d.from = sender.session().client_id();
  d.received = &e;
  d.json = as_text(e.payload);
  pass_on(sender, d);
}

}  // namespace parley
