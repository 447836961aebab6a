// The ports of a server: what each speaks, its certificates, and which of them serves a client.
// Nothing here opens a port. Private to the server room.
//
// Ports are added before the start, under the server's mutex. Afterwards nothing changes but
// entrance::bound and the certificates, so every loop reads them.
#pragma once

#include "parley/conversation/spoken.hpp"
#include "parley/server/server.hpp"
#include "parley/transport/network.hpp"
#include "parley/transport/tls/context.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

// A port of the server with its path, or a further path on a port.
struct entrance {
  port_options options;
  std::shared_ptr<transport::tls_server> tls;  // null: plain text
  spoken kind = spoken::plain;                 // the kind of its dialect
  const entrance* port = nullptr;              // the entry that has the port: this one, or an earlier one
  std::atomic<std::uint16_t> bound = 0;        // the port's number, at the entry that has the port

  bool has_port() const noexcept { return port == this; }

  const parley::dialect* dialect() const noexcept { return options.dialect.format ? &options.dialect : nullptr; }
  // The bound place, for the log.
  std::string place() const { return options.address.starts_with("unix:") ? options.address : "port " + std::to_string(bound); }
};

class entrances {
 public:
  // `memory`: the network of ports that use it instead of sockets. Null: none do.
  explicit entrances(const loopback* memory) noexcept : memory_(memory) {}

  // Returns the number of the port or path, counted from 0. Loads the certificates. Throws
  // std::invalid_argument if the options cannot be used.
  std::size_t add(port_options);
  // The first one has the port of the server's options. Entries never move.
  std::deque<entrance>& all() noexcept { return all_; }
  const std::deque<entrance>& all() const noexcept { return all_; }
  const std::vector<const entrance*>& with_dialect() const noexcept { return with_dialect_; }

  const wire::envelope_format& format_of(spoken) const;
  // The dialect of a kind that is a dialect.
  const dialect& dialect_of(spoken) const;
  transport::network& network_of(const entrance&) const;
  // The port that serves `path` for clients of the listener of `at`. Null: nothing is served there.
  const entrance* serving(const entrance& at, std::string_view path) const;

 private:
  const entrance* shared_by(const port_options&) const;

  const loopback* const memory_;
  std::deque<entrance> all_;
  std::vector<const entrance*> with_dialect_;  // indexed by the number of the dialect
};

}  // namespace parley
