#include "parley/transport/tcp/listening_socket.hpp"

#include "parley/transport/tcp/unix_path.hpp"

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace parley::transport {
namespace {

using asio::ip::tcp;

error cannot_listen(const std::string& where, std::error_code why) {
  // Asio's own system category does not compare with std::errc.
  if (why.category() == asio::error::get_system_category()) why = {why.value(), std::system_category()};
  return {why, "cannot listen on " + where + ": " + why.message()};
}

// Asio has no class for this option.
std::error_code share_port(tcp::acceptor& socket) {
  const int on = 1;
  if (::setsockopt(socket.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) return {};
  return {errno, std::system_category()};
}

result<listening_socket> open_port(const asio::any_io_executor& on, const listen_options& options) {
  const std::string place = options.address + " port " + std::to_string(options.port);
  std::error_code ec;
  tcp::endpoint where(asio::ip::make_address(options.address, ec), options.port);
  if (ec) {
    const auto found = tcp::resolver(on).resolve(options.address, std::to_string(options.port), tcp::resolver::passive, ec);
    if (ec) return cannot_listen(place, ec);
    where = found.begin()->endpoint();
  }
  tcp::acceptor socket(on);
  socket.open(where.protocol(), ec);
  if (!ec) socket.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && options.sharing == port_sharing::everybody) ec = share_port(socket);
  if (!ec) socket.bind(where, ec);
  if (!ec) socket.listen(tcp::acceptor::max_listen_connections, ec);
  // Set after the bind, so that only one of two processes that start at the same time can listen.
  if (!ec && options.sharing == port_sharing::later) ec = share_port(socket);
  if (ec) return cannot_listen(place, ec);
  const std::uint16_t port = socket.local_endpoint(ec).port();
  return listening_socket{std::move(socket), port};
}

result<listening_socket> open_unix(const asio::any_io_executor& on, const listen_options& options) {
  result<std::string> path = parse_unix_address(options.address);
  if (!path) return path.error();
  if (options.port != 0) return error{errc::invalid, "a Unix socket has no port: set the port to 0"};
  // Unix sockets have no SO_REUSEPORT.
  if (options.sharing != port_sharing::nobody)
    return error{errc::invalid,
                 "a Unix socket serves one loop of one process: set server_options::threads to 1, and server_options::share_port to false"};
  asio::local::stream_protocol::acceptor socket(on);
  std::error_code ec;
  socket.open({}, ec);
  if (ec) return cannot_listen(options.address, ec);
  auto file = bind_and_listen(socket.native_handle(), *path);
  if (!file) return error{file.error().code, "cannot listen on " + options.address + ": " + file.error().message};
  return listening_socket{std::move(socket), 0, std::move(*file)};
}

result<listening_socket> adopt(const asio::any_io_executor& on, int descriptor) {
  const auto failed = [](std::error_code why) { return cannot_listen("an inherited socket", why); };
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) return failed({errno, std::system_category()});
  if (listens == 0) return error{errc::invalid, "cannot listen on an inherited socket: it does not listen (a socket unit needs Accept=no)"};
  sockaddr_storage name{};
  size = sizeof name;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return failed({errno, std::system_category()});
  const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return failed({errno, std::system_category()});
  asio::basic_socket_acceptor<asio::generic::stream_protocol> socket(on);
  std::error_code ec;
  socket.assign(asio::generic::stream_protocol(name.ss_family, 0), own, ec);
  if (ec) {
    ::close(own);
    return failed(ec);
  }
  in_port_t port = 0;
  if (name.ss_family == AF_INET) port = reinterpret_cast<const sockaddr_in&>(name).sin_port;
  else if (name.ss_family == AF_INET6) port = reinterpret_cast<const sockaddr_in6&>(name).sin6_port;
  return listening_socket{std::move(socket), ntohs(port)};
}

}  // namespace

result<listening_socket> open_listening_socket(const asio::any_io_executor& on, const listen_options& options) {
  if (options.descriptor >= 0) return adopt(on, options.descriptor);
  return is_unix_address(options.address) ? open_unix(on, options) : open_port(on, options);
}

}  // namespace parley::transport
