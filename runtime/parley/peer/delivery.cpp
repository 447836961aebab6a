// The way of an event: from the client that sent it, or from the server itself, to everybody it is for. Checked, watched by the
// handler, made in every format that a receiver needs before the first one gets it, and framed once for each format.
#include "parley/peer/delivery.hpp"

#include "parley/peer/payload.hpp"
#include "parley/peer/server_core.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace parley {

namespace {

constexpr std::size_t framed_once_from = 8;     // receivers; for fewer it costs more than it saves
constexpr std::size_t crossing_overhead = 256;  // what an event between loops costs beside its frames
constexpr std::size_t crossings_per_turn = 64;
constexpr std::size_t receivers_per_message = 8;  // so many are as much work as another message of the sender

}  // namespace

result<> server_loop::delivery::make_payload(format f) {
  auto& wanted = f == format::json ? json : binary;
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
  if (!needs_making(as)) return {};
  const wire::envelope_format& f = server.format_of(as);
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
  if (is_dialect(as)) written = written && fits(server.dialect_of(as), frame.size(), side::server);
  tried[static_cast<std::size_t>(as)] = true;
  if (!written) return is_dialect(as) ? result<>() : error{errc::invalid, "the envelope does not fit"};
  const auto kind = f.binary() ? transport::opcode::binary : transport::opcode::text;
  made_frame& made = frames[static_cast<std::size_t>(as)];
  made.payload = payload.size() + rest.size() + (what || !received ? 0 : received->text.size());
  made.content = for_many ? transport::framed_once(frame, kind, server.waiting()) : buffer(std::move(frame));
  return {};
}

// A bare NaN is no JSON. It is passed on as it came, and only to plain clients of a schema that relays what it does not know.
result<> server_loop::delivery::readable(spoken as, const char* payload, bytes_view rest, const server_core& server) const {
  if (!received || !received->payload_not_json) return {};
  const bool relayed = payload == as_text(received->payload).data() || !rest.empty();
  if (!relayed || (as == spoken::plain && server.contract().relays_unknown())) return {};
  return error{errc::bad_payload, "a bare NaN or Infinity, which JSON does not have"};
}

// --- to the clients of this loop, and to the loops of the others

result<> server_loop::deliver(delivery& d, const std::string& subject) {
  // Taken for the time of this delivery: a log sink may send something itself.
  std::vector<connection_end*> receivers = std::move(receivers_);
  const auto put_back = [&] { receivers_ = std::move(receivers); };
  reach elsewhere;
  if (!server_.has_several_loops()) {
    if (auto found = clients_.resolve(*d.to, subject, receivers); !found) return put_back(), found;
  } else {
    if (auto found = find_elsewhere(*d.to, subject, elsewhere); !found) return put_back(), found;
    clients_.resolve_present(*d.to, subject, receivers);
  }
  d.for_many = receivers.size() > framed_once_from || !elsewhere.loops.empty();
  // All formats first: nobody gets an event that somebody could not.
  for (connection_end* end : receivers)
    if (auto made = d.make(end->speaks(), server_); !made) return put_back(), made;
  for (std::size_t kind = 0; kind < spoken_kinds; ++kind)
    if (elsewhere.kinds[kind])
      if (auto made = d.make(static_cast<spoken>(kind), server_); !made) return put_back(), made;

  if (!elsewhere.loops.empty()) {
    std::size_t bytes = crossing_overhead;
    for (const made_frame& made : d.frames) bytes += made.content.size();
    for (const server_loop* loop : elsewhere.loops)
      if (!loop->has_room(bytes)) return put_back(), error{errc::overloaded, "other threads of the server have too much to do"};
    const auto shared = std::make_shared<const crossing>(crossing{d.what, *d.to, subject, d.frames, bytes});
    for (server_loop* loop : elsewhere.loops) loop->put(shared);
  }

  hand_out(d.what, d.frames, receivers);
  d.handed_to = receivers.size();
  put_back();
  return {};
}

void server_loop::hand_out(const method* what, const frames_made& frames, const std::vector<connection_end*>& receivers) {
  std::uint64_t delivered = 0;
  std::uint64_t left_out = 0;
  for (connection_end* end : receivers) {
    session::peer_session& to = end->session();
    const made_frame& made = frames[static_cast<std::size_t>(end->speaks())];
    // Nobody made it: its kind cannot understand it; or it is another loop's event, and this client came since, the first of its kind.
    if (made.content.empty() || (what && !to.agreed(*what)) || !to.accepts(what, made.payload)) {
      to.count_not_delivered();
      ++left_out;
    } else if (to.send(made.content)) {
      ++delivered;
    }
  }
  deliveries_ += delivered;
  if (left_out != 0) left_out_ += left_out;
}

