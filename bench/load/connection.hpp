// One connection of the load client: raw, non-blocking, with nothing per message but a system call's share and a patched id.
#pragma once

#include "load/script.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

// Counts answers in a byte stream. The first is checked by its content, the others must have the same header and so the same size.
class answer_counter {
 public:
  explicit answer_counter(const script& what) : script_(&what) {}
  std::uint64_t feed(const unsigned char* bytes, std::size_t size);

 private:
  std::uint64_t count(const unsigned char* bytes, std::size_t size);
  void learn();

  const script* script_;
  std::string first_;         // until the first answer is whole
  std::size_t answer_ = 0;    // bytes of an answer with its header; 0: not yet known
  std::string header_;        // that every answer begins with
  std::size_t position_ = 0;  // in the answer that is coming in
};

// Messages with ascending ids, made in place in a buffer that all connections share: at most `batch` in one system call.
class outgoing {
 public:
  outgoing(const script& what, std::size_t batch);
  struct cursor {
    std::uint64_t next_id = first_id;
    std::size_t owed = 0;    // messages not yet wholly sent
    std::size_t offset = 0;  // of the first of them, bytes already sent
  };
  // Sends what is owed; false: the socket takes no more now.
  bool send(int socket, cursor& at);

 private:
  const script& script_;
  std::size_t size_;
  std::size_t batch_;
  std::string bytes_;
};

// Connects, upgrades and greets, blocking; returns a non-blocking socket.
int open_connection(std::uint16_t port, const script& what);

}  // namespace bench
