// The address of a proxy and the credentials for it.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/websocket/protocol/url.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace parley::transport {

struct proxy_url {
  enum class kind { socks5, http };

  kind speaks = kind::socks5;
  host_and_port at;
  bool has_credentials = false;
  std::string user;
  std::string password;
};

// Parses socks5://[user:password@]host:port, or the same with http://. In user and password %xx
// represents any byte. The error names the problem and never quotes the url, because it may contain
// a credential.
result<proxy_url> parse_proxy_url(std::string_view text);
// Checks the url like parse_proxy_url, without a result.
result<> check_proxy_url(std::string_view text);

// The way of a client to the server, through the proxy if there is one.
struct route {
  url server;
  std::optional<proxy_url> proxy;
};

// `proxy` may be empty. The errors are those of the two urls. A Unix socket has no proxy.
result<route> parse_route(std::string_view server, std::string_view proxy);

}  // namespace parley::transport
