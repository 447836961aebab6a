// The greeting as FlatBuffers. The field ids are those of schema/parley/envelope.fbs.
#include "parley/wire/extra.hpp"
#include "parley/wire/flat.hpp"
#include "parley/wire/hello_parts.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"

namespace parley::wire {
namespace {

namespace hello_id {
enum : unsigned { revision, features, required, agent, contract, methods, auth, resume, limits, meta, accepted };
}
namespace welcome_id {
enum : unsigned {
  revision,
  features,
  agent,
  client_id,
  token,
  epoch,
  outcome,
  received,
  next,
  contract,
  mismatched,
  missing,
  policy,
  limits,
  heartbeat_ms,
  auth_ms
};
}
namespace auth_id {
enum : unsigned { scheme, credential, auth_ms };
}
namespace goaway_id {
enum : unsigned { reason, retry_ms, last_id, text };
}

struct print_struct {
  std::uint32_t method;
  std::uint32_t zero;
  std::uint64_t fingerprint;
};
static_assert(sizeof(print_struct) == 16 && alignof(print_struct) == 8);

using flat::offset;

offset text(flat::writer& out, std::string_view content) { return content.empty() ? offset{} : out.text(content); }
void add(flat::writer& out, unsigned id, offset object) {
  if (object) out.add(id, object);
}

offset prints(flat::writer& out, const std::vector<print>& methods) {
  if (methods.empty()) return {};
  std::vector<print_struct> structs;
  structs.reserve(methods.size());
  for (const print& p : methods) structs.push_back({p.method, 0, p.fingerprint});
  return out.structs(std::span<const print_struct>(structs));
}

offset meta(flat::writer& out, const std::vector<meta_entry>& entries) {
  if (entries.empty()) return {};
  const std::size_t list = out.begin_list();
  for (const meta_entry& m : entries) {
    const offset key = out.text(m.key);
    const offset value = out.text(m.value);
    out.begin_table();
    out.add(0, key);
    out.add(1, value);
    out.add_item(out.end_table());
  }
  return out.end_list(list);
}

offset limits_table(flat::writer& out, const limits& mine) {
  const limits defaults;
  if (mine == defaults) return {};
  out.begin_table();
  for (unsigned id = 0; id < limit_rows.size(); ++id)
    if (const auto value = limit_rows[id].value; mine.*value != defaults.*value) out.add(id, mine.*value);
  return out.end_table();
}

offset auth_table(flat::writer& out, const auth& a) {
  const offset scheme = text(out, a.scheme);
  const offset credential = text(out, a.credential);
  out.begin_table();
  add(out, auth_id::scheme, scheme);
  add(out, auth_id::credential, credential);
  out.add(auth_id::auth_ms, a.auth_ms);
  return out.end_table();
}

offset resume_table(flat::writer& out, const std::optional<resume>& r) {
  if (!r) return {};
  const offset token = text(out, r->token);
  out.begin_table();
  add(out, 0, token);
  out.add(1, r->epoch);
  out.add(2, r->received);
  return out.end_table();
}

bool take_text(const flat::table& in, unsigned id, std::string& out) {
  std::string_view view;
  if (!in.text(id, view)) return false;
  out = view;
  return true;
}

bool take_prints(const flat::table& in, unsigned id, std::vector<print>& out) {
  std::size_t first = 0;
  std::size_t count = 0;
  if (!in.list(id, sizeof(print_struct), first, count)) return false;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto p = in.in().load<print_struct>(first + i * sizeof(print_struct));
    if (p.zero != 0) return in.in().fail("reserved bytes are not zero");
    out.push_back({{}, p.method, p.fingerprint});
  }
  return true;
}

bool take_limits(const flat::table& in, unsigned id, limits& out) {
  flat::table table;
  if (!in.child(id, table)) return false;
  for (unsigned row = 0; row < limit_rows.size(); ++row) {
    std::uint32_t value = 0;
    if (!table.scalar(row, value)) return false;
    if (value != 0) out.*limit_rows[row].value = value;
  }
  return true;
}

bool take_auth(const flat::table& in, std::optional<auth>& out) {
  flat::table table;
  if (!in.has(hello_id::auth)) return true;
  auth& a = out.emplace();
  return in.child(hello_id::auth, table) && take_text(table, auth_id::scheme, a.scheme) &&
         take_text(table, auth_id::credential, a.credential);
}

bool take_resume(const flat::table& in, std::optional<resume>& out) {
  flat::table table;
  if (!in.has(hello_id::resume)) return true;
  resume& r = out.emplace();
  return in.child(hello_id::resume, table) && take_text(table, 0, r.token) && table.scalar(1, r.epoch) && table.scalar(2, r.received);
}

bool take_missing(const flat::table& in, std::vector<print>& out) {
  std::size_t first = 0;
  std::size_t count = 0;
  if (!in.list(welcome_id::missing, sizeof(std::uint32_t), first, count)) return false;
  for (std::size_t i = 0; i < count; ++i) out.push_back({{}, in.in().load<std::uint32_t>(first + i * sizeof(std::uint32_t)), 0});
  return true;
}

}  // namespace

