#include "parley/server/server_pages.hpp"

#include "parley/ends/origins.hpp"
#include "parley/server/admission.hpp"
#include "parley/server/metrics.hpp"
#include "parley/server/server_core.hpp"
#include "parley/stub/answers.hpp"

#include <asio/post.hpp>

#include <utility>

namespace parley {
namespace {

constexpr std::string_view only_websocket =
    "only WebSocket is served here; a proxy in between must forward the headers Upgrade and Connection";

// One request that waits until every loop has had a turn.
struct probe {
  std::atomic<std::size_t> left;
  std::shared_ptr<transport::page_request> ask;
};

}  // namespace

bool server_pages::ready() const noexcept { return ready_ && server_.is_ready(); }

void server_pages::send(server_loop& on, transport::page_request& ask, const page_answer& made) const {
  on.counts().pages.count(made.status);
  ask.answer(made.status, made.headers, made.body);
}

void server_pages::answer(server_loop& on, const entrance& came_by, std::shared_ptr<transport::page_request> ask) {
  const auto say = [&](int status, std::string_view text) { send(on, *ask, answer_with(status, text)); };
  if (!places_.take(*ask)) return on.counts().pages.count(503);
  const port_options& port = came_by.options;
  transport::host_address client;
  if (!on.may_ask(*ask, client)) return;
  if (!host_allowed(hosts_at(server_.options(), port), ask->host)) return say(403, unknown_host);
  if (shelf_.has(ask->path)) return answer_kept(on, std::move(ask), client.is_loopback());
  const pages_options pages = port.pages.value_or(server_.options().pages);
  if (pages.health && ask->path == "/livez") return probe_loops(on, std::move(ask));
  if (pages.health && (ask->path == "/readyz" || ask->path == "/healthz")) {
    return ready() ? say(200, "ready\n") : say(503, "not ready\n");
  }
  if (pages.metrics != pages_options::who::nobody && ask->path == "/metrics") {
    if (pages.metrics == pages_options::who::loopback && !client.is_loopback())
      return say(403, "metrics are for this machine only (pages_options::metrics)");
    return send(on, *ask, answer_with(page{.type = std::string(metrics_type), .body = metrics_of(server_)}));
  }
  if (!server_.ports().serving(came_by, ask->path)) return say(404, "nothing is served at this path");
  on.upgrade_refused(426, only_websocket, ask->remote);
  ask->reject(426, only_websocket);
}

// The request is released on its own loop, whatever happens, because it belongs to a connection of
// that loop.
void server_pages::answer_kept(server_loop& on, std::shared_ptr<transport::page_request> ask, bool from_loopback) {
  const auto made = [self = server_.shared_from_this(), this, from_loopback](const transport::page_request& asked) {
    const page_request seen{asked.path, asked.query, asked.remote, from_loopback};
    return shelf_.answer(seen, [&] { self->log(log_level::error, text_of_thrown("a page", std::current_exception())); });
  };
  server_loop& first = *server_.loops().front();
  if (&on == &first) return send(on, *ask, made(*ask));
  asio::post(first.where().executor(), [this, made, &on, ask = std::move(ask)]() mutable {
    page_answer answer = made(*ask);
    asio::post(on.where().executor(), [this, made, &on, ask = std::move(ask), answer = std::move(answer)] { send(on, *ask, answer); });
  });
}

void server_pages::probe_loops(server_loop& on, std::shared_ptr<transport::page_request> ask) {
  const auto& loops = server_.loops();
  const auto asked = std::make_shared<probe>(loops.size(), std::move(ask));
  for (const auto& loop : loops) {
    asio::post(loop->where().executor(), [this, keep = server_.shared_from_this(), &on, asked] {
      if (--asked->left != 0) return;
      asio::post(on.where().executor(), [this, keep, &on, last = std::move(asked->ask)] { send(on, *last, answer_with(200, "alive\n")); });
    });
  }
}

}  // namespace parley
