// How a server opens its ports, and what it reports of them.
#include "parley/conversation/attachment.hpp"
#include "parley/ends/address.hpp"
#include "parley/ends/bounds.hpp"
#include "parley/ends/inherited.hpp"
#include "parley/server/server_core.hpp"
#include "parley/transport/tls/context.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley {

std::size_t server_core::listen(port_options chosen) {
  std::lock_guard lock(mutex_);
  if (phase_ != phase::idle) throw std::logic_error("parley::server::listen: add ports before the start");
  if (chosen.address.empty() && !chosen.same_port_as) chosen.address = options_.address;
  return ports_.add(std::move(chosen));
}

void server_core::add_page(std::string path, page_function made) {
  std::lock_guard lock(mutex_);
  if (phase_ != phase::idle) throw std::logic_error("parley::server::get: add pages before the start");
  pages_.shelf().add(std::move(path), std::move(made));
}

void server_core::keep_pages(std::string path, const std::string& folder) {
  std::lock_guard lock(mutex_);
  if (phase_ != phase::idle) throw std::logic_error("parley::server::keep: add pages before the start");
  pages_.shelf().keep(std::move(path), folder);
}

// Opens all ports or none. If one cannot be opened, those before it are closed again.
void server_core::open_listeners() {
  const std::size_t largest = with_room(contract_.largest_payload(options_.max_message), envelope_room);
  struct opened_port {
    entrance& at;
    std::vector<placed_listener> listeners;
  };
  std::vector<opened_port> opened;
  for (entrance& one : ports_.all()) {
    if (!one.has_port()) continue;
    // A program that asks for metrics does not keep a server from draining.
    const auto connections = one.options.pages_only ? std::make_shared<std::atomic<std::size_t>>(0) : open_sockets_;
    opened.push_back({one, listeners_for(one, largest, connections)});
    if (!ports_.network_of(one).has_addresses()) break;
  }
  for (opened_port& one : opened) {
    one.at.bound = one.listeners.front().listener->port();
    for (placed_listener& placed : one.listeners) placed.loop->listen(one.at, std::move(placed.listener));
  }
}

void server_core::log_ports() const {
  if (!checks_ && contract_.role_count() != 0)
    log(log_level::warning, "the schema has roles, but auth.check is not set: no client has any of them");
  for (const entrance& one : ports_.all()) {
    if (!one.has_port()) continue;
    log(log_level::info, "listening on " + one.place() + (one.tls ? " with TLS" : ""));
    if (one.tls)
      for (const std::string& warning : one.tls->warnings()) log(log_level::warning, warning);
    else if (ports_.network_of(one).has_addresses() && !is_of_this_machine(one.options.address))
      log(log_level::warning, one.place() + " is open to other machines without TLS: set tls, or put a proxy with TLS before it");
  }
}

result<> server_core::reload_tls() {
  std::vector<std::shared_ptr<transport::tls_server>> all;
  {
    const std::lock_guard lock(mutex_);  // listen() may still add ports
    for (const entrance& one : ports_.all())
      if (one.tls) all.push_back(one.tls);
  }
  std::vector<std::function<void()>> uses;
  for (const auto& one : all) {
    auto use = one->read_again();
    if (!use) return use.error();
    uses.push_back(std::move(*use));
  }
  for (const auto& use : uses) use();
  log(log_level::info, "the files of TLS were read again");
  for (const auto& one : all)
    for (const std::string& warning : one->warnings()) log(log_level::warning, warning);
  return {};
}

std::function<void(int, std::string_view, const std::string&)> server_core::refusals_to(server_loop& loop) {
  return [&loop, weak = weak_from_this()](int status, std::string_view text, const std::string& remote) {
    if (const auto self = weak.lock()) loop.upgrade_refused(status, text, remote);
  };
}

// With several loops, each has a socket of its own on the same port, and the system divides the
// clients among them. The first loop binds the port alone, which fails if another process uses it.
// Then the others may join. An inherited socket is one socket, from which every loop accepts: the first
// that is awake gets the client.
std::vector<server_core::placed_listener> server_core::listeners_for(const entrance& at, std::size_t largest,
                                                                     const std::shared_ptr<std::atomic<std::size_t>>& connections) {
  using transport::port_sharing;
  transport::network& network = ports_.network_of(at);
  transport::listen_options listen;
  listen.address = network.has_addresses() ? at.options.address : std::string();  // in memory: accepts every name
  listen.port = at.options.port;
  listen.tls = at.tls;
  listen.sharing = options_.share_port ? port_sharing::everybody : has_several_loops() ? port_sharing::later : port_sharing::nobody;
  listen.limits.max_message = largest;
  listen.limits.handshake = options_.handshake_timeout;
  listen.limits.max_connections = options_.limits.connections;
  listen.open_connections = connections;
  listen.waiting = waiting_;
  if (const dialect* const foreign = at.dialect()) {
    listen.manners = manners_of(*foreign);
  } else {
    listen.help = "supported subprotocols:";
    if (options_.binary) (listen.help += ' ') += wire::fbs_subprotocol;
    if (options_.json) (listen.help += ' ') += wire::json_subprotocol;
  }
  std::vector<int> sockets{-1};
  if (!at.options.inherited.empty() && network.has_addresses()) {
    auto passed = inherited_sockets(at.options.inherited);
    if (!passed) throw call_failed(passed.error());
    sockets = std::move(*passed);
  }
  std::vector<placed_listener> opened;
  const auto open_on = [&](const std::unique_ptr<server_loop>& loop) {
    listen.on_refused = refusals_to(*loop);
    listen.on_arrival = [raw = loop.get(), weak = weak_from_this()](const transport::host_address& from) {
      const auto self = weak.lock();
      return self ? raw->arrived(from) : transport::arrival{};
    };
    listen.on_accept_failed = [raw = loop.get(), weak = weak_from_this()](const std::error_code& why) {
      if (const auto self = weak.lock()) raw->accept_failed(why);
    };
    auto listener = network.listen(loop->where().executor(), listen);
    if (!listener) throw call_failed(listener.error());
    opened.push_back({loop.get(), *listener});
    listen.port = (*listener)->port();
    listen.sharing = port_sharing::everybody;
  };
  for (const int socket : sockets) {
    listen.descriptor = socket;
    for (const auto& loop : loops_) open_on(loop);
  }
  return opened;
}

}  // namespace parley