void write_hello_fbs(const hello& h, std::string& out) {
  flat::writer w;
  const offset agent = text(w, h.agent);
  const offset methods = prints(w, h.methods);
  const offset accepted = prints(w, h.accepted);
  const offset auth = h.auth ? auth_table(w, *h.auth) : offset{};
  const offset resume = resume_table(w, h.resume);
  const offset limits = limits_table(w, h.limits);
  const offset entries = meta(w, h.meta);
  w.begin_table();
  w.add(hello_id::revision, h.revision);
  w.add(hello_id::features, h.features);
  w.add(hello_id::required, h.required);
  add(w, hello_id::agent, agent);
  w.add(hello_id::contract, h.contract);
  add(w, hello_id::methods, methods);
  add(w, hello_id::auth, auth);
  add(w, hello_id::resume, resume);
  add(w, hello_id::limits, limits);
  add(w, hello_id::meta, entries);
  add(w, hello_id::accepted, accepted);
  w.finish(w.end_table(), out);
}

void write_welcome_fbs(const welcome& w, std::string& out) {
  flat::writer b;
  const offset agent = text(b, w.agent);
  const offset client_id = text(b, w.client_id);
  const offset token = text(b, w.token);
  const offset mismatched = prints(b, w.mismatched);
  std::vector<std::uint32_t> ids;
  ids.reserve(w.missing.size());
  for (const print& p : w.missing) ids.push_back(p.method);
  const offset missing = ids.empty() ? offset{} : b.list(std::span<const std::uint32_t>(ids));
  const offset limits = limits_table(b, w.limits);
  b.begin_table();
  b.add(welcome_id::revision, w.revision);
  b.add(welcome_id::features, w.features);
  add(b, welcome_id::agent, agent);
  add(b, welcome_id::client_id, client_id);
  add(b, welcome_id::token, token);
  b.add(welcome_id::epoch, w.epoch);
  b.add(welcome_id::outcome, static_cast<std::uint8_t>(w.outcome));
  b.add(welcome_id::received, w.received);
  b.add(welcome_id::next, w.next);
  b.add(welcome_id::contract, w.contract);
  add(b, welcome_id::mismatched, mismatched);
  add(b, welcome_id::missing, missing);
  b.add(welcome_id::policy, static_cast<std::uint8_t>(w.policy));
  add(b, welcome_id::limits, limits);
  b.add(welcome_id::heartbeat_ms, w.heartbeat_ms);
  b.add(welcome_id::auth_ms, w.auth_ms);
  b.finish(b.end_table(), out);
}

void write_auth_fbs(const auth& a, std::string& out) {
  flat::writer w;
  w.finish(auth_table(w, a), out);
}

