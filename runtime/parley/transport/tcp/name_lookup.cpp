#include "parley/transport/tcp/name_lookup.hpp"

#include <asio/execution/context.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace parley::transport {
namespace {

// An operation that waits for an answer. `done` is used on the executor only, and `on` under the
// mutex of the look-ups.
struct asker {
  // Keeps the context running. Empty: the operation was answered or abandoned, or the context was
  // destroyed.
  std::optional<asio::any_io_executor> on;
  std::function<void(const name_answer&)> done;

  void answer(const name_answer& found) {
    if (const auto call = std::exchange(done, nullptr)) call(found);
  }
};

struct question {
  std::string host;
  std::vector<std::shared_ptr<asker>> askers;
};

// A text and not an error code, because the category of the code is destroyed at the end of main(),
// and this thread may outlive main().
std::string problem_of(int outcome, int system) { return outcome == EAI_SYSTEM ? std::strerror(system) : ::gai_strerror(outcome); }

name_answer ask_system(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int outcome = ::getaddrinfo(host.c_str(), nullptr, &wanted, &first);
  name_answer answer;
  if (outcome != 0) {
    answer.problem = problem_of(outcome, errno);
    return answer;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(first, ::freeaddrinfo);
  for (const addrinfo* one = first; one; one = one->ai_next) {
    if (one->ai_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, one->ai_addr, sizeof v4);
      answer.addresses.emplace_back(asio::ip::address_v4(ntohl(v4.sin_addr.s_addr)));
    } else if (one->ai_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, one->ai_addr, sizeof v6);
      asio::ip::address_v6::bytes_type bytes{};
      std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
      answer.addresses.emplace_back(asio::ip::address_v6(bytes, v6.sin6_scope_id));
    }
  }
  if (answer.addresses.empty()) answer.problem = "the name has no address";
  return answer;
}

// Blocks all signals, because a program's signal handlers expect its own threads.
class without_signals {
 public:
  without_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  without_signals(const without_signals&) = delete;
  without_signals& operator=(const without_signals&) = delete;

 private:
  sigset_t before_{};
};

// The look-ups of one execution context. Shared by its service and by the threads, which may live
// longer than the context.
class lookups final : public std::enable_shared_from_this<lookups> {
 public:
  void add(const std::string& host, std::shared_ptr<asker> who) {
    const std::lock_guard lock(guard_);
    if (ended_) return;
    for (const auto* all : {&running_, &waiting_})
      for (const auto& one : *all)
        if (one->host == host) return one->askers.push_back(std::move(who));
    waiting_.push_back(std::make_shared<question>(question{host, {std::move(who)}}));
    if (threads_ < most_lookups) begin_thread();
  }

  void abandon(asker& who) {
    std::function<void(const name_answer&)> forgotten;
    const std::lock_guard lock(guard_);
    who.on.reset();
    forgotten = std::exchange(who.done, nullptr);
    std::erase_if(waiting_, [](const auto& one) {
      return std::none_of(one->askers.begin(), one->askers.end(), [](const auto& a) { return a->on.has_value(); });
    });
  }

  // The context is being destroyed. No operation is completed, and the threads find nothing left to
  // do.
  void end() {
    std::vector<std::shared_ptr<asker>> forgotten;
    {
      const std::lock_guard lock(guard_);
      ended_ = true;
      for (const auto* all : {&running_, &waiting_})
        for (const auto& one : *all)
          for (auto& who : std::exchange(one->askers, {})) {
            who->on.reset();
            forgotten.push_back(std::move(who));
          }
      waiting_.clear();
    }
    for (const auto& who : forgotten) const auto dropped = std::exchange(who->done, nullptr);
  }

 private:
  // Call it with the lock held. If no thread can be created, the question waits for another thread.
  // If there is no other thread, it is answered here.
  void begin_thread() {
    try {
      const without_signals during;
      std::thread([self = shared_from_this()] { self->run(); }).detach();
      ++threads_;
    } catch (const std::system_error& none) {
      if (threads_ > 0) return;
      const auto unanswered = std::move(waiting_.front());
      waiting_.pop_front();
      tell(*unanswered, {{}, std::string("no thread for the lookup: ") + std::strerror(none.code().value())});
    }
  }

  void run() {
    for (;;) {
      std::shared_ptr<question> one;
      {
        const std::lock_guard lock(guard_);
        if (waiting_.empty()) return void(--threads_);
        one = std::move(waiting_.front());
        waiting_.pop_front();
        running_.push_back(one);
      }
      name_answer answer;
      try {
        answer = ask_system(one->host);
      } catch (const std::bad_alloc&) { answer.problem = "out of memory"; }
      const std::lock_guard lock(guard_);
      std::erase(running_, one);
      try {
        tell(*one, std::move(answer));
      } catch (...) {}  // the executor accepts no more work, and each operation has a deadline
    }
  }

  // Call it with the lock held, so that no context is destroyed meanwhile.
  static void tell(question& answered, name_answer answer) {
    const auto shared = std::make_shared<const name_answer>(std::move(answer));
    for (const auto& who : std::exchange(answered.askers, {})) {
      if (!who->on) continue;
      asio::post(*who->on, [who, shared] { who->answer(*shared); });
      who->on.reset();
    }
  }

  std::mutex guard_;
  std::deque<std::shared_ptr<question>> waiting_;
  std::deque<std::shared_ptr<question>> running_;
  std::size_t threads_ = 0;
  bool ended_ = false;
};

class lookups_of_context final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;
  explicit lookups_of_context(asio::execution_context& context) : service(context) {}

  std::shared_ptr<lookups> all() const { return all_; }

 private:
  void shutdown() override { all_->end(); }

  const std::shared_ptr<lookups> all_ = std::make_shared<lookups>();
};

}  // namespace

std::function<void()> look_up(const asio::any_io_executor& on, const std::string& host, std::function<void(const name_answer&)> done) {
  asio::execution_context& context = asio::query(on, asio::execution::context_as<asio::execution_context&>);
  const auto all = asio::use_service<lookups_of_context>(context).all();
  const auto who = std::make_shared<asker>();
  who->on = asio::prefer(on, asio::execution::outstanding_work.tracked);
  who->done = std::move(done);
  all->add(host, who);
  return [all, who] { all->abandon(*who); };
}

}  // namespace parley::transport
