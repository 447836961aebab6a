// The floor: WebSocket frames written by hand on epoll, echoed to the sender or, with mode=all,
// sent to all clients. The answers of one read are sent in one write.
#include "floors/output.hpp"
#include "support/arguments.hpp"
#include "support/figures.hpp"
#include "support/frames.hpp"
#include "support/socket.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <span>
#include <vector>

namespace {

struct peer {
  int socket;
  bool upgraded = false;
  bool blocked = false;  // set while the socket cannot be written
  std::vector<unsigned char> partial{};
  bench::output out{};
};

class server {
 public:
  explicit server(bool to_all)
      : to_all_(to_all), epoll_(epoll_create1(0)), listener_(bench::listen_and_announce(false)), input_(512 * 1024) {
    watch(listener_, nullptr, EPOLL_CTL_ADD, EPOLLIN);
  }

  void run() {
    std::vector<epoll_event> events(1024);
    for (;;) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < n; ++i) {
        auto* from = static_cast<peer*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (from == nullptr) {
          accept_all();
          continue;
        }
        if ((events[static_cast<std::size_t>(i)].events & EPOLLOUT) != 0) flush(*from);
        if ((events[static_cast<std::size_t>(i)].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !read(*from)) leave(*from);
      }
    }
  }

 private:
  void watch(int socket, peer* who, int how, unsigned what) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = who;
    epoll_ctl(epoll_, how, socket, &event);
  }

  void accept_all() {
    for (int socket = 0; (socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      bench::no_delay(socket);
      auto* who = new peer{.socket = socket};
      peers_.push_back(who);
      watch(socket, who, EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  void leave(peer& who) {
    close(who.socket);
    std::erase(peers_, &who);
    delete &who;
  }

  void flush(peer& to) {
    while (to.out.left() != 0) {
      const ssize_t n = send(to.socket, to.out.rest(), to.out.left(), MSG_NOSIGNAL);
      if (n < 0) {
        if (!to.blocked) watch(to.socket, &to, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
        to.blocked = true;
        return;
      }
      to.out.took(static_cast<std::size_t>(n));
    }
    if (to.blocked) watch(to.socket, &to, EPOLL_CTL_MOD, EPOLLIN);
    to.blocked = false;
  }

  // Returns false when the connection has ended.
  bool read(peer& from) {
    std::size_t have = from.partial.size();
    if (have != 0) std::memcpy(input_.data(), from.partial.data(), have);
    const ssize_t n = recv(from.socket, input_.data() + have, input_.size() - have, 0);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    have += static_cast<std::size_t>(n);
    if (!from.upgraded) return upgrade(from, have);
    const std::ptrdiff_t used =
        bench::frames::parse(input_.data(), have, [&](unsigned char opcode, const unsigned char* payload, std::size_t size) {
          if (!to_all_) return from.out.add_frame(opcode, payload, size);
          for (peer* to : peers_) {
            if (!to->upgraded) continue;
            if (to->out.empty()) dirty_.push_back(to);
            to->out.add_frame(opcode, payload, size);
          }
        });
    if (used < 0) return false;
    from.partial.assign(input_.data() + used, input_.data() + have);
    if (to_all_) {
      for (peer* to : dirty_) flush(*to);
      dirty_.clear();
    } else if (!from.blocked) {
      flush(from);
    }
    return true;
  }

  bool upgrade(peer& from, std::size_t have) {
    from.partial.assign(input_.data(), input_.data() + have);
    if (have < 4 || std::memcmp(input_.data() + have - 4, "\r\n\r\n", 4) != 0) return true;
    from.upgraded = true;
    from.partial.clear();
    bench::write_all(from.socket, bench::frames::upgraded);
    return true;
  }

  bool to_all_;
  int epoll_;
  int listener_;
  std::vector<unsigned char> input_;
  std::vector<peer*> peers_;
  std::vector<peer*> dirty_;
};

}  // namespace

int main(int argc, char** argv) {
  bench::be_multi_threaded();
  server(bench::arguments(argc, argv).text("mode") == "all").run();
}
