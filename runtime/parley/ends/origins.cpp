#include "parley/ends/origins.hpp"

#include <algorithm>
#include <charconv>

namespace parley {
namespace {

constexpr std::string_view example = "\"https://example.org\" or \"http://localhost:8000\"";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

// Browsers omit the default port, both in Origin and in Host.
std::string_view without_own_port(std::string_view scheme, std::string_view host) {
  const std::string_view own = scheme == "http" ? ":80" : scheme == "https" ? ":443" : "";
  return !own.empty() && host.ends_with(own) ? host.substr(0, host.size() - own.size()) : host;
}

// Whether `text` has the form "host", "host:port" or "[::1]:port".
bool is_host(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == text.npos) return false;
  const std::size_t colon = text.find(':', bracket);
  const std::string_view name = text.substr(0, std::min(colon, text.size()));
  if (name.empty() || name.find_first_of("/?#@*\\\"<> \t,") != name.npos) return false;
  if (colon == text.npos) return true;
  const std::string_view digits = text.substr(colon + 1);
  unsigned port = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return failed == std::errc() && end == digits.data() + digits.size() && port >= 1 && port <= 65'535;
}

}  // namespace

result<std::string> usable_origin(std::string_view entry, std::string_view option) {
  const auto never = [&](std::string_view why) {
    return error{errc::invalid, std::string(option) + ": \"" + std::string(entry) + "\" can never match: " + std::string(why)};
  };
  if (entry == "null") return std::string(entry);  // pages from a file or in a sandbox
  if (entry.find('*') != entry.npos) return never("there are no wildcards; list each origin, such as " + std::string(example));
  const std::size_t mark = entry.find("://");
  const std::string scheme = lower(entry.substr(0, std::min(mark, entry.size())));
  if (mark == entry.npos || !is_scheme(scheme)) return never("an origin begins with its scheme; write " + std::string(example));
  std::string host = lower(entry.substr(mark + 3));
  if (host.ends_with('/')) host.pop_back();
  if (!is_host(host)) return never("an origin is a scheme, a host and perhaps a port, such as " + std::string(example));
  return scheme + "://" + std::string(without_own_port(scheme, host));
}

result<std::string> usable_host(std::string_view entry, std::string_view option) {
  std::string host = lower(entry);
  if (is_host(host)) return host;
  return error{errc::invalid, std::string(option) + ": \"" + std::string(entry) +
                                  "\" can never match: an entry is a host and perhaps a port, such as \"example.org\" or \"[::1]:8443\""};
}

bool host_allowed(const std::vector<std::string>& listed, std::string_view host) {
  if (listed.empty()) return true;
  const std::string sent = lower(host);
  if (!is_host(sent)) return false;
  const std::size_t bracket = sent.starts_with('[') ? sent.find(']') : 0;
  const std::string_view name = std::string_view(sent).substr(0, sent.find(':', bracket));
  return std::any_of(listed.begin(), listed.end(), [&](const std::string& one) { return one == sent || one == name; });
}

bool origin_allowed(const std::vector<std::string>& listed, std::string_view origin, std::string_view host) {
  if (origin.empty()) return true;
  const std::string sent = lower(origin);
  if (std::find(listed.begin(), listed.end(), sent) != listed.end()) return true;
  for (const std::string_view scheme : {"http", "https"}) {
    if (!sent.starts_with(std::string(scheme) + "://")) continue;
    const std::string here = lower(host);
    if (here.empty()) return false;
    return without_own_port(scheme, std::string_view(sent).substr(scheme.size() + 3)) == without_own_port(scheme, here);
  }
  return false;
}

}  // namespace parley
