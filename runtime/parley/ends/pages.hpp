// Pages that a server answers beside its WebSockets, on the same ports: requests without an upgrade.
// Without Asio.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace parley {

// A request for a page, valid until its function returns.
struct page_request {
  std::string_view path;    // "/hashes", without the query
  std::string_view query;   // the part after '?', as the client sent it
  std::string_view remote;  // "127.0.0.1:54321"
  // Whether the request came from this machine. A proxy on this machine makes every request one.
  bool from_loopback = false;
};

struct page {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body{};  // at most 4 MiB
};

using page_function = std::function<page(const page_request&)>;

// Which of its own pages a server answers.
struct pages_options {
  enum class who : std::uint8_t { nobody, loopback, anybody };

  // /livez   200 while every loop of the server turns
  // /readyz  200 from the start until it drains or stops, unless ready(false) was called; then 503
  // /healthz the same as /readyz
  bool health = true;
  // /metrics, in the text format of Prometheus. It tells how much the server has to do.
  who metrics = who::loopback;
};

}  // namespace parley
