#include "parley/server/admission.hpp"

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

// Browsers cannot set headers, so credentials are sent as a subprotocol name. Such a name is not an
// encoding, and the server never repeats it.
constexpr std::string_view credentials = "parley.auth.";

}  // namespace

admission admit(const server_options& options, const dialect* foreign, const transport::request& asked) {
  if (!origin_allowed(options.origins, asked.origin, asked.host)) return {403, wrong_origin};
  std::vector<std::string_view> offered;
  for (const std::string& name : asked.subprotocols)
    if (!name.starts_with(credentials)) offered.push_back(name);
  const auto offers = [&](std::string_view name) { return std::find(offered.begin(), offered.end(), name) != offered.end(); };
  if (foreign) return {.subprotocol = offers(foreign->subprotocol) ? foreign->subprotocol : std::string_view()};
  if (offered.empty()) {
    if (options.plain) return {};
    return {400, "a subprotocol must be offered"};
  }
  for (const auto& [enabled, name] : {std::pair{options.binary, wire::fbs_subprotocol}, std::pair{options.json, wire::json_subprotocol}})
    if (enabled && offers(name)) return {.subprotocol = name};
  return {400, "none of the offered subprotocols is supported"};
}

}  // namespace parley
