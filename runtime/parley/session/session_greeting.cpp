// How a session begins: hello and welcome (schema/parley/envelope.fbs, section 3), and what they
// agree on.
#include "parley/session/session.hpp"

#include <string>
#include <utility>
#include <vector>

namespace parley::session {
namespace {

// The features of this release: calls by the server, several targets, and except-lists.
constexpr std::uint64_t offered = wire::feature::server_calls | wire::feature::multi;

std::uint32_t default_message_limit(side receiver) { return receiver == side::server ? 65'536 : 1'048'576; }

std::string names_of(const std::vector<const method*>& methods) {
  std::string names;
  for (const method* m : methods) names.append(names.empty() ? "" : ", ").append(m->name);
  return names;
}

}  // namespace

void peer_session::fill_defaults(wire::limits& l, side receiver) {
  if (l.max_message == 0) l.max_message = default_message_limit(receiver);
}

void peer_session::greet_server() {
  wire::hello hello;
  hello.features = offered;
  hello.agent = options_.agent;
  hello.methods = contract_.prints();
  hello.accepted = contract_.accepted();
  hello.contract = wire::contract_of(hello.methods);
  hello.limits = options_.limits;
  if (const auto shown = std::exchange(options_.shown, nullptr)) hello.auth = *shown;
  std::string payload;
  wire::write_hello(format().payload_format(), hello, payload);
  send_greeting(wire::kind::hello, payload);
}

void peer_session::send_greeting(wire::kind kind, std::string_view payload) {
  wire::envelope e;
  e.kind = kind;
  std::string frame;
  write(e, as_bytes(payload), frame);
  ++counters_.frames_sent;
  out_.transmit(buffer(std::move(frame)));
}

const wire::envelope* peer_session::greeting(time_point now, const wire::envelope& e) {
  if (e.unknown_kind) return unexpected_greeting();
  if (options_.self == side::server) {
    if (e.kind != wire::kind::hello || awaits_welcome()) return unexpected_greeting();
    on_hello(now, e);
    return nullptr;
  }
  // A server that refuses sends an error with the reason, then closes with a code that says what to
  // do next.
  if (e.kind == wire::kind::error && e.re == 0) return &e;
  if (e.kind != wire::kind::welcome) return unexpected_greeting();
  on_welcome(now, e);
  return nullptr;
}

const wire::envelope* peer_session::unexpected_greeting() {
  if (options_.self == side::server) close(close_code::bad_hello, awaits_welcome() ? "a frame before the welcome" : "expected hello");
  else close(close_code::protocol_violation, "expected welcome");
  return nullptr;
}

void peer_session::on_hello(time_point now, const wire::envelope& e) {
  if (e.payload.size() > options_.limits.max_message) return close(close_code::too_large, "hello: too large");
  wire::hello hello;
  if (auto fault = wire::read_hello(format().payload_format(), e.payload, hello)) return close(fault->close, fault->text);
  if ((hello.required & ~offered) != 0) return close(close_code::unsupported, "a required feature is not supported");
  // Resume is not offered. A client that asks for it greets once more, as a new client.
  if (hello.resume.has_value() && std::exchange(greeted_, true))
    return close(close_code::bad_hello, "no session to resume: expected a hello without `resume`");
  if (hello.auth && options_.authentication == authentication::done)
    return close(close_code::bad_hello, "two credentials are shown: the upgrade has shown one already");
  // The second hello of a client that wanted to resume is not checked again.
  if (options_.authentication != authentication::at_hello || auth_) return answer_hello(now, hello);
  auth_ = std::make_unique<authenticating>();
  wire::auth shown = std::exchange(hello.auth, std::nullopt).value_or(wire::auth{});
  auth_->hello = std::make_unique<wire::hello>(std::move(hello));
  owner_.greeted(std::move(shown));
}

void peer_session::welcome(time_point now, std::uint32_t auth_ms) {
  const auto hello = auth_ ? std::move(auth_->hello) : nullptr;
  if (!hello || state_ != state::greeting) return;
  options_.auth_ms = auth_ms;
  answer_hello(now, *hello);
}

void peer_session::answer_hello(time_point now, const wire::hello& hello) {
  const bool greet_again = hello.resume.has_value();
  comparison found = compare(contract_, hello);
  for (const wire::print& p : found.mismatched) mismatched_.push_back(contract_.find(p.method));
  policy_ = options_.policy;
  if (policy_ == wire::policy::refuse && !mismatched_.empty()) return refuse_contract();
  features_ = hello.features & offered;
  peer_limits_ = hello.limits;
  fill_defaults(peer_limits_, side::client);
  for (const wire::print& p : hello.methods)
    if (const method* m = contract_.find(p.method); m && m->max_bytes > peer_limits_.max_message) larger_.push_back(m);

  wire::welcome welcome;
  welcome.features = features_;
  welcome.agent = options_.agent;
  if (!greet_again) welcome.client_id = client_id_;
  welcome.outcome = greet_again ? wire::outcome::fresh : wire::outcome::fresh_session;
  welcome.contract = found.contract;
  welcome.mismatched = std::move(found.mismatched);
  welcome.missing = std::move(found.missing);
  welcome.policy = policy_;
  welcome.limits = options_.limits;
  welcome.heartbeat_ms = static_cast<std::uint32_t>(options_.heartbeat.count());
  welcome.auth_ms = options_.auth_ms;
  std::string payload;
  wire::write_welcome(format().payload_format(), welcome, payload);
  send_greeting(wire::kind::welcome, payload);
  if (!greet_again) return become_open(now);
  mismatched_.clear();
  larger_.clear();
  next_tick_ = saturating_add(now, options_.hello_timeout);
}

void peer_session::on_welcome(time_point now, const wire::envelope& e) {
  wire::welcome welcome;
  if (auto fault = wire::read_welcome(format().payload_format(), e.payload, welcome)) return close(fault->close, fault->text);
  if (welcome.outcome != wire::outcome::fresh_session)
    return close(close_code::protocol_violation, "the welcome answers a resume that was not requested");
  features_ = welcome.features & offered;
  peer_limits_ = welcome.limits;
  fill_defaults(peer_limits_, side::server);
  client_id_ = welcome.client_id;
  // A server that does not look at `accepted` lists methods here that this end accepts. They are
  // left out.
  for (const wire::print& p : welcome.mismatched) {
    const parley::method* m = p.name.empty() ? contract_.find(p.method) : contract_.find(std::string_view(p.name));
    if (m && !agrees(*m, p.fingerprint) && agreed(*m)) mismatched_.push_back(m);  // each method once
  }
  options_.auth_ms = welcome.auth_ms;
  policy_ = welcome.policy;
  if (policy_ == wire::policy::refuse && !mismatched_.empty()) return refuse_contract();
  if (!options_.own_heartbeat) options_.heartbeat = std::chrono::milliseconds(welcome.heartbeat_ms);
  settle_heartbeat();
  become_open(now);
}

// --- Another credential on an open session.

void peer_session::on_auth(time_point now, const wire::envelope& e) {
  wire::auth shown;
  if (e.payload.size() > options_.limits.max_message) return close(close_code::too_large, "$auth: too large");
  if (auto fault = wire::read_auth(format().payload_format(), e.payload, shown)) return close(fault->close, fault->text);
  if (self_ == side::client) {
    if (!auth_ || !std::exchange(auth_->renewing, false)) return close(close_code::protocol_violation, "$auth answers nothing");
    options_.auth_ms = shown.auth_ms;
    return owner_.credential_renewed(shown.auth_ms);
  }
  if (!auth_) auth_ = std::make_unique<authenticating>();
  const bool too_soon = auth_->shown_at != time_point::min() && now - auth_->shown_at < between_credentials;
  auth_->shown_at = now;
  if (too_soon || std::exchange(auth_->renewing, true)) return close(close_code::policy, "too many credentials");
  owner_.shown(std::move(shown));
}

bool peer_session::show(const wire::auth& credential) {
  if (state_ != state::open || plain_ || options_.auth_ms == 0) return false;
  if (!auth_) auth_ = std::make_unique<authenticating>();
  if (auth_->renewing) return false;
  std::string payload;
  wire::write_auth(format().payload_format(), credential, payload);
  wire::envelope e;
  e.kind = wire::kind::auth;
  return auth_->renewing = send_control(e, as_bytes(payload));
}

void peer_session::renewed(std::uint32_t auth_ms) {
  if (!auth_ || !std::exchange(auth_->renewing, false)) return;
  options_.auth_ms = auth_ms;
  std::string payload;
  wire::write_auth(format().payload_format(), {.auth_ms = auth_ms}, payload);
  wire::envelope e;
  e.kind = wire::kind::auth;
  send_control(e, as_bytes(payload));
}

void peer_session::refuse_contract() { close(close_code::contract_refused, "contract differs: " + names_of(mismatched_)); }

}  // namespace parley::session
