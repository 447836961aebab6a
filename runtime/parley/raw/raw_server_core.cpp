#include "parley/raw/raw_server_core.hpp"

#include "parley/core/ascii.hpp"
#include "parley/ends/address.hpp"
#include "parley/ends/origins.hpp"
#include "parley/stub/block.hpp"
#include "parley/transport/network.hpp"
#include "parley/transport/tls/context.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace parley {
namespace {

raw_request request_of(const transport::request& ask) {
  raw_request made{ask.path, ask.query, ask.host, ask.origin, ask.subprotocols, {}, ask.remote};
  made.headers.reserve(ask.headers.size());
  for (const transport::header& one : ask.headers) made.headers.emplace_back(one.name, one.value);
  return made;
}

// Throws std::invalid_argument for an origin that no browser can send.
raw_server_options usable(raw_server_options options) {
  for (std::string& origin : options.origins) {
    auto one = usable_origin(origin, "raw_server_options::origins");
    if (!one) throw std::invalid_argument(one.error().message);
    origin = std::move(*one);
  }
  if (auto sound = check_limits(options.limits, "raw_server_options::limits"); !sound) throw std::invalid_argument(sound.error().message);
  return options;
}

raw_options options_of(const raw_server_options& given) {
  raw_options made;
  made.receive_timeout = given.receive_timeout;
  made.send_timeout = given.send_timeout;
  made.close_timeout = given.close_timeout;
  made.max_message = given.max_message;
  made.max_queue = given.max_queue;
  made.max_read_ahead = given.max_read_ahead;
  made.max_operations = given.max_operations;
  made.manners = given.manners;
  made.clock = given.clock;
  return made;
}

}  // namespace

