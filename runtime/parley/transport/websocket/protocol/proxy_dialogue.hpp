// The messages between a client and a proxy until the proxy has opened the way to the server.
// SOCKS5 (RFC 1928, with user and password as in RFC 1929) and HTTP CONNECT (RFC 9110 section
// 9.3.6, with Basic authentication as in RFC 7617). It takes and gives bytes, without I/O and
// without time.
//
// The server's name is sent to the proxy as written in the url, and the proxy resolves it (other
// programs call this socks5h). Addresses are sent as addresses. Memory for the proxy's answers is
// limited. Error texts never quote the proxy, the user or the password.
#pragma once

#include "parley/transport/websocket/protocol/proxy_url.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace parley::transport {

class proxy_dialogue {
 public:
  virtual ~proxy_dialogue() = default;

  // The first message, which is sent before anything is received.
  virtual std::string opening() = 0;

  struct step {
    // The number of bytes that were used. The bytes after the last answer belong to the server.
    std::size_t taken = 0;
    std::string say{};  // to be sent
    bool done = false;  // the way to the server is open
  };
  // Takes received bytes, in pieces of any size. Must not be called again after `done` or an error.
  virtual result<step> hear(std::string_view bytes) = 0;
};

// `max_head` limits the answer of an HTTP proxy.
std::unique_ptr<proxy_dialogue> make_proxy_dialogue(const proxy_url& proxy, const host_and_port& server, std::size_t max_head);

}  // namespace parley::transport
