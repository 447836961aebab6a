// Many connections on one busy-polled epoll. A sleeping client would add the time of waking it to every figure.
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

  // The members take the scripts in turn. `batch`: the most messages that one of them sends at once.
  crowd(std::uint16_t port, std::size_t size, const std::vector<script>& scripts, std::size_t batch);

  std::size_t size() const { return members_.size(); }
  member& at(std::size_t i) { return members_[i]; }
  void owe(member& who, std::size_t messages) { who.to_send.owed += messages; }
  void flush(member& who);
  // One turn: reads what is there and tells of each member that got answers. Fails if nothing comes for 5 s.
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
