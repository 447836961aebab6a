// What is said with a proxy until it leads to the server: SOCKS5 (RFC 1928, with RFC 1929's user and password) and HTTP CONNECT (RFC 9110
// section 9.3.6, with RFC 7617's Basic). Bytes in, bytes out; no I/O and no time.
//
// The server's name goes to the proxy as it stands in the url, so that it is looked up there (what others call socks5h); addresses go as
// addresses. Nothing that a proxy says is kept beyond the bounds here, or appears in an error's text; nor do user and password.
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

  // What is said first, before anything was heard.
  virtual std::string opening() = 0;

  struct step {
    std::size_t taken = 0;  // of the bytes; those behind the last answer belong to the server
    std::string say{};      // to be sent
    bool done = false;      // the way to the server is open
  };
  // Hears bytes as they come, in pieces of any size. After `done` or an error not to be called again.
  virtual result<step> hear(std::string_view bytes) = 0;
};

// `max_head`: of an HTTP proxy's answer.
std::unique_ptr<proxy_dialogue> make_proxy_dialogue(const proxy_url& proxy, const host_and_port& server, std::size_t max_head);

}  // namespace parley::transport
