// Where a proxy is, and who is allowed to use it.
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

// socks5://[user:password@]host:port, or http:// likewise; %xx in user and password stands for any byte. The error says what is wrong and
// never quotes the url: it may hold a credential.
result<proxy_url> parse_proxy_url(std::string_view text);
// The same without the parts.
result<> check_proxy_url(std::string_view text);

// Where a client goes: to the server, through the proxy if there is one.
struct route {
  url server;
  std::optional<proxy_url> proxy;
};

// `proxy` may be empty. The errors are those of the two urls. A Unix socket has no proxy.
result<route> parse_route(std::string_view server, std::string_view proxy);

}  // namespace parley::transport