// Is there anybody whom a target names? Sets, and the sender, always are.
bool server_loop::is_there(const target& to) const {
  switch (to.kind) {
    case target_kind::client:
      return server_.has_several_loops() ? server_.directory().find(to.name).has_value() : clients_.find(to.name) != nullptr;
    case target_kind::several:
      return std::any_of(to.parts.begin(), to.parts.end(), [this](const target& part) { return is_there(part); });
    default:
      return true;
  }
}

// Clients of other loops, and what they speak, as of now: who comes later was not there when it was sent.
result<> server_loop::find_elsewhere(const target& to, const std::string& subject, reach& out) const {
  const auto include = [&](server_loop& loop) {
    if (&loop != this && std::find(out.loops.begin(), out.loops.end(), &loop) == out.loops.end()) out.loops.push_back(&loop);
  };
  const auto one = [&](const std::string& id) -> result<> {
    const auto known = server_.directory().find(id);
    if (!known) return errc::unknown_target;
    if (known->loop == this) return {};
    include(*known->loop);
    out.kinds[static_cast<std::size_t>(known->kind)] = true;
    return {};
  };
  switch (to.kind) {
    case target_kind::server:
      return {};
    case target_kind::sender:
      return one(subject);
    case target_kind::client:
      return one(to.name);
    case target_kind::all:
    case target_kind::others:
      for (const auto& loop : server_.loops()) {
        if (loop.get() == this) continue;
        for (std::size_t kind = 0; kind < spoken_kinds; ++kind) {
          if (loop->population(static_cast<spoken>(kind)) == 0) continue;
          include(*loop);
          out.kinds[kind] = true;
        }
      }
      return {};
    case target_kind::several: {
      bool anybody = false;
      for (const target& part : to.parts)
        if (find_elsewhere(part, subject, out)) anybody = true;
      return anybody ? result<>() : errc::unknown_target;
    }
    default:
      return errc::unknown_target;
  }
}

// --- what comes from other loops

bool server_loop::has_room(std::size_t bytes) const noexcept {
  const std::size_t waiting = inbox_bytes_.load(std::memory_order_relaxed);
  return waiting == 0 || waiting + bytes <= server_.options().max_posted;
}

void server_loop::put(std::shared_ptr<const crossing> one) {
  inbox_bytes_.fetch_add(one->bytes, std::memory_order_relaxed);
  bool first = false;
  {
    const std::lock_guard lock(inbox_guard_);
    first = inbox_.empty();
    inbox_.push_back(std::move(one));
  }
  // One wake-up for all that come until it is answered. A loop that has ended does not answer.
  if (first)
    asio::post(home_.executor(), [this, weak = server_.weak_from_this()] {
      if (const auto server = weak.lock(); server && next_arrived_ == arrived_.size()) empty_inbox();
    });
}

// A turn at a time: this loop's own clients are served in between.
void server_loop::empty_inbox() {
  if (next_arrived_ == arrived_.size()) {
    arrived_.clear();
    next_arrived_ = 0;
    const std::lock_guard lock(inbox_guard_);
    arrived_.swap(inbox_);
  }
  // One that fails keeps nobody from the others: they were accepted, and nothing wakes this loop for them again.
  std::exception_ptr failed;
  const std::size_t end = std::min(arrived_.size(), next_arrived_ + crossings_per_turn);
  while (next_arrived_ < end) {
    const auto one = std::move(arrived_[next_arrived_++]);
    try {
      deliver_crossed(*one);
    } catch (...) { failed = std::current_exception(); }
    inbox_bytes_.fetch_sub(one->bytes, std::memory_order_relaxed);
  }
  bool more = next_arrived_ < arrived_.size();
  if (!more) {
    const std::lock_guard lock(inbox_guard_);
    more = !inbox_.empty();  // their wake-up may have found this loop at work
  }
  if (more)
    asio::post(home_.executor(), [this, weak = server_.weak_from_this()] {
      if (const auto server = weak.lock()) empty_inbox();
    });
  if (failed) std::rethrow_exception(failed);
}

void server_loop::deliver_crossed(const crossing& c) {
  std::vector<connection_end*> receivers = std::move(receivers_);
  clients_.resolve_present(c.to, c.subject, receivers);
  hand_out(c.what, c.frames, receivers);
  receivers_ = std::move(receivers);
}

// --- events of the server's own

