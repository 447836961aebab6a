// Checks the url of a client or a raw connection, and what belongs to it. Not installed.
#pragma once

#include "parley/transport/tls/options.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

class loopback;
namespace transport {
class tls_client;
class tls_server;
}  // namespace transport

// Returns the url if its network accepts it and the proxy's url. Throws std::invalid_argument
// otherwise.
std::string checked_url(std::string_view url, const loopback* network, std::string_view proxy);

// Loads the TLS of a client with this url, or of a server. The keys are taken out of the options.
// Null: plain text, or a network in memory, for which nothing is loaded. Throws std::invalid_argument
// if something cannot be loaded, and for options of a url that is not wss://.
//
// If TLS is not built in, it is null for a client, and connecting fails with `unimplemented`.
// With several urls, those with wss:// share what is loaded, and one of them is enough for options.
std::shared_ptr<transport::tls_client> loaded_tls(const std::vector<std::string>& urls, const loopback* network,
                                                  std::optional<client_tls>& options);
std::shared_ptr<transport::tls_client> loaded_tls(std::string_view url, const loopback* network, std::optional<client_tls>& options);
std::shared_ptr<transport::tls_server> loaded_tls(const loopback* network, std::optional<server_tls>& options);

// Whether only programs on this machine can connect to an address that a server listens on.
bool is_of_this_machine(const std::string& address);
// Whether what a client sends to this url stays on this machine or is encrypted.
bool is_confidential(std::string_view url, const loopback* network);
// Whether the other end of a connection is on this machine: a loopback address, a Unix socket, or a
// network in memory. `remote` is transport::connection::remote() or transport::request::remote.
bool is_from_this_machine(const std::string& remote);
// What one customer of a network usually has, as a text to compare: an IPv4 address, or the first 64
// bits of an IPv6 address. Empty if it is on this machine or not known.
std::string customer_of(const std::string& remote);

}  // namespace parley
