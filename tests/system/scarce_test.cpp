// The system has no thread or descriptor left. The documented errors are reported, and nothing is
// lost afterwards.
#include "held_port.hpp"
#include "system/raw_house.hpp"
#include "system/world.hpp"
#include "websocket/chosen_names.hpp"

#include <parley/raw.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <dlfcn.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <limits>
#include <string>
#include <system_error>

namespace {

// The number of threads that can still be created.
std::atomic<int> threads_left = std::numeric_limits<int>::max();

struct only_so_many_threads {
  explicit only_so_many_threads(int count) { threads_left = count; }
  ~only_so_many_threads() { threads_left = std::numeric_limits<int>::max(); }
};

std::atomic<bool> no_descriptors = false;

// Replaces a system limit, which would also affect the sanitizers' own descriptors.
struct without_descriptors {
  without_descriptors() { no_descriptors = true; }
  ~without_descriptors() { no_descriptors = false; }
};

}  // namespace

extern "C" int socket(int domain, int type, int protocol) noexcept {
  static const auto real = reinterpret_cast<int (*)(int, int, int)>(dlsym(RTLD_NEXT, "socket"));
  if (!no_descriptors) return real(domain, type, protocol);
  errno = EMFILE;
  return -1;
}

extern "C" int epoll_create1(int flags) noexcept {
  static const auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "epoll_create1"));
  if (!no_descriptors) return real(flags);
  errno = EMFILE;
  return -1;
}

extern "C" int eventfd(unsigned int count, int flags) noexcept {
  static const auto real = reinterpret_cast<int (*)(unsigned int, int)>(dlsym(RTLD_NEXT, "eventfd"));
  if (!no_descriptors) return real(count, flags);
  errno = EMFILE;
  return -1;
}

extern "C" int pthread_create(pthread_t* made, const pthread_attr_t* how, void* (*run)(void*), void* with) noexcept {
  static const auto real = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left.fetch_sub(1) <= 0) return EAGAIN;
  return real(made, how, run, with);
}

namespace {

using namespace talk::v1;
using parley::errc;
using parley::transport::testing::names;

TEST(WithoutThreads, A_client_says_so_in_its_constructor) {
  const only_so_many_threads none(0);
  EXPECT_THROW(parley::client("ws://127.0.0.1:1/ws"), std::system_error);
  EXPECT_THROW(parley::raw_connection("ws://127.0.0.1:1/ws"), std::system_error);
}

TEST(WithoutThreads, A_name_that_cannot_be_looked_up_is_disconnected) {
  asio::io_context io;
  parley::client link(io.get_executor(), "ws://named.test:1/ws");
  names().choose("named.test", {"127.0.0.1"});
  std::optional<parley::result<>> told;
  const only_so_many_threads none(0);
  link.async_connect([&](parley::result<> outcome) { told = std::move(outcome); });
  io.run();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->error().code, errc::disconnected);
  EXPECT_NE(told->error().message.find("no thread"), std::string::npos) << told->error().message;
  EXPECT_EQ(names().begun("named.test"), 0);
}

TEST(WithoutThreads, A_server_does_not_start_and_lets_go_of_its_port) {
  const held_port port;
  for (int left = 0; left < 3; ++left) {
    parley::server server{{.port = port.number(), .threads = 3}};
    Host host(server);
    server.add(host);
    {
      const only_so_many_threads few(left);
      EXPECT_THROW(server.start(), parley::call_failed) << left;
      EXPECT_THROW(server.start(), std::logic_error);
    }
    server.stop();
    server.join();
    parley::server other{{.port = port.number()}};
    EXPECT_NO_THROW(other.start()) << left;
  }
  for (int left = 0; left < 2; ++left) {
    parley::server server{{.port = port.number(), .threads = 3}};
    const only_so_many_threads few(left);
    EXPECT_THROW(server.run(), parley::call_failed) << left;
  }
}

TEST(WithoutDescriptors, A_client_says_so_in_its_constructor) {
  const without_descriptors none;
  EXPECT_THROW(parley::client("ws://127.0.0.1:1/ws"), std::system_error);
  EXPECT_THROW(parley::raw_connection("ws://127.0.0.1:1/ws"), std::system_error);
}

TEST(WithoutDescriptors, A_blocking_function_waits_for_the_own_thread) {
  raw_tests::house home(raw_tests::carrier::websocket);
  parley::raw_connection ws(home.url());
  ws.connect();
  {
    const without_descriptors none;
    EXPECT_EQ(ws.ask("hello").text(), "hello");
  }
  EXPECT_EQ(ws.ask("again").text(), "again");
}

TEST(WithoutDescriptors, A_connect_fails_and_the_next_one_may_succeed) {
  parley::server server{{}};
  server.start();
  names().choose("two.test", {"127.0.0.1", "::1"});
  for (const std::string host : {"127.0.0.1", "two.test"}) {
    parley::client link{"ws://" + host + ":" + std::to_string(server.port()) + "/ws"};
    {
      const without_descriptors none;
      try {
        link.connect();
        ADD_FAILURE() << "connected without a socket";
      } catch (const parley::call_failed& failed) {
        EXPECT_EQ(failed.error().code, errc::disconnected);
        EXPECT_NE(failed.error().message.find("Too many open files"), std::string::npos) << failed.what();
      }
    }
    EXPECT_NO_THROW(link.connect());
  }
}

}  // namespace
