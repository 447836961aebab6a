#include "parley/server/server_loop.hpp"

#include "parley/conversation/attachment.hpp"
#include "parley/ends/bounds.hpp"
#include "parley/ends/guarded_log.hpp"
#include "parley/server/admission.hpp"
#include "parley/server/server_core.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace parley {
namespace {

// How long the server waits for clients to answer the close.
constexpr std::chrono::seconds goodbye_limit{2};

wire::policy as_wire(contract_policy p) {
  switch (p) {
    case contract_policy::refuse:
      return wire::policy::refuse;
    case contract_policy::degrade:
      return wire::policy::degrade;
    case contract_policy::warn:
      return wire::policy::warn;
  }
  return wire::policy::degrade;
}

// The interval between log messages about clients that cannot be accepted.
constexpr std::chrono::minutes between_accept_failures{1};

session::session_options session_options_of(const server_core& server) {
  const server_options& options = server.options();
  session::session_options session{.self = side::server};
  session.node = server.node();
  session.limits.max_message = wire_limit(options.max_message);
  session.limits.max_calls = options.max_calls;
  session.limits.max_depth = wire_limit(options.max_depth);
  session.heartbeat = options.heartbeat;
  session.hello_timeout = options.handshake_timeout;
  session.max_queue = options.max_queue;
  session.total = server.waiting();
  session.agent = options.agent;
  session.policy = as_wire(options.contract);
  session.drop_on_invalid = options.drop_on_invalid;
  return session;
}

}  // namespace

server_loop::server_loop(server_core& server, home where)
    : server_(server),
      home_(std::move(where)),
      watchdog_(server.clock(), server.options().slow_handler, warning_to(server.options().log)),
      patience_(server.clock()->make_alarm(home_.executor())),
      handlers_(server.contract()),
      leaving_(server.clock()->make_alarm(home_.executor())),
      inbox_(server.options().max_posted) {
  if (shared_checks* const checks = server.checks())
    auth_ = std::make_unique<authentication>(*checks, home_.executor(), server.clock(), server.options().handshake_timeout,
                                             [&server] { return std::shared_ptr<void>(server.weak_from_this().lock()); });
}

server_loop::~server_loop() {
  for (auto& [raw, end] : conversations_) end->forget_owner();
}

// --- Clients connect and disconnect.

void server_loop::listen(const entrance& at, std::shared_ptr<transport::listener> listener) {
  listening_.push_back({&at, std::move(listener)});
}

void server_loop::accept() {
  for (const listening& one : listening_)
    one.listener->start(
        [this, at = one.at, weak = server_.weak_from_this()](const std::shared_ptr<transport::request>& ask) {
          if (const auto server = weak.lock()) on_request(*at, ask);
        },
        [this, at = one.at, weak = server_.weak_from_this()](std::shared_ptr<transport::page_request> ask) {
          const auto server = weak.lock();
          if (!server) return;
          count_tls(*ask);
          server->pages().answer(*this, *at, std::move(ask));
        });
}

transport::arrival server_loop::arrived(const transport::host_address& from) {
  transport::arrival may = server_.arrivals().arrive(from, server_.clock()->now());
  if (may.status != 0) limited(may, from);
  return may;
}

bool server_loop::may_ask(transport::any_request& ask, transport::host_address& client) {
  transport::arrival may = server_.arrivals().ask(ask, server_.clock()->now(), client);
  if (may.status == 0) {
    if (may.place) ask.hold(std::move(may.place));
    return true;
  }
  limited(may, client);
  ask.reject(may.status, may.text, may.retry_after);
  return false;
}

void server_loop::limited(const transport::arrival& refused, const transport::host_address& from) {
  counts_.rejected += 1;
  counts_.refusals.count(refused.status);
  server_.reached(arrival_limits::limit_of(refused), from.text());
}

void server_loop::on_request(const entrance& came_by, const std::shared_ptr<transport::request>& ask) {
  count_tls(*ask);
  if (!server_.accepts_clients() || stopping_) return reject(*ask, 503, "stopping");
  transport::host_address client;
  if (!may_ask(*ask, client)) return;
  const entrance* const at = server_.ports().serving(came_by, ask->path);
  if (!at && came_by.options.pages_only) return reject(*ask, 404, "this port has pages only");
  if (!at) return reject(*ask, 404, "nothing is served at this path: clients connect at " + came_by.options.path);
  if (auth_ && auth_->is_barred(*ask)) return reject(*ask, 429, "too many credentials of this address were refused: try again in a minute");
  admission to = admit(server_.options(), at->options, *ask);
  if (!to.admitted()) return reject(*ask, to.status, to.text);
  if (to.checked != admission::check::now) return let_in(*at, *ask, to, std::nullopt);
  shown_credential shown = std::move(to.shown);
  auth_->check_upgrade(ask, std::move(shown),
                       [this, at, ask, to](check_outcome outcome) { upgrade_checked(*at, *ask, to, std::move(outcome)); });
}

