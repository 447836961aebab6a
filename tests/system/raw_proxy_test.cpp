// Clients behind proxies: connections without a schema, and those with one. The proxy is played by the test and answers byte by byte.
#include "system/raw_house.hpp"

#include <parley/client.hpp>
#include <parley/raw.hpp>
#include <parley/server.hpp>

#include <asio/connect.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace raw_tests {
namespace {

using namespace std::string_literals;
using asio::use_awaitable;
using asio::ip::tcp;
using parley::errc;
using parley::raw_connection;
using parley::raw_options;

// Leads to one server, whatever name it is asked for.
class proxy {
 public:
  enum class manner { socks5, http, silent, garbage, hangs_up };

  proxy(manner speaks, std::string server_url, std::string user = {}, std::string password = {})
      : speaks_(speaks), user_(std::move(user)), password_(std::move(password)), work_(asio::make_work_guard(io_)) {
    const std::size_t colon = server_url.rfind(':');
    server_port_ = static_cast<std::uint16_t>(std::stoi(server_url.substr(colon + 1)));
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~proxy() {
    io_.stop();
    thread_.join();
  }
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;

  std::string url(std::string_view who = {}) const {
    std::string text = speaks_ == manner::http ? "http://" : "socks5://";
    if (!who.empty()) (text += who) += '@';
    return text + "127.0.0.1:" + std::to_string(door_.local_endpoint().port());
  }
  events<std::string> asked_for;

 private:
  using stream = std::shared_ptr<tcp::socket>;

  asio::awaitable<void> accept() {
    for (;;) {
      auto one = std::make_shared<tcp::socket>(co_await door_.async_accept(use_awaitable));
      one->set_option(tcp::no_delay(true));
      asio::co_spawn(io_, serve(one), asio::detached);
    }
  }

  asio::awaitable<void> serve(stream client) {
    try {
      if (speaks_ == manner::hangs_up) co_return;
      if (speaks_ == manner::silent || speaks_ == manner::garbage) {
        std::array<char, 1> byte{};
        co_await asio::async_read(*client, asio::buffer(byte), use_awaitable);
        asked_for.put("nothing");
        if (speaks_ == manner::garbage) co_await say(client, "secret nonsense\r\n\r\n");
        for (;;) co_await asio::async_read(*client, asio::buffer(byte), use_awaitable);
      }
      const bool leads = speaks_ == manner::socks5 ? co_await socks5(client) : co_await http(client);
      if (!leads) co_return;
      auto server = std::make_shared<tcp::socket>(io_);
      const tcp::endpoint where(asio::ip::address_v4::loopback(), server_port_);
      co_await server->async_connect(where, use_awaitable);
      const std::string open =
          speaks_ == manner::socks5 ? "\x05\x00\x00\x03\x05other\x00\x01"s : "HTTP/1.1 200 Connection established\r\nVia: here\r\n\r\n"s;
      co_await say(client, open);
      asio::co_spawn(io_, pump(client, server), asio::detached);
      co_await pump(server, client);
    } catch (const std::system_error&) {}  // it went
  }

  asio::awaitable<bool> socks5(stream client) {
    const std::string greeting = co_await hear(client, 2);
    const std::string methods = co_await hear(client, static_cast<unsigned char>(greeting.at(1)));
    if (!user_.empty()) {
      if (methods.find('\x02') == methods.npos) {
        co_await say(client, "\x05\xFF"s);
        co_return false;
      }
      co_await say(client, "\x05\x02"s);
      const std::string user = co_await hear_string(client, 1);
      const std::string password = co_await hear_string(client, 0);
      const bool known = user == user_ && password == password_;
      const std::string verdict{'\x01', static_cast<char>(known ? 0 : 1)};
      co_await say(client, verdict);
      if (!known) co_return false;
    } else {
      co_await say(client, "\x05\x00"s);
    }
    const std::string request = co_await hear(client, 4);
    std::string host;
    if (request.at(3) == 3) host = co_await hear_string(client, 0);
    else (void)co_await hear(client, 4);
    (void)co_await hear(client, 2);
    asked_for.put(host);
    if (host == "denied.example") co_await say(client, "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"s);
    co_return host != "denied.example";
  }

  asio::awaitable<bool> http(stream client) {
    std::string head;
    co_await asio::async_read_until(*client, asio::dynamic_buffer(head), "\r\n\r\n", use_awaitable);
    // "me:word"
    if (!user_.empty() && head.find("\r\nProxy-Authorization: Basic bWU6d29yZA==\r\n") == head.npos) {
      co_await say(client, "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"here\"\r\n\r\n");
      co_return false;
    }
    const std::size_t from = head.find(' ') + 1;
    const std::string host = head.substr(from, head.find(':') - from);
    asked_for.put(host);
    if (host == "denied.example") co_await say(client, "HTTP/1.1 403 Forbidden\r\n\r\n");
    co_return host != "denied.example";
  }

  static asio::awaitable<std::string> hear(stream from, std::size_t count) {
    std::string bytes(count, '\0');
    co_await asio::async_read(*from, asio::buffer(bytes), use_awaitable);
    co_return bytes;
  }
  // A length and as many bytes, behind `skip` others.
  static asio::awaitable<std::string> hear_string(stream from, std::size_t skip) {
    const std::string size = co_await hear(from, skip + 1);
    co_return co_await hear(from, static_cast<unsigned char>(size.back()));
  }
  static asio::awaitable<void> say(stream to, std::string text) {
    for (const char& c : text) co_await asio::async_write(*to, asio::buffer(&c, 1), use_awaitable);
  }
  static asio::awaitable<void> pump(stream from, stream to) {
    std::array<char, 4096> room{};
    for (;;) {
      std::error_code ended;
      const std::size_t count = co_await from->async_read_some(asio::buffer(room), asio::redirect_error(use_awaitable, ended));
      if (ended) break;
      co_await asio::async_write(*to, asio::buffer(room, count), asio::redirect_error(use_awaitable, ended));
    }
    std::error_code gone;
    to->shutdown(tcp::socket::shutdown_send, gone);
  }

  const manner speaks_;
  const std::string user_, password_;
  std::uint16_t server_port_ = 0;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  tcp::acceptor door_{io_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

template <class F>
parley::error error_of(F f) {
  try {
    f();
  } catch (const parley::call_failed& failed) {
    EXPECT_EQ(failed.error().message.find("secret"), std::string::npos) << failed.error().message;
    EXPECT_EQ(std::string(failed.what()).find("secret"), std::string::npos) << failed.what();
    return failed.error();
  }
  return errc::unimplemented;
}

struct RawProxy : testing::TestWithParam<proxy::manner> {
  house home{carrier::websocket};
};
INSTANTIATE_TEST_SUITE_P(Speaks, RawProxy, testing::Values(proxy::manner::socks5, proxy::manner::http),
                         [](const auto& how) { return how.param == proxy::manner::socks5 ? "socks5" : "http"; });

// A name that no resolver knows: only the proxy does.
constexpr std::string_view nowhere = "ws://house.invalid:8765/ws";

TEST_P(RawProxy, Leads_a_raw_connection_to_a_server_that_only_the_proxy_can_name) {
  proxy way(GetParam(), home.url(""));
  raw_connection ws{nowhere, {.proxy = way.url()}};
  EXPECT_EQ(ws.ask("grüße").text(), "grüße");
  EXPECT_EQ(ws.ask(std::string(100'000, 'x')).size(), 100'000u);
  EXPECT_EQ(way.asked_for.next(), "house.invalid");
  ws.close(3000, "done");
  EXPECT_EQ(home.ended.next().why.code, 3000);
}

TEST_P(RawProxy, Leads_a_typed_client_likewise) {
  parley::server server{{}};
  server.start();
  proxy way(GetParam(), "ws://127.0.0.1:" + std::to_string(server.port()), "me", "word");
  parley::client link{nowhere, {.proxy = way.url("me:word")}};
  link.connect();
  EXPECT_TRUE(link.connected());
  EXPECT_FALSE(link.id().empty());
}

TEST_P(RawProxy, Wants_the_right_user) {
  proxy way(GetParam(), home.url(""), "me", "word");
  EXPECT_EQ((raw_connection{nowhere, {.proxy = way.url("me:word")}}.ask("x").text()), "x");
  EXPECT_EQ(error_of([&] { raw_connection{nowhere, {.proxy = way.url("me:secret")}}.connect(); }).code, errc::unauthenticated);
  EXPECT_EQ(error_of([&] { raw_connection{nowhere, {.proxy = way.url()}}.connect(); }).code, errc::unauthenticated);
  EXPECT_EQ(error_of([&] { parley::client{nowhere, {.proxy = way.url("secret:secret")}}.connect(); }).code, errc::unauthenticated);
}

TEST_P(RawProxy, May_deny_what_it_is_asked_for) {
  proxy way(GetParam(), home.url(""));
  EXPECT_EQ(error_of([&] { raw_connection{"ws://denied.example/", {.proxy = way.url()}}.connect(); }).code, errc::denied);
}

TEST_P(RawProxy, Many_connections_go_through_one) {
  proxy way(GetParam(), home.url(""));
  struct one {
    static asio::awaitable<std::string> talk(std::string through, std::string text) {
      auto on = co_await asio::this_coro::executor;
      raw_options options;
      options.proxy = through;
      raw_connection ws{on, nowhere, options};
      auto answer = co_await ws.async_ask(text);
      co_return std::string(answer.value().text());
    }
  };
  std::vector<asio::awaitable<std::string>> all;
  for (int i = 0; i < 20; ++i) all.push_back(one::talk(way.url(), std::to_string(i)));
  const std::vector<std::string> answers = parley::run(std::move(all));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(answers.at(i), std::to_string(i));
}

TEST(RawProxyAtFault, Nonsense_is_bad_frame) {
  house home(carrier::websocket);
  proxy way(proxy::manner::garbage, home.url(""));
  const std::string at = way.url("u:secret").substr(std::string_view("socks5://").size());
  EXPECT_EQ(error_of([&] { raw_connection{home.url(), {.proxy = "socks5://" + at}}.connect(); }).code, errc::bad_frame);
  EXPECT_EQ(error_of([&] { raw_connection{home.url(), {.proxy = "http://" + at}}.connect(); }).code, errc::bad_frame);
}

TEST(RawProxyAtFault, One_that_hangs_up_or_cannot_be_reached_is_disconnected) {
  house home(carrier::websocket);
  std::string gone;
  {
    proxy way(proxy::manner::hangs_up, home.url(""));
    gone = way.url();
    EXPECT_EQ(error_of([&] { raw_connection{home.url(), {.proxy = gone}}.connect(); }).code, errc::disconnected);
  }
  const parley::error why = error_of([&] { raw_connection{home.url(), {.proxy = gone}}.connect(); });
  EXPECT_EQ(why.code, errc::disconnected);
  EXPECT_NE(why.message.find("the proxy could not be reached"), std::string::npos) << why.message;
}

TEST(RawProxyAtFault, A_silent_one_is_given_up_after_connect_timeout) {
  house home(carrier::websocket);
  proxy way(proxy::manner::silent, home.url(""));
  const auto clock = std::make_shared<parley::manual_clock>();
  raw_options options;
  options.connect_timeout = std::chrono::hours(1);
  options.proxy = way.url("u:secret");
  options.clock = clock;
  raw_connection ws{home.url(), options};
  auto connected = ws.async_connect(asio::use_future);
  EXPECT_EQ(way.asked_for.next(), "nothing");
  clock->advance(std::chrono::hours(1));
  const auto outcome = connected.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::deadline_exceeded);
}

TEST(RawProxyAtFault, Nobody_waits_for_a_silent_one_after_close) {
  house home(carrier::websocket);
  proxy way(proxy::manner::silent, home.url(""));
  raw_connection ws{home.url(), {.connect_timeout = std::chrono::hours(1), .proxy = way.url()}};
  auto connected = ws.async_connect(asio::use_future);
  EXPECT_EQ(way.asked_for.next(), "nothing");
  ws.close();
  EXPECT_EQ(connected.get().error().code, errc::cancelled);
}

TEST(RawProxyAtFault, A_malformed_url_is_told_by_the_constructor) {
  EXPECT_THROW(raw_connection("ws://h/", {.proxy = "socks4://h:1"}), std::invalid_argument);
  EXPECT_THROW(parley::client("ws://h/", {.proxy = "http://h"}), std::invalid_argument);
}

}  // namespace
}  // namespace raw_tests
