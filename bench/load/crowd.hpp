// Many connections on one epoll instance that is polled without sleeping. A client that sleeps
// would add the time for waking it to every figure.
#pragma once

#include "load/connection.hpp"
#include "load/script.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace bench {

class crowd {
 public:
  struct member {
    int socket;
    outgoing* out;
    answer_counter in;
    outgoing::cursor to_send{};
    bool blocked = false;
  };

  // The connections use the scripts in turn. `batch` limits the messages that one connection sends
  // at once.
  crowd(std::uint16_t port, std::size_t size, const std::vector<script>& scripts, std::size_t batch);

  std::size_t size() const { return members_.size(); }
  member& at(std::size_t i) { return members_[i]; }
  void owe(member& who, std::size_t messages) { who.to_send.owed += messages; }
  void flush(member& who);
  // One turn: reads all available data and reports each connection that got answers. Fails if
  // nothing arrives for 5 s.
  void poll(const std::function<void(member&, std::uint64_t answers)>& on_answers);

 private:
  void watch(member& who, int how, unsigned what);

  int epoll_;
  std::vector<std::unique_ptr<outgoing>> outgoing_;
  std::vector<member> members_;
  std::vector<unsigned char> input_;
  double heard_ = 0;
};

}  // namespace bench