void server_loop::reject(transport::request& ask, int status, std::string_view text) {
  upgrade_refused(status, text, ask.remote);
  ask.reject(status, text);
}

void server_loop::let_in(const entrance& at, transport::request& ask, const admission& to, std::optional<principal> who) {
  conversation_setup setup{.session = session_options_of(server_),
                           .contract = &server_.contract(),
                           .dialect = at.dialect(),
                           .speaks = at.kind,
                           .types = server_.options().types};
  if (auth_) setup.session.authentication = who ? session::authentication::done : session::authentication::at_hello;
  auto talk = std::make_shared<conversation>(*this, std::move(setup), home_.shared_executor());
  if (auth_) auth_->let_in(*talk, ask, may_carry_credentials(server_.options().auth, ask));
  if (who) {
    talk->set_principal(std::move(*who));
    talk->set_auth_ms(auth_->watch(*talk));
  }
  const bool slows_down = server_.speed().limits() && server_.arrivals().apply_to(server_.arrivals().client_of(ask));
  auto attached = std::make_shared<attachment>(talk, server_.clock(), slows_down ? &server_.speed() : nullptr);
  conversations_.emplace(talk.get(), std::move(talk));
  counts_.held += 1;
  ask.manners = at.dialect() ? manners_of(*at.dialect()) : transport::manners{};
  ask.accept(to.subprotocol, std::move(attached));
}

void server_loop::count_tls(const transport::any_request& ask) {
  if (ask.tls_resumed) (*ask.tls_resumed ? counts_.tls_resumed : counts_.tls_full) += 1;
}

void server_loop::upgrade_refused(int status, std::string_view text, const std::string& remote) {
  counts_.rejected += 1;
  counts_.refusals.count(status);
  if (status == 503 && text == transport::too_many_connections) return server_.reached(limit::connections, remote);
  if (!server_.options().log) return;
  const std::string how = status == 0 ? "a connection from " + remote + " failed: "
                                      : "an upgrade from " + remote + " was refused with HTTP " + std::to_string(status) + ": ";
  server_.log(log_level::info, how + std::string(text));
}

void server_loop::accept_failed(const std::error_code& why) {
  counts_.accept_failures += 1;
  if (!server_.options().log) return;
  const time_point now = server_.clock()->now();
  if (accept_failure_logged_ != time_point::min() && now - accept_failure_logged_ < between_accept_failures) return;
  accept_failure_logged_ = now;
  server_.log(log_level::error, "clients cannot be accepted and are waiting: " + why.message());
}

void server_loop::slowed_down(conversation& end, bool by_messages) {
  server_.reached(by_messages ? limit::messages : limit::bytes, "client " + end.session().client_id());
}

void server_loop::refused(conversation& end, const wire::fault& fault, const method* m) {
  if (server_.options().log) server_.log(log_level::info, text_of_refused("of client " + end.session().client_id(), fault, m));
}

const wire::envelope_format* server_loop::format_for(std::string_view subprotocol) {
  if (subprotocol == wire::fbs_subprotocol) return &wire::fbs_format();
  if (subprotocol == wire::json_subprotocol) return &wire::json_format();
  return &wire::plain_format();
}

void server_loop::opened(conversation& end) {
  const spoken kind = end.speaks();
  const std::string& id = end.session().client_id();
  counts_.speaking(kind) += 1;
  clients_.add(id, &end, end.principal().name);
  if (server_.has_several_loops()) {
    server_.directory().add(id, {this, kind, end.roles()});
    server_.users().add(end.principal().name, {this, kind, end.roles()});
  }
  counts_.accepted += 1;
  end.set_peer(std::make_shared<parley::peer>(end, end.principal()));
  parley::peer& peer = *end.peer();
  if (server_.options().log) {
    const std::string& name = peer.principal().name;
    server_.log(log_level::info, "client " + peer.id() + " connected from " + peer.remote() + (name.empty() ? "" : " as " + name));
    for (const method* m : end.session().mismatched())
      server_.log(log_level::warning, "client " + peer.id() + " has a different version of " + std::string(m->name));
  }
  handlers_.for_each([&](handler& h) {
    try {
      const watchdog::running handler_of(watchdog_, "connected()");
      h.connected(peer);
    } catch (...) { server_.log(log_level::error, "a handler failed in connected()"); }
  });
  if (!draining_) return;
  departures_.remove(&end);  // its departure was planned before it could be told
  send_off(end, *sends_off_);
}

