#include "load/crowd.hpp"

#include "support/figures.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace bench {
namespace {

constexpr double patience = 5;  // seconds

}  // namespace

crowd::crowd(std::uint16_t port, std::size_t size, const std::vector<script>& scripts, std::size_t batch)
    : epoll_(epoll_create1(0)), input_(1 << 20) {
  for (const script& one : scripts) outgoing_.push_back(std::make_unique<outgoing>(one, batch));
  members_.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t which = i % scripts.size();
    members_.push_back({open_connection(port, scripts[which]), outgoing_[which].get(), answer_counter(scripts[which])});
  }
  for (member& one : members_) watch(one, EPOLL_CTL_ADD, EPOLLIN);
  heard_ = now();  // opening ten thousand connections takes long
}

void crowd::watch(member& who, int how, unsigned what) {
  epoll_event event{};
  event.events = what;
  event.data.ptr = &who;
  epoll_ctl(epoll_, how, who.socket, &event);
}

void crowd::flush(member& who) {
  const bool all = who.out->send(who.socket, who.to_send);
  if (all == !who.blocked) return;
  who.blocked = !all;
  watch(who, EPOLL_CTL_MOD, who.blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void crowd::poll(const std::function<void(member&, std::uint64_t)>& on_answers) {
  std::array<epoll_event, 1024> events;
  const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
  if (n == 0) {
    if (now() - heard_ > patience) fail("no answer for 5 s");
    return;
  }
  heard_ = now();
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    member& who = *static_cast<member*>(events[i].data.ptr);
    if ((events[i].events & EPOLLIN) != 0) {
      const ssize_t got = recv(who.socket, input_.data(), input_.size(), 0);
      if (got == 0) fail("the server hung up");
      if (got < 0 && errno != EAGAIN) fail_errno("recv");
      if (got > 0) {
        if (const std::uint64_t answers = who.in.feed(input_.data(), static_cast<std::size_t>(got)); answers != 0) on_answers(who, answers);
      }
    }
    if (who.to_send.owed != 0) flush(who);
  }
}

}  // namespace bench
