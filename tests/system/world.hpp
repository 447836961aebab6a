// A server with the talk schema, and its clients, over the transport and in the encoding that the
// test selects.
#pragma once

#include "talk.client.hpp"
#include "talk.server.hpp"

#include "socket_folder.hpp"
#include "system/events.hpp"

#ifdef PARLEY_TESTS_HAVE_TLS
#include "certificates.hpp"
#endif

#include <parley/client.hpp>
#include <parley/loopback.hpp>
#include <parley/server.hpp>
#include <parley/transport/websocket/slow_path_only.hpp>
#include <parley/wire/any.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace talk::v1 {

using namespace std::chrono_literals;

enum class carrier {
  loopback,
  websocket,
  slow_websocket,  // every frame goes through websocketpp at both ends
  threads,         // websocket with a server that has several loops
  unix_socket,     // websocket over a Unix socket
  tls,             // websocket over TLS
};

// The transport and the encoding of a test.
struct medium {
  carrier over = carrier::loopback;
  parley::encoding encoding = parley::encoding::binary;

  bool plain() const { return encoding == parley::encoding::plain; }
  std::string name() const {
    static constexpr std::string_view names[] = {"loopback_", "websocket_", "slow_websocket_", "threads_", "unix_socket_", "tls_"};
    std::string text(names[static_cast<std::size_t>(over)]);
    switch (encoding) {
      case parley::encoding::automatic:
        return text + "automatic";
      case parley::encoding::binary:
        return text + "binary";
      case parley::encoding::json:
        return text + "json";
      case parley::encoding::plain:
        return text + "plain";
    }
    return text;
  }
  friend std::ostream& operator<<(std::ostream& out, const medium& m) { return out << m.name(); }
};

inline std::vector<medium> every_medium() {
  std::vector<medium> all;
  for (const carrier over : {carrier::loopback, carrier::websocket, carrier::slow_websocket, carrier::threads})
    for (const parley::encoding e : {parley::encoding::binary, parley::encoding::json, parley::encoding::plain}) all.push_back({over, e});
#ifdef PARLEY_TESTS_HAVE_TLS
  all.push_back({carrier::tls, parley::encoding::binary});
  all.push_back({carrier::tls, parley::encoding::plain});
#endif
  return all;
}
inline std::vector<medium> media_with_sessions() {
  std::vector<medium> all;
  for (const medium& m : every_medium())
    if (!m.plain()) all.push_back(m);
  return all;
}

// The handler calls the functions that the test has set, and records everything that it receives.
struct Host final : TalkHandler {
  explicit Host(parley::server& server) : peers{server} {}

  void connected(parley::peer& peer) override {
    arrivals.put(peer.id());
    if (on_connected) on_connected(peer);
  }
  void principal_changed(parley::peer& peer) override {
    if (on_principal_changed) on_principal_changed(peer);
  }
  void disconnected(parley::peer& peer, const parley::error& why) override {
    peer.state<int>();
    departures.put({peer.id(), why});
  }

  parley::reply<Sum> add(const Numbers& n, parley::call& call) override {
    if (on_add) return on_add(n, call);
    if (n.numbers.size() > 3) return call.fail(Refusal::TOO_MANY, "at most three");
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }
  parley::reply<Sum> later(const Numbers& n, parley::call& call) override {
    (void)n;
    auto [reply, answer] = parley::defer<Sum>();
    waiting.put({std::make_shared<parley::later<Sum>>(std::move(answer)), &call});
    return std::move(reply);
  }
  parley::reply<Sum> look(const Numbers& n, parley::call& call) override { return later(n, call); }
  parley::reply<> touch(parley::call& call) override {
    if (on_touch) return on_touch(call);
    touches.put(1);
    return {};
  }
  parley::reply<std::string> echo(const std::string& text, parley::call&) override { return text; }
  parley::reply<parley::any> carry(const parley::any& something, parley::call&) override {
    const auto line = parley::unpack<Line>(something);
    return line ? parley::pack(Line{.text = "carried " + line->text}) : something;
  }
  parley::relay say(const Line& line, parley::event& event) override {
    said.put(line);
    return on_say ? on_say(line, event) : parley::relay::pass;
  }
  void report(const Line& line, parley::event& event) override {
    ++event.peer().state<int>();
    if (on_report) on_report(line, event);
    reports.put(line);
  }
  parley::relay poke(const Nudge& nudge, parley::event& event) override {
    pokes.put({nudge, event.to()});
    return parley::relay::pass;
  }
  parley::reply<Line> meet(const Line& line, parley::call& call) override {
    if (on_meet) return on_meet(line);
    return Line{.text = "server met " + line.text + (call.from().id == call.peer().id() ? "" : "?"), .number = line.number + 1};
  }

