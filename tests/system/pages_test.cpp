// Requests without an upgrade: pages of the application, health and metrics, and paths that share a
// port.
#include "system/lines_dialect.hpp"
#include "system/log_of.hpp"
#include "system/web.hpp"
#include "system/world.hpp"

#include <parley/raw.hpp>
#include <parley/raw_server.hpp>
#include <parley/version.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <list>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace talk::v1 {
namespace {

using testing::HasSubstr;
using testing::Not;
using web::get;

constexpr std::string_view upgrade =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// A server whose handler lives longer.
struct house {
  explicit house(parley::server_options options = {}) {
    options.log = log.sink();
    server.emplace(std::move(options));
    host.emplace(*server);
    server->add(*host);
  }
  ~house() {
    server->stop();
    server->join();
  }
  std::uint16_t port() const { return server->port(); }

  log_of log;
  std::optional<parley::server> server;
  std::optional<Host> host;
};

struct folder_of_files {
  folder_of_files() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-pages-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~folder_of_files() { std::filesystem::remove_all(path); }
  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << content;
  }
  std::filesystem::path path;
};

class Pages : public testing::TestWithParam<std::size_t> {};

TEST_P(Pages, Are_answered_beside_the_websocket_with_the_headers_that_protect_them) {
  house h({.threads = GetParam()});
  h.server->get("/hashes", [](const parley::page_request& asked) {
    EXPECT_EQ(asked.path, "/hashes");
    EXPECT_EQ(asked.query, "a=1&b");
    EXPECT_TRUE(asked.from_loopback);
    EXPECT_THAT(std::string(asked.remote), HasSubstr("127.0.0.1:"));
    return parley::page{.type = "application/json", .body = "[1]"};
  });
  h.server->start();
  // With several loops, the requests come to different ones.
  for (int i = 0; i < 12; ++i) {
    const web::answer seen = get(h.port(), "/hashes?a=1&b");
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.body, "[1]");
    for (const std::string_view line :
         {"Content-Type: application/json", "Content-Length: 3", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
          "Content-Security-Policy: default-src 'self'; connect-src 'self'", "Referrer-Policy: no-referrer", "Connection: close"})
      EXPECT_TRUE(seen.has(line)) << line << '\n' << seen.head;
    EXPECT_THAT(seen.head, Not(HasSubstr("Access-Control")));
  }
  const web::answer head = get(h.port(), "/hashes?a=1&b", {}, "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.has("Content-Length: 3"));
  EXPECT_EQ(head.body, "");
  parley::client link{"ws://127.0.0.1:" + std::to_string(h.port()) + "/ws"};
  TalkClient talk{link};
  EXPECT_EQ(talk.add({.numbers = {1, 2}}).value, 3);
}

TEST_P(Pages, About_health_follow_the_life_of_the_server) {
  house h({.threads = GetParam()});
  h.server->start();
  EXPECT_EQ(get(h.port(), "/livez").status, 200);
  for (const std::string_view path : {"/readyz", "/healthz"}) {
    EXPECT_EQ(get(h.port(), path).status, 200);
    h.server->ready(false);
    EXPECT_EQ(get(h.port(), path).status, 503);
    EXPECT_EQ(get(h.port(), "/livez").status, 200);
    h.server->ready(true);
    EXPECT_EQ(get(h.port(), path).status, 200);
  }
}
INSTANTIATE_TEST_SUITE_P(Loops, Pages, testing::Values(1, 3));

TEST(LivezPage, Waits_for_a_loop_that_stands_still) {
  house h({.threads = 2, .handshake_timeout = std::chrono::milliseconds(400)});
  std::promise<void> go_on;
  std::atomic<bool> stands = false;
  h.host->on_touch = [&](parley::call&) -> parley::reply<> {
    stands = true;
    go_on.get_future().wait();
    return {};
  };
  h.server->start();
  parley::client link{"ws://127.0.0.1:" + std::to_string(h.port()) + "/ws"};
  TalkClient talk{link};
  std::future<void> touched = std::async(std::launch::async, [&] { talk.touch(); });
  while (!stands) std::this_thread::yield();
  // A request that comes to the other loop is answered with 503 in the end. One that comes to the
  // loop that stands still waits with it.
  std::list<web::client> all;
  for (int i = 0; i < 24; ++i) all.emplace_back(h.port()).send("GET /livez HTTP/1.1\r\nHost: here\r\n\r\n");
  std::vector<std::future<web::answer>> answers;
  for (web::client& one : all) answers.push_back(std::async(std::launch::async, [&one] { return web::parsed(one.rest()); }));
  bool refused = false;
  while (!refused)
    for (auto& one : answers)
      if (one.valid() && one.wait_for(std::chrono::milliseconds(5)) == std::future_status::ready)
        refused = refused || one.get().status == 503;
  go_on.set_value();
  touched.get();
  EXPECT_EQ(get(h.port(), "/livez").status, 200);
}

