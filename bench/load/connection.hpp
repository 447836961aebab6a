// One connection of the load client: raw and non-blocking. The only work for each message is its
// share of a system call and a changed id.
#pragma once

#include "load/script.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

// Counts answers in a byte stream. The content of the first is checked. The others must have the
// same header, and therefore the same size.
class answer_counter {
 public:
  explicit answer_counter(const script& what) : script_(&what) {}
  std::uint64_t feed(const unsigned char* bytes, std::size_t size);

 private:
  std::uint64_t count(const unsigned char* bytes, std::size_t size);
  void learn();

  const script* script_;
  std::string first_;         // until the first answer is complete
  std::size_t answer_ = 0;    // size of an answer with its header; 0: not known yet
  std::string header_;        // the beginning of every answer
  std::size_t position_ = 0;  // position in the incomplete answer
};

// Messages with ascending ids, made in place in a buffer that all connections share. At most
// `batch` are sent in one system call.
class outgoing {
 public:
  outgoing(const script& what, std::size_t batch);
  struct cursor {
    std::uint64_t next_id = first_id;
    std::size_t owed = 0;    // messages that are not completely sent
    std::size_t offset = 0;  // bytes of the first one that are already sent
  };
  // Sends the owed messages. Returns false if the socket accepts no more at the moment.
  bool send(int socket, cursor& at);

 private:
  const script& script_;
  std::size_t size_;
  std::size_t batch_;
  std::string bytes_;
};

// Connects, upgrades and greets with a blocking socket, and then makes the socket non-blocking.
int open_connection(std::uint16_t port, const script& what);

}  // namespace bench