sent server_loop::deliver_own(const outgoing& event) {
  delivery d;
  d.types = server_.options().types;
  d.what = event.what;
  d.to = &event.to;
  if (event.json) d.json = *event.json;
  if (event.binary) d.binary = *event.binary;
  const auto done = deliver(d, event.to.subject);
  if (!done) return done.error().code == errc::overloaded ? sent::dropped : sent::closed;
  // One client that is at home here: it was left out before this returns.
  if (connection_end* only = event.to.kind == target_kind::client ? client(event.to.name) : nullptr) {
    if (!only->session().agreed(*event.what)) return sent::mismatched;
    if (!only->session().accepts(event.what, d.frames[static_cast<std::size_t>(only->speaks())].payload)) return sent::too_large;
  }
  return sent::queued;
}

// --- events of clients

void server_loop::refuse(connection_end& sender, const wire::envelope& e, const error& why, const method* what) {
  if (why.code == errc::unknown_target && sender.session().plain() && server_.options().quiet_unknown_target) return;
  const bool ours = why.code.category() == error_category();
  sender.session().refuse(sender.now(), {.code = ours ? static_cast<errc>(why.code.value()) : errc::failed, .text = why.message},
                          {what, &e});
}

void server_loop::event_received(connection_end& sender, const wire::envelope& e, const method& m, bytes_view payload) {
  events_ += 1;
  const bool plain = sender.session().plain();
  const format sent_in = sender.session().format().payload_format();
  auto chosen = routing::choose(m, e, plain);
  std::string written = plain && chosen && chosen->kind == e.to.kind ? e.to_written : std::string();

  const decode_options reading = sender.reading(e);
  if (m.route) chosen = routing::choose_by_payload(m, e, plain, sent_in, payload, reading);
  if (!chosen) return refuse(sender, e, chosen.error(), &m);
  target to = *std::move(chosen);
  to.except = e.to.except;

  const std::string& id = sender.session().client_id();
  delivery d;
  d.types = server_.options().types;
  d.what = &m;
  d.to = &to;
  d.to_written = written;
  d.from = id;
  d.received = &e;
  (sent_in == format::json ? d.json : d.binary) = as_text(payload);
  if (m.body_message && sent_in == format::json) {
    d.beside = e.payload;
    d.no_text = !e.has_text;
  }
  std::string rewritten;

  const auto found = bound_.find(&m);
  if (found != bound_.end() && found->second.how.overridden) {
    if (!is_there(to)) return refuse(sender, e, errc::unknown_target, &m);  // the handler sees only what can be delivered
    const origin from{id};
    event about{from, sender.as_peer(), to};
    relay verdict = relay::pass;
    incoming_event in{m, sent_in, payload, reading, about};
    const watchdog::running handler_of(watchdog_, m.name);
    if (auto unreadable = found->second.how.handle(*found->second.handler, in, verdict)) return refuse(sender, e, *unreadable, &m);
    if (in.thrown) server_.log(log_level::error, text_of_thrown(m.name, in.thrown));
    if (about.refusal()) return refuse(sender, e, *about.refusal(), &m);
    switch (verdict.decision()) {
      case relay::verdict::pass:
        break;
      case relay::verdict::drop:
        return;
      case relay::verdict::refuse: {
        return refuse(sender, e, verdict.why(), &m);
      }
      case relay::verdict::rewrite:
        if (verdict.payload_codec() != m.in) return refuse(sender, e, handler_threw(), &m);
        if (auto made = m.in->write(sent_in, verdict.payload(), rewritten); !made) {
          server_.log(log_level::error, "the handler of " + std::string(m.name) + " failed: " + made.error().message);
          return refuse(sender, e, handler_threw(), &m);
        }
        (sent_in == format::json ? d.json : d.binary) = rewritten;
        d.no_text = false;
        break;
    }
  }
  if (to.kind == target_kind::server || !sender.open()) return;
  if (auto done = deliver(d, id); !done) refuse(sender, e, done.error(), &m);
  if (d.handed_to >= receivers_per_message) sender.costs(d.handed_to / receivers_per_message);
}

void server_loop::unknown_event(connection_end& sender, const wire::envelope& e) {
  events_ += 1;
  const bool json = sender.session().format().payload_format() == format::json;
  if (!server_.contract().relays_unknown() || !json || e.name.starts_with('$')) {
    // In plain mode nobody can tell it from a call of a method that is not there: who gave an id waits for an answer to it.
    return sender.session().refuse(sender.now(), {.code = errc::unimplemented, .text = "unknown event", .foreign_re = e.foreign_id},
                                   {nullptr, &e});
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
  if (auto done = deliver(d, sender.session().client_id()); !done) refuse(sender, e, done.error(), nullptr);
  if (d.handed_to >= receivers_per_message) sender.costs(d.handed_to / receivers_per_message);
}

}  // namespace parley