void server_loop::closed(conversation& end, std::uint16_t code, const error& how) {
  const auto found = conversations_.find(&end);
  if (found == conversations_.end()) return;
  const auto keep = found->second;
  conversations_.erase(found);
  counts_.held -= 1;
  departures_.remove(&end);
  if (auth_) auth_->forget(end);
  const bool logs = static_cast<bool>(server_.options().log);
  if (logs && !end.peer() && end.has_session()) {
    for (const method* m : end.session().mismatched())  // refused because of its contract, before it had an id
      server_.log(log_level::warning, "a client was refused: it has a different version of " + std::string(m->name));
    server_.log(log_level::info, "a connection from " + end.connection()->remote() + " ended before its greeting, " + how_it_ended(how));
  }
  if (end.peer()) {
    const std::string& id = end.session().client_id();
    clients_.remove(id, end.principal().name);
    if (server_.has_several_loops()) {
      server_.directory().remove(id);
      server_.users().remove(end.principal().name, {this, end.speaks(), end.roles()});
    }
    counts_.speaking(end.speaks()) -= 1;
    counts_.closed.count(code);
    counts_.refused += end.session().counters().refused;
    if (!how.from_peer && how.close_code == session::close_code::too_slow) counts_.too_slow += 1;
    if (logs && end.session().total_was_full())
      server_.log(log_level::warning, "max_queued_total (" + std::to_string(server_.waiting()->most()) + " bytes) is reached: client " +
                                          id + " is closed, because its queued data does not fit");
    // A warning if this end closed the connection, unless the program closed it.
    const bool usual = how.from_peer || how.close_code == 1006 || how.close_code == session::close_code::going_away ||
                       how.close_code == session::close_code::removed;
    if (logs) server_.log(usual ? log_level::info : log_level::warning, "client " + id + " disconnected " + how_it_ended(how));
    handlers_.for_each([&](handler& h) {
      try {
        const watchdog::running handler_of(watchdog_, "disconnected()");
        h.disconnected(*end.peer(), how);
      } catch (...) { server_.log(log_level::error, "a handler failed in disconnected()"); }
    });
  }
  server_.look_at_memory();
  told_if_empty();
}

conversation* server_loop::client(const std::string& id) {
  conversation* const* end = clients_.find(id);
  return end ? *end : nullptr;
}

void server_loop::stop() {
  stopping_ = true;
  for (const listening& one : listening_) one.listener->stop();
  listening_.clear();
  if (auth_) auth_->stop();
  leaving_->clear();
  for (const auto& end : everybody()) {
    // A client that is still here at the end of a drain.
    if (draining_) {
      end->announce_end_now({.reason = sends_off_->reason, .text = sends_off_->text});
      end->close(sends_off_->code, sends_off_->text);
    }
    end->close(session::close_code::going_away, "the server is stopping");
  }
  patience_->set(server_.clock()->now() + goodbye_limit, [this, weak = server_.weak_from_this()] {
    const auto server = weak.lock();
    if (!server) return;
    for (const auto& end : everybody())
      if (end->connection()) end->connection()->abort();
  });
  told_if_empty();
}

std::vector<std::shared_ptr<conversation>> server_loop::everybody() const {
  std::vector<std::shared_ptr<conversation>> all;
  all.reserve(conversations_.size());
  for (const auto& [raw, end] : conversations_) all.push_back(end);
  return all;
}

void server_loop::told_if_empty() {
  if (!stopping_ || told_ || !conversations_.empty()) return;
  told_ = true;
  patience_->clear();
  server_.loop_is_empty();
}

void server_loop::drained(conversation&) { server_.look_at_memory(); }

// --- Calls, and errors from clients about the server's events.

[[gnu::hot]] void server_loop::call_received(conversation&, incoming_call& in) {
  counts_.calls += 1;
  const served_handlers::bound* const found = handlers_.find(in.number);
  if (!found || !found->how.overridden)
    return in.to->answer(in.what, in.id, error{errc::unimplemented, "this server has no handler for this call"});
  const watchdog::running handler_of(watchdog_, in.what.name);
  in.work = found->replies;
  found->how.serve(*found->handler, in);
}

void server_loop::call_handler_threw(const method& m, const std::exception_ptr& thrown) {
  server_.log(log_level::error, text_of_thrown(m.name, thrown));
}

void server_loop::error_received(conversation& end, const error& e, std::string_view event) {
  if (server_.options().log && end.session().may_note(server_.clock()->now()))
    server_.log(log_level::warning, "client " + end.session().client_id() + " refused " + std::string(event.empty() ? "an event" : event) +
                                        ": " + e.code.message());
}

}  // namespace parley
