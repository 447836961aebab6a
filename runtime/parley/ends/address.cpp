#include "parley/ends/address.hpp"

#include "parley/transport/network.hpp"
#include "parley/transport/tls/context.hpp"
#include "parley/transport/websocket/protocol/url.hpp"

#include <asio/ip/address.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace parley {
namespace {

bool is_secure(std::string_view url) noexcept {
  constexpr std::string_view scheme = "wss://";
  return url.size() >= scheme.size() &&
         std::equal(scheme.begin(), scheme.end(), url.begin(), [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
}

// The host of "192.0.2.1:80" or "[2001:db8::1]:80". "::ffff:192.0.2.1" is what a socket for both
// families reports of IPv4.
std::optional<asio::ip::address> host_of(const std::string& remote) {
  std::string text = remote.substr(0, remote.rfind(':'));
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  std::error_code not_numeric;
  const auto host = asio::ip::make_address(text, not_numeric);
  if (not_numeric) return std::nullopt;
  if (host.is_v6() && host.to_v6().is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, host.to_v6());
  return host;
}

}  // namespace

std::string checked_url(std::string_view url, const loopback* network, std::string_view proxy) {
  if (auto sound = transport::network_for(url, network).check(url, proxy); !sound) throw std::invalid_argument(sound.error().message);
  return std::string(url);
}

std::shared_ptr<transport::tls_client> loaded_tls(std::string_view url, const loopback* network, std::optional<client_tls>& options) {
  if (network) return nullptr;
  if (!is_secure(url)) {
    if (options) throw std::invalid_argument("tls is set for a url without TLS: begin it with wss://, or leave out tls");
    return nullptr;
  }
  auto loaded = transport::load_tls(options ? std::move(*options) : client_tls{});
  if (loaded) return *loaded;
  if (loaded.error().code == errc::unimplemented) return nullptr;
  throw std::invalid_argument(loaded.error().message);
}

std::shared_ptr<transport::tls_client> loaded_tls(const std::vector<std::string>& urls, const loopback* network,
                                                  std::optional<client_tls>& options) {
  const auto secure = std::find_if(urls.begin(), urls.end(), is_secure);
  return loaded_tls(secure == urls.end() ? urls.front() : *secure, network, options);
}

std::shared_ptr<transport::tls_server> loaded_tls(const loopback* network, std::optional<server_tls>& options) {
  if (network || !options) return nullptr;
  auto loaded = transport::load_tls(std::move(*options));
  if (!loaded) throw std::invalid_argument(loaded.error().message);
  return *loaded;
}

bool is_of_this_machine(const std::string& address) {
  if (address == "localhost" || address.starts_with("unix:")) return true;
  std::error_code not_numeric;
  const auto numeric = asio::ip::make_address(address, not_numeric);
  return !not_numeric && numeric.is_loopback();
}

bool is_confidential(std::string_view url, const loopback* network) {
  if (network) return true;
  const auto parts = transport::parse_url(url);
  return parts && (parts->secure || !parts->socket.empty() || is_of_this_machine(parts->host));
}

bool is_from_this_machine(const std::string& remote) {
  if (remote == "mem" || remote.starts_with("unix")) return true;
  const auto host = host_of(remote);
  return host && host->is_loopback();
}

std::string customer_of(const std::string& remote) {
  const auto host = host_of(remote);
  if (!host || host->is_loopback()) return {};
  if (host->is_v4()) return host->to_string();
  auto bytes = host->to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::make_address_v6(bytes).to_string();
}

}  // namespace parley