  struct departure {
    std::string id;
    parley::error why;
  };
  struct waiting_call {
    std::shared_ptr<parley::later<Sum>> answer;
    parley::call* call;
  };
  struct poked {
    Nudge nudge;
    parley::target to;
  };
  std::function<void(parley::peer&)> on_connected;
  std::function<void(parley::peer&)> on_principal_changed;
  std::function<parley::reply<Sum>(const Numbers&, parley::call&)> on_add;
  std::function<parley::reply<Line>(const Line&)> on_meet;
  std::function<parley::reply<>(parley::call&)> on_touch;
  std::function<parley::relay(const Line&, parley::event&)> on_say;
  std::function<void(const Line&, parley::event&)> on_report;
  events<std::string> arrivals;
  events<departure> departures;
  events<waiting_call> waiting;
  events<int> touches;
  events<Line> said;
  events<Line> reports;
  events<poked> pokes;
  TalkPeers peers;
};

struct world {
  explicit world(medium m, parley::server_options chosen = {}) : over(m), options(with_network(std::move(chosen))) {
    server.emplace(options);
    if (over.over == carrier::slow_websocket) parley::transport::slow_path_only::ask_for(server->executor());
    host.emplace(*server);
    server->add(*host);
  }
  ~world() {
    server->stop();
    server->join();
  }
  void start() { server->start(); }

  std::string url() const {
    if (over.over == carrier::loopback) return "mem://talk";
    if (over.over == carrier::unix_socket) return folder->url("talk");
    return (over.over == carrier::tls ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(server->port()) + "/ws";
  }
  parley::client_options client_options(std::optional<parley::encoding> encoding = {}) {
    parley::client_options client;
    client.encoding = encoding.value_or(over.encoding);
    if (over.over == carrier::loopback) client.loopback = &network;
    client.tls = client_tls;
    return client;
  }

  medium over;
  parley::loopback network;
  std::optional<socket_folder> folder;
  std::optional<parley::client_tls> client_tls;  // what clients need over TLS
  parley::server_options options;
  std::optional<parley::server> server;
  std::optional<Host> host;

 private:
  parley::server_options with_network(parley::server_options chosen) {
    if (over.over == carrier::loopback) chosen.loopback = &network;
    if (over.over == carrier::threads) chosen.threads = 3;
    if (over.over == carrier::unix_socket) chosen.address = folder.emplace().address("talk");
#ifdef PARLEY_TESTS_HAVE_TLS
    if (over.over == carrier::tls) {
      const parley::testing::issuer authority;
      const parley::testing::identity own = authority.issue();
      if (!chosen.tls) chosen.tls.emplace();
      if (chosen.tls->certificate.file.empty()) chosen.tls->certificate = {.pem = own.pem, .key_pem = own.key_pem};
      client_tls = parley::client_tls{.ca_pem = authority.pem()};
    }
#endif
    return chosen;
  }
};

// A connected client with its stub. `id` is known in plain mode too, because the server's handler
// recorded it.
struct guest {
  explicit guest(world& w, std::optional<parley::encoding> encoding = {}) : guest(w, w.client_options(encoding)) {}
  guest(world& w, parley::client_options options) : link(w.url(), std::move(options)), talk(link) {
    talk.on_say([this](const Line& line, const parley::origin& from) { heard.put({line, from}); });
    talk.on_whisper([this](const Line& line, const parley::origin& from) { heard.put({line, from}); });
    talk.on_chat([this](const std::string& text, const parley::origin& from) { heard.put({Line{.text = text}, from}); });
    talk.on_arrived([this](const Line& line, const parley::origin& from) { heard.put({line, from}); });
    talk.on_poke([this](const Nudge& nudge, const parley::origin& from) { heard.put({Line{.text = nudge.text}, from}); });
    link.on_error([this](const parley::error& e, std::string_view event) { errors.put({e, std::string(event)}); });
    link.on_disconnected([this](const parley::error& why) { lost.put(why); });
    if (w.over.over == carrier::slow_websocket) parley::transport::slow_path_only::ask_for(link.executor());
    link.connect();
    id = w.host->arrivals.next();
  }

  struct line_heard {
    Line line;
    parley::origin from;
  };
  struct error_heard {
    parley::error error;
    std::string event;
  };
  events<line_heard> heard;
  events<error_heard> errors;
  events<parley::error> lost;
  std::string id;
  parley::client link;
  TalkClient talk;
};

// For a client whose link stays lost.
inline parley::client_options without_reconnecting(parley::client_options options) {
  options.reconnect.attempts = 0;
  return options;
}

class EveryMedium : public testing::TestWithParam<medium> {};
class WithSessions : public testing::TestWithParam<medium> {};

inline std::string medium_name(const testing::TestParamInfo<medium>& info) { return info.param.name(); }

}  // namespace talk::v1
