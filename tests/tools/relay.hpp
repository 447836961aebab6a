// A relay between clients and a server on this machine, which disturbs their connections: it delays,
// splits, stalls, silences and cuts them. For tests.
//
//   relay between{server.port()};
//   parley::client link{"ws://127.0.0.1:" + std::to_string(between.port()) + "/ws"};
//   between.reset_all();
//
// It has a thread of its own. Every function may be called from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace parley::testing {

// The directions of a fault.
enum class way : std::uint8_t { to_server = 1, to_client = 2, both = 3 };

class relay {
 public:
  // Listens on a port of the system's choice and passes on to this port of 127.0.0.1.
  explicit relay(std::uint16_t server_port);
  ~relay();
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  std::uint16_t port() const noexcept;
  // From now on, also on open connections: at most so many bytes are read and written at once, each
  // after this delay.
  void shape(std::size_t chunk, std::chrono::milliseconds delay = {});
  // Ends every open connection in order (FIN), after what was read so far was passed on.
  void close_all();
  // Drops every open connection (RST at both ends).
  void reset_all();
  // Reads and discards what arrives on open connections in this direction. Nothing else happens, as
  // behind a router that has forgotten them.
  void silence_all(way);
  // Reads no more on open connections in this direction, so that the sender's buffers fill up.
  void stall_all(way);
  // Whether new connections are dropped at once.
  void refuse(bool);
  // The connections that were accepted and not refused.
  std::size_t accepted() const noexcept;

 private:
  class works;
  const std::shared_ptr<works> works_;
};

}  // namespace parley::testing