TEST(Pages, That_do_not_exist_are_404_and_the_path_of_the_websocket_is_426) {
  house h;
  h.server->start();
  EXPECT_EQ(get(h.port(), "/").status, 404);
  const web::answer ws = get(h.port(), "/ws");
  EXPECT_EQ(ws.status, 426);
  EXPECT_TRUE(ws.has("Upgrade: websocket"));
  EXPECT_EQ(get(h.port(), "/livez", upgrade).status, 404);
}

TEST(Pages, Are_selected_by_exactly_their_path) {
  house h;
  const folder_of_files files;
  files.write("index.html", "<h1>here</h1>");
  files.write("app/main.js", "1;");
  files.write("a b#c.txt", "odd");
  files.write(".secret", "hidden");
  std::filesystem::create_symlink("/etc/hostname", files.path / "link.txt");
  h.server->keep("/inspector/", files.path.string());
  h.server->start();
  files.write("app/main.js", "changed later");
  const web::answer index = get(h.port(), "/inspector/");
  EXPECT_EQ(index.body, "<h1>here</h1>");
  EXPECT_TRUE(index.has("Content-Type: text/html; charset=utf-8"));
  EXPECT_EQ(get(h.port(), "/inspector/index.html").body, "<h1>here</h1>");
  EXPECT_EQ(get(h.port(), "/inspector/app/main.js").body, "1;");
  EXPECT_TRUE(get(h.port(), "/inspector/app/main.js").has("Content-Type: text/javascript; charset=utf-8"));
  EXPECT_EQ(get(h.port(), "/inspector/a%20b%23c.txt").body, "odd");
  const web::answer moved = get(h.port(), "/inspector");
  EXPECT_EQ(moved.status, 308);
  EXPECT_TRUE(moved.has("Location: /inspector/"));
  for (const std::string_view path :
       {"/inspector/.secret", "/inspector/link.txt", "/inspector/../inspector/index.html", "/inspector/%2e%2e/inspector/index.html",
        "/inspector/app/../index.html", "/inspector//index.html", "/inspector/app/", "/INSPECTOR/index.html", "/inspector/index.html/",
        "/inspector/%69ndex.html", "/inspector/app%2fmain.js", "//inspector/index.html", "/inspector/index.html%00"})
    EXPECT_EQ(get(h.port(), path).status, 404) << path;
}

