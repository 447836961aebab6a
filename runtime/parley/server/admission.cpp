#include "parley/server/admission.hpp"

#include "parley/ends/address.hpp"
#include "parley/ends/origins.hpp"
#include "parley/wire/envelope.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace parley {
namespace {

constexpr std::string_view wrong_origin =
    "pages of this origin may not connect: its host and port differ from the Host header. List the origin in server_options::origins; a "
    "proxy must forward the Host header";

admission refused(int status, std::string_view text) { return {.status = status, .text = text}; }

// Sets the subprotocol, or the refusal.
void choose_subprotocol(const server_options& options, const dialect* foreign, const std::vector<std::string>& offered, admission& to) {
  const auto offers = [&](std::string_view name) { return std::find(offered.begin(), offered.end(), name) != offered.end(); };
  if (foreign) {
    if (offers(foreign->subprotocol)) to.subprotocol = foreign->subprotocol;
    return;
  }
  if (offered.empty()) {
    if (!options.plain) to = refused(400, "a subprotocol must be offered");
    return;
  }
  for (const auto& [enabled, name] : {std::pair{options.binary, wire::fbs_subprotocol}, std::pair{options.json, wire::json_subprotocol}})
    if (enabled && offers(name)) {
      to.subprotocol = name;
      return;
    }
  to = refused(400, "none of the offered subprotocols is supported");
}

}  // namespace

bool may_carry_credentials(const auth_options& options, const transport::request& asked) {
  return asked.encrypted || options.on_plain_text || is_from_this_machine(asked.remote);
}

admission admit(const server_options& options, const port_options& at, transport::request& asked) {
  shown_credential shown = take_credentials(options.auth.cookie, options.auth.ticket, asked);
  if (!host_allowed(hosts_at(options, at), asked.host)) return refused(403, unknown_host);
  if (!origin_allowed(at.origins.empty() ? options.origins : at.origins, asked.origin, asked.host)) return refused(403, wrong_origin);
  const dialect* const foreign = at.dialect.format ? &at.dialect : nullptr;
  admission to;
  if (options.auth.check) {
    if (!shown.fault.empty()) return refused(400, shown.fault);
    if (shown.credential && !may_carry_credentials(options.auth, asked)) return refused(403, plain_text_refusal);
  }
  choose_subprotocol(options, foreign, asked.subprotocols, to);
  if (!to.admitted() || !options.auth.check) return to;
  const bool greets = !foreign && !to.subprotocol.empty();
  to.checked = shown.credential || !greets ? admission::check::now : admission::check::later;
  to.shown = std::move(shown);
  return to;
}

}  // namespace parley
