// How a server opens its ports, and what it reports of them.
#include "parley/conversation/attachment.hpp"
#include "parley/ends/address.hpp"
#include "parley/ends/bounds.hpp"
#include "parley/server/server_core.hpp"
#include "parley/transport/tls/context.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley {

std::size_t server_core::listen(port_options chosen) {
  std::lock_guard lock(mutex_);
  if (phase_ != phase::idle) throw std::logic_error("parley::server::listen: add ports before the start");
  if (chosen.address.empty()) chosen.address = options_.address;
  return ports_.add(std::move(chosen));
}

// Opens all ports or none. If one cannot be opened, those before it are closed again.
void server_core::open_listeners() {
  const std::size_t largest = with_room(contract_.largest_payload(options_.max_message), envelope_room);
  const auto connections = std::make_shared<std::atomic<std::size_t>>(0);
  std::vector<std::vector<std::shared_ptr<transport::listener>>> opened;
  for (const entrance& one : ports_.all()) {
    opened.push_back(listeners_for(one, largest, connections));
    if (!ports_.network_of(one).has_addresses()) break;
  }
  for (std::size_t number = 0; number < opened.size(); ++number) {
    entrance& one = ports_.all()[number];
    one.bound = opened[number].front()->port();
    for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->listen(one, std::move(opened[number][i]));
  }
}

void server_core::log_ports() const {
  if (!checks_ && contract_.role_count() != 0)
    log(log_level::warning, "the schema has roles, but auth.check is not set: no client has any of them");
  for (const entrance& one : ports_.all()) {
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
// Then the others may join.
std::vector<std::shared_ptr<transport::listener>> server_core::listeners_for(const entrance& at, std::size_t largest,
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
  listen.limits.max_connections = options_.max_connections;
  listen.open_connections = connections;
  listen.waiting = waiting_;
  if (const dialect* const foreign = at.dialect()) {
    listen.manners = manners_of(*foreign);
  } else {
    listen.help = "supported subprotocols:";
    if (options_.binary) (listen.help += ' ') += wire::fbs_subprotocol;
    if (options_.json) (listen.help += ' ') += wire::json_subprotocol;
  }
  std::vector<std::shared_ptr<transport::listener>> opened;
  for (const auto& loop : loops_) {
    listen.on_refused = refusals_to(*loop);
    listen.on_accept_failed = [raw = loop.get(), weak = weak_from_this()](const std::error_code& why) {
      if (const auto self = weak.lock()) raw->accept_failed(why);
    };
    auto listener = network.listen(loop->where().executor(), listen);
    if (!listener) throw call_failed(listener.error());
    opened.push_back(*listener);
    listen.port = opened.back()->port();
    listen.sharing = port_sharing::everybody;
  }
  return opened;
}

}  // namespace parley