TEST(Pages, Are_not_answered_to_requests_that_two_readers_could_understand_differently) {
  house h;
  h.server->get("/here", [](const parley::page_request&) { return parley::page{.body = "yes"}; });
  h.server->start();
  const auto status = [&](std::string_view text) { return web::ask(h.port(), text).status; };
  const std::string good = "GET /here HTTP/1.1\r\nHost: here\r\n";
  EXPECT_EQ(status(good + "\r\n"), 200);
  EXPECT_EQ(status(good + "Content-Length: 0\r\n\r\n"), 200);
  struct row {
    const char* name;
    std::string text;
    int wanted;
  };
  const row rows[] = {
      {"a body", good + "Content-Length: 3\r\n\r\nabc", 400},
      {"a length and chunks", good + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks", good + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"an unknown coding", good + "Transfer-Encoding: identity\r\n\r\n", 400},
      {"two lengths", good + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
      {"a list of lengths", good + "Content-Length: 0, 0\r\n\r\n", 400},
      {"a signed length", good + "Content-Length: +0\r\n\r\n", 400},
      {"a folded line", good + "X: a\r\n b\r\n\r\n", 400},
      {"two hosts", good + "Host: elsewhere\r\n\r\n", 400},
      {"no host", "GET /here HTTP/1.1\r\n\r\n", 400},
      {"a space before the colon", "GET /here HTTP/1.1\r\nHost : here\r\n\r\n", 400},
      {"a line feed alone", "GET /here HTTP/1.1\nHost: here\n\r\n\r\n", 400},
      {"a whole url", "GET http://here/here HTTP/1.1\r\nHost: here\r\n\r\n", 400},
      {"HTTP/1.0", "GET /here HTTP/1.0\r\nHost: here\r\n\r\n", 400},
      {"two spaces", "GET  /here HTTP/1.1\r\nHost: here\r\n\r\n", 400},
      {"POST", "POST /here HTTP/1.1\r\nHost: here\r\n\r\n", 405},
      {"OPTIONS", "OPTIONS /here HTTP/1.1\r\nHost: here\r\n\r\n", 405},
      {"HEAD with an upgrade", "HEAD /here HTTP/1.1\r\nHost: here\r\n" + std::string(upgrade) + "\r\n", 405},
      {"8,000 bytes of headers", good + "X: " + std::string(8'000, 'a') + "\r\n\r\n", 200},
      {"20,000 bytes of headers", good + "X: " + std::string(20'000, 'a') + "\r\n\r\n", 431},
  };
  for (const row& r : rows) EXPECT_EQ(status(r.text), r.wanted) << r.name;
  EXPECT_TRUE(web::ask(h.port(), "PUT /here HTTP/1.1\r\nHost: here\r\n\r\n").has("Allow: GET, HEAD"));
  // A second request behind the first is dropped with the connection.
  const std::string twice = good + "\r\n" + good + "\r\n";
  web::client one(h.port());
  one.send(twice);
  const std::string all = one.rest();
  EXPECT_EQ(all.find("HTTP/1.1 200"), 0u);
  EXPECT_EQ(all.find("HTTP/1.1", 1), all.npos);
}

TEST(Pages, Never_fail_on_random_requests) {
  house h;
  h.server->get("/here", [](const parley::page_request&) { return parley::page{.body = "yes"}; });
  h.server->start();
  const std::vector<std::string> pieces = {"GET ",
                                           "HEAD ",
                                           "/here",
                                           "/livez",
                                           " HTTP/1.1\r\n",
                                           "Host: here\r\n",
                                           "\r\n",
                                           "Host:",
                                           "\r",
                                           "\n",
                                           "/../",
                                           "%2e",
                                           "?",
                                           ":",
                                           std::string(1, '\0'),
                                           "\xff",
                                           " ",
                                           "Upgrade: websocket\r\n",
                                           "Connection: Upgrade\r\n",
                                           "Content-Length: ",
                                           "9"};
  std::mt19937 random(20261129);
  for (int i = 0; i < 300; ++i) {
    std::string text;
    if (random() % 2 == 0) text = "GET /here HTTP/1.1\r\nHost: here\r\n";
    for (auto left = random() % 12; left != 0; --left) text += pieces[random() % pieces.size()];
    text += "\r\n\r\n";
    const web::answer seen = web::ask(h.port(), text);
    EXPECT_TRUE(seen.status == 200 || seen.status == 400 || seen.status == 404 || seen.status == 405 || seen.status == 426)
        << seen.status << text;
  }
  EXPECT_EQ(get(h.port(), "/here").body, "yes");
}

TEST(Pages, That_fail_are_500_without_their_reason) {
  house h;
  h.server->get("/throws", [](const parley::page_request&) -> parley::page { throw std::runtime_error("secret 4711"); });
  h.server->get("/large", [](const parley::page_request&) { return parley::page{.body = std::string(4 * 1024 * 1024 + 1, 'x')}; });
  h.server->get("/split", [](const parley::page_request&) { return parley::page{.type = "text/html\r\nSet-Cookie: a=b"}; });
  h.server->get("/odd", [](const parley::page_request&) { return parley::page{.status = 101}; });
  h.server->get("/gone", [](const parley::page_request&) { return parley::page{.status = 404, .body = "gone"}; });
  h.server->start();
  const web::answer seen = get(h.port(), "/throws");
  EXPECT_EQ(seen.status, 500);
  EXPECT_THAT(seen.head + seen.body, Not(HasSubstr("4711")));
  EXPECT_THAT(h.log.line_with("a page"), HasSubstr("secret 4711"));
  EXPECT_EQ(get(h.port(), "/large").status, 500);
  EXPECT_EQ(get(h.port(), "/split").status, 500);
  EXPECT_EQ(get(h.port(), "/odd").status, 500);
  EXPECT_EQ(get(h.port(), "/gone").status, 404);
}

TEST(Pages, To_slow_readers_end_in_time_and_the_65th_at_a_time_is_503) {
  house h({.handshake_timeout = std::chrono::milliseconds(500)});
  h.server->get("/large", [](const parley::page_request&) { return parley::page{.body = std::string(4 * 1024 * 1024, 'x')}; });
  h.server->start();
  std::list<web::client> slow;
  for (int i = 0; i < 64; ++i) {
    web::client& one = slow.emplace_back(h.port(), 4096);
    one.send("GET /large HTTP/1.1\r\nHost: here\r\n\r\n");
    std::array<char, 1> first{};
    asio::read(one.socket(), asio::buffer(first));  // it is being sent
  }
  const web::answer refused = get(h.port(), "/readyz");
  // A slow machine may have ended the first of them already.
  if (refused.status != 200) {
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.has("Retry-After: 1"));
  }
  // They are given up, although they do not read. The system may still hold the rest of a page.
  while (get(h.port(), "/readyz").status != 200) {}
  for (web::client& one : slow) EXPECT_LE(one.rest().size(), 4u * 1024 * 1024 + 1024);
}

TEST(Hosts, Other_than_those_listed_are_refused_to_pages_and_upgrades) {
  house h({.hosts = {"Lobby.Example.org", "[::1]:8080"}});
  h.server->start();
  const auto status = [&](std::string_view host, std::string_view path, std::string_view more) {
    return web::ask(h.port(), "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" + std::string(more) + "\r\n")
        .status;
  };
  EXPECT_EQ(status("lobby.example.org", "/livez", ""), 200);
  EXPECT_EQ(status("LOBBY.example.org:99", "/livez", ""), 200);
  EXPECT_EQ(status("[::1]:8080", "/livez", ""), 200);
  for (const std::string_view other : {"[::1]", "127.0.0.1", "evil.example", "lobby.example.org.evil.example", "lobby.example.org:x", "",
                                       "evil.example@lobby.example.org"}) {
    EXPECT_EQ(status(other, "/livez", ""), 403) << other;
    EXPECT_EQ(status(other, "/ws", upgrade), 403) << other;
  }
  EXPECT_THROW(parley::server({.hosts = {"http://here"}}), std::invalid_argument);
}

TEST(Metrics, Are_text_for_prometheus_about_what_was_counted) {
  house h({.threads = 2});
  h.server->start();
  parley::client link{"ws://127.0.0.1:" + std::to_string(h.port()) + "/ws"};
  TalkClient talk{link};
  talk.touch();
  get(h.port(), "/ws");
  const web::answer seen = get(h.port(), "/metrics");
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.has("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  for (const std::string& line :
       std::vector<std::string>{"parley_build_info{version=\"" + std::string(parley::version) + "\"} 1", "parley_ready 1",
                                "parley_connections{format=\"binary\"} 1", "parley_connections{format=\"json\"} 0",
                                "parley_connections_opened_total 1", "parley_server_started_total{type=\"unary\"} 1",
                                "parley_handshake_rejected_total{status=\"426\"} 1", "parley_connections_closed_total{code=\"1000\"} 0"})
    EXPECT_THAT(seen.body, HasSubstr(line + "\n"));
  EXPECT_THAT(seen.body, Not(HasSubstr("parley_tls_")));
  link.close();
  h.host->departures.next();
  EXPECT_THAT(get(h.port(), "/metrics").body, HasSubstr("parley_connections_closed_total{code=\"1000\"} 1\n"));
}

TEST(Metrics, Are_shown_to_those_whom_the_port_allows) {
  house h({.pages = {.metrics = parley::pages_options::who::nobody}});
  const std::size_t scraped = h.server->listen({.pages_only = true, .pages = parley::pages_options{.health = false}});
  h.server->start();
  EXPECT_EQ(get(h.port(), "/metrics").status, 404);
  EXPECT_EQ(get(h.port(), "/livez").status, 200);
  EXPECT_EQ(get(h.server->port(scraped), "/metrics").status, 200);
  EXPECT_EQ(get(h.server->port(scraped), "/livez").status, 404);
  EXPECT_EQ(get(h.server->port(scraped), "/ws", upgrade).status, 404);
  EXPECT_EQ(get(h.server->port(scraped), "/ws").status, 404);
}

TEST(Paths, Of_one_port_have_their_own_dialects_and_origins) {
  const lines_dialect spoken;
  house h;
  const std::size_t lines =
      h.server->listen({.same_port_as = 0, .path = "/lines", .dialect = {.format = &spoken}, .origins = {"https://a.example"}});
  h.server->start();
  EXPECT_EQ(h.server->port(lines), h.port());
  const auto status = [&](std::string_view path, std::string_view origin) {
    web::client one(h.port());
    one.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: here\r\nOrigin: " + std::string(origin) + "\r\n" + std::string(upgrade) +
             "\r\n");
    std::array<char, 12> line{};
    asio::read(one.socket(), asio::buffer(line));
    return std::string(line.data() + 9, 3);
  };
  EXPECT_EQ(status("/lines", "https://a.example"), "101");
  EXPECT_EQ(status("/ws", "https://a.example"), "403");
  EXPECT_EQ(status("/other", "https://a.example"), "404");
  EXPECT_EQ(get(h.port(), "/lines").status, 426);
  parley::client link{"ws://127.0.0.1:" + std::to_string(h.port()) + "/ws"};
  TalkClient talk{link};
  EXPECT_EQ(talk.add({.numbers = {2}}).value, 2);
}

TEST(Pages, Of_a_raw_server_are_answered_beside_its_connections) {
  parley::raw_server server({}, [](parley::raw_connection) {});
  server.get("/here", [](const parley::page_request& asked) {
    if (!asked.query.empty()) throw std::runtime_error("secret");
    return parley::page{.body = "yes"};
  });
  server.start();
  EXPECT_EQ(get(server.port(), "/here").body, "yes");
  EXPECT_EQ(get(server.port(), "/here?x").status, 500);
  EXPECT_EQ(get(server.port(), "/there").status, 404);
  EXPECT_THROW(server.get("/late", [](const parley::page_request&) { return parley::page{}; }), std::logic_error);
  parley::raw_connection ws("ws://127.0.0.1:" + std::to_string(server.port()) + "/any");
  EXPECT_NO_THROW(ws.connect());
  parley::raw_server without({}, [](parley::raw_connection) {});
  without.start();
  EXPECT_EQ(get(without.port(), "/here").status, 426);
}

TEST(Pages, And_paths_that_cannot_be_served_are_refused_at_once) {
  house h;
  const auto any = [](const parley::page_request&) { return parley::page{}; };
  h.server->get("/once", any);
  for (const std::string_view path : {"", "here", "/a b", "/a?b", "/a#b", "/\xc3\xa4", "/once"})
    EXPECT_THROW(h.server->get(std::string(path), any), std::invalid_argument) << path;
  EXPECT_THROW(h.server->get("/null", nullptr), std::invalid_argument);
  EXPECT_THROW(h.server->keep("/files", "/nowhere/at/all"), std::invalid_argument);
  for (const parley::port_options& wrong :
       {parley::port_options{.same_port_as = 7}, parley::port_options{.same_port_as = 0, .path = "/ws"},
        parley::port_options{.port = 1, .same_port_as = 0, .path = "/x"},
        parley::port_options{.same_port_as = 0, .path = "/x", .pages_only = true}, parley::port_options{.origins = {"nonsense"}},
        parley::port_options{.hosts = std::vector<std::string>{"a b"}}})
    EXPECT_THROW(h.server->listen(wrong), std::invalid_argument);
  parley::server named({.port = 9});
  EXPECT_THROW(named.listen({.port = 9}), std::invalid_argument);
  h.server->start();
  EXPECT_THROW(h.server->get("/late", any), std::logic_error);
  EXPECT_THROW(h.server->keep("/late", "/tmp"), std::logic_error);
}

}  // namespace
}  // namespace talk::v1