std::string_view raw_request::header(std::string_view name) const noexcept {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const auto& one) { return same_ignoring_case(one.first, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

raw_server_core::raw_server_core(raw_server_options options, home where, std::function<void(raw_connection)> serve)
    : tls_(loaded_tls(options.loopback, options.tls)),
      options_(usable(std::move(options))),
      network_(transport::network_for(options_.address, options_.loopback)),
      home_(std::move(where)),
      serve_(std::move(serve)),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      arrivals_(options_.limits),
      speed_(std::make_shared<const speed_terms>(options_.limits)) {}

// --- Start and end.

void raw_server_core::listen() {
  if (started_.exchange(true)) throw std::logic_error("parley::raw_server: started twice");
  transport::limits limits{
      .max_message = options_.max_message, .handshake = options_.handshake_timeout, .max_connections = options_.limits.connections};
  transport::listen_options listen{.address = options_.address, .port = options_.port, .limits = limits, .manners = options_.manners};
  listen.tls = tls_;
  listen.on_arrival = [weak = weak_from_this()](const transport::host_address& from) {
    const auto server = weak.lock();
    return server ? server->arrivals_.arrive(from, server->clock_->now()) : transport::arrival{};
  };
  std::shared_ptr<transport::listener> listener = network_.listen(home_.executor(), std::move(listen)).value();
  port_ = listener->port();
  asio::post(home_.executor(), [self = shared_from_this(), listener = std::move(listener)] {
    if (self->stopping_) return self->end_if_empty();
    self->listener_ = listener;
    std::function<void(std::shared_ptr<transport::page_request>)> on_page;
    if (!self->shelf_.empty()) {
      on_page = [weak = self->weak_from_this()](const std::shared_ptr<transport::page_request>& ask) {
        if (const auto server = weak.lock()) server->on_page(*ask);
      };
    }
    listener->start(
        [weak = self->weak_from_this()](const std::shared_ptr<transport::request>& ask) {
          if (const auto server = weak.lock()) server->on_request(ask);
        },
        std::move(on_page));
  });
}

void raw_server_core::start() {
  listen();
  if (const auto loop = home_.own()) thread_.run(loop);
}

void raw_server_core::run() {
  const auto loop = home_.own();
  if (!loop) throw std::logic_error("parley::raw_server::run: the caller's executor has its own loop; use start()");
  listen();
  loop->run();
  loop->shut_down();
}

void raw_server_core::stop() noexcept {
  if (stopping_.exchange(true) || !started_) return;
  // Connections keep this object alive. Without connections it may be destroyed together with the
  // listener. A loop that has already ended keeps nothing alive.
  asio::post(home_.executor(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    if (self->listener_) self->listener_->stop();
    const auto open = self->connections_;  // closing takes them out
    for (const auto& [key, held] : open)
      if (const auto connection = held.lock()) connection->close_here(1001, "the server is stopping");
    self->end_if_empty();
  });
}

result<> raw_server_core::reload_tls() {
  if (!tls_) return {};
  const auto use = tls_->read_again();
  if (!use) return use.error();
  (*use)();
  return {};
}

void raw_server_core::over(const raw_core* connection) {
  connections_.erase(connection);
  if (stopping_) end_if_empty();
}

void raw_server_core::end_if_empty() {
  if (connections_.empty() && home_.loop()) home_.loop()->end();
}

// --- Clients.

std::optional<raw_refusal> raw_server_core::why_not(const raw_request& asked) const {
  if (stopping_) return raw_refusal{503, "stopping"};
  if (!options_.path.empty() && network_.has_addresses() && asked.path != options_.path)
    return raw_refusal{404, "nothing is served at this path: clients connect at " + options_.path};
  if (!origin_allowed(options_.origins, asked.origin, asked.host))
    return raw_refusal{403, "pages of this origin may not connect: list it in raw_server_options::origins"};
  if (!options_.admit) return std::nullopt;
  try {
    return options_.admit(asked);
  } catch (...) { return raw_refusal{500, "failed"}; }
}

std::string raw_server_core::chosen_of(const raw_request& asked) const {
  for (const std::string& one : options_.subprotocols)
    if (std::find(asked.subprotocols.begin(), asked.subprotocols.end(), one) != asked.subprotocols.end()) return one;
  return {};
}

bool raw_server_core::may_ask(transport::any_request& ask, transport::host_address& client) {
  transport::arrival may = arrivals_.ask(ask, clock_->now(), client);
  if (may.status != 0) ask.reject(may.status, may.text, may.retry_after);
  else if (may.place) ask.hold(std::move(may.place));
  return may.status == 0;
}

page_shelf& raw_server_core::shelf() {
  if (started_) throw std::logic_error("parley::raw_server: add pages before the start");
  return shelf_;
}

void raw_server_core::on_page(transport::page_request& ask) {
  transport::host_address client;
  if (!may_ask(ask, client) || !places_.take(ask)) return;
  const page_request asked{ask.path, ask.query, ask.remote, client.is_loopback()};
  const page_answer made = shelf_.has(ask.path) ? shelf_.answer(asked, [] {}) : answer_with(404, "nothing is served at this path");
  ask.answer(made.status, made.headers, made.body);
}

void raw_server_core::on_request(const std::shared_ptr<transport::request>& ask) {
  transport::host_address client;
  if (!may_ask(*ask, client)) return;
  raw_request asked = request_of(*ask);
  if (const auto refused = why_not(asked)) return ask->reject(refused->http_status, refused->text);
  const std::string chosen = chosen_of(asked);
  const auto connection = std::make_shared<raw_core>(options_of(options_), home_.shared(), std::move(asked));
  if (speed_->limits() && arrivals_.apply_to(client)) connection->slow_down_to(speed_);
  connections_.emplace(connection.get(), connection);
  connection->serve_as(
      [weak = weak_from_this()](const std::shared_ptr<raw_core>& opened) {
        if (const auto server = weak.lock()) server->opened(opened);
      },
      [self = shared_from_this(), key = connection.get()] { self->over(key); });
  ask->accept(chosen, connection);
}

void raw_server_core::opened(const std::shared_ptr<raw_core>& connection) {
  if (stopping_) return connection->close_here(1001, "the server is stopping");
  try {
    serve_(raw_connection(connection));
  } catch (...) { connection->close_here(1011, "a handler failed"); }
}

}  // namespace parley
