// TLS for the transport: what all connections of one server or one client have in common, and the
// engines of the connections.
//
//   context       certificates, keys, authorities and tickets, loaded and checked once
//   engine        one end of one connection: bytes in, bytes out
//   certificates  reads PEM from files and texts
//   tickets       the keys with which a server encrypts its tickets
//   texts         what is reported about a failed handshake
//
// Only the source files of this folder include OpenSSL. If Parley is built without TLS, not_built.cpp
// replaces them all.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/tls/engine.hpp"
#include "parley/transport/tls/options.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace parley::transport {

// Shared by all listeners of one port. Threads: any.
class tls_server {
 public:
  virtual ~tls_server() = default;
  // The engine of a client that has just connected. Null if memory is exhausted. `now` decides
  // whether the keys of the tickets are replaced, which happens every 12 hours.
  virtual std::unique_ptr<tls_engine> accept(time_point now) = 0;
  // Reads all files again. Nothing changes until the returned function is called. From then on new
  // connections use what was read. Open connections keep what they have. Tickets stay valid.
  virtual result<std::function<void()>> read_again() = 0;
  // What is wrong with the certificates, but is no reason to refuse them: they are expired, or not
  // valid yet.
  virtual std::vector<std::string> warnings() const = 0;
  // When the first of the certificates expires.
  virtual std::chrono::system_clock::time_point expires() const = 0;
};

// One client, which keeps the newest ticket of each server that it has connected to. Threads: one at
// a time.
class tls_client {
 public:
  virtual ~tls_client() = default;
  // The engine of a new connection to `host`, which is a name or an address without brackets. Null
  // if memory is exhausted.
  virtual std::unique_ptr<tls_engine> connect(const std::string& host, std::uint16_t port) = 0;
};

// Read and check everything. The error is `invalid`, and its text names the option and the file.
// `unimplemented`: built without TLS.
result<std::shared_ptr<tls_server>> load_tls(server_tls options);
result<std::shared_ptr<tls_client>> load_tls(client_tls options);

}  // namespace parley::transport