void write_goaway_fbs(const goaway& g, std::string& out) {
  flat::writer w;
  const offset words = text(w, g.text);
  w.begin_table();
  w.add(goaway_id::reason, g.reason);
  w.add(goaway_id::retry_ms, g.retry_ms);
  w.add(goaway_id::last_id, g.last_id);
  add(w, goaway_id::text, words);
  w.finish(w.end_table(), out);
}

std::optional<fault> read_hello_fbs(bytes_view payload, hello& out) {
  flat::reader in(payload);
  const flat::table root = in.root();
  const bool sound = !in.failed() && root.scalar(hello_id::revision, out.revision) && root.scalar(hello_id::features, out.features) &&
                     root.scalar(hello_id::required, out.required) && take_text(root, hello_id::agent, out.agent) &&
                     root.scalar(hello_id::contract, out.contract) && take_prints(root, hello_id::methods, out.methods) &&
                     take_auth(root, out.auth) && take_resume(root, out.resume) && take_limits(root, hello_id::limits, out.limits) &&
                     read_entries(root, hello_id::meta, out.meta) && take_prints(root, hello_id::accepted, out.accepted);
  if (!sound) return refused(bad_hello, in.error().message);
  return std::nullopt;
}

std::optional<fault> read_welcome_fbs(bytes_view payload, welcome& out) {
  flat::reader in(payload);
  const flat::table root = in.root();
  std::uint8_t outcome = 0;
  std::uint8_t policy = 0;
  const bool sound = !in.failed() && root.scalar(welcome_id::revision, out.revision) && root.scalar(welcome_id::features, out.features) &&
                     take_text(root, welcome_id::agent, out.agent) && take_text(root, welcome_id::client_id, out.client_id) &&
                     take_text(root, welcome_id::token, out.token) && root.scalar(welcome_id::epoch, out.epoch) &&
                     root.scalar(welcome_id::outcome, outcome) && root.scalar(welcome_id::received, out.received) &&
                     root.scalar(welcome_id::next, out.next) && root.scalar(welcome_id::contract, out.contract) &&
                     take_prints(root, welcome_id::mismatched, out.mismatched) && take_missing(root, out.missing) &&
                     root.scalar(welcome_id::policy, policy) && take_limits(root, welcome_id::limits, out.limits) &&
                     root.scalar(welcome_id::heartbeat_ms, out.heartbeat_ms) && root.scalar(welcome_id::auth_ms, out.auth_ms);
  if (!sound) return refused(bad_welcome, in.error().message);
  if (outcome < 1 || outcome > outcome_words.size()) return refused(bad_welcome, "an unknown outcome");
  out.outcome = static_cast<wire::outcome>(outcome);
  // The server applies the policy. An unknown one, of a later revision, is read as `degrade`.
  out.policy = policy >= 1 && policy <= policy_words.size() ? static_cast<wire::policy>(policy) : policy::degrade;
  if (out.heartbeat_ms == 0) out.heartbeat_ms = welcome{}.heartbeat_ms;
  if (out.next == 0) out.next = 1;
  return std::nullopt;
}

std::optional<fault> read_auth_fbs(bytes_view payload, auth& out) {
  flat::reader in(payload);
  const flat::table root = in.root();
  const bool sound = !in.failed() && take_text(root, auth_id::scheme, out.scheme) && take_text(root, auth_id::credential, out.credential) &&
                     root.scalar(auth_id::auth_ms, out.auth_ms);
  if (!sound) return violation("a malformed $auth");
  return std::nullopt;
}

std::optional<fault> read_goaway_fbs(bytes_view payload, goaway& out) {
  flat::reader in(payload);
  const flat::table root = in.root();
  const bool sound = !in.failed() && root.scalar(goaway_id::reason, out.reason) && root.scalar(goaway_id::retry_ms, out.retry_ms) &&
                     root.scalar(goaway_id::last_id, out.last_id) && take_text(root, goaway_id::text, out.text);
  if (!sound || out.text.size() > max_text) return violation("a malformed goaway");
  return std::nullopt;
}

}  // namespace parley::wire
