// Support for tests of sessions: outputs that record their calls, two ends that exchange frames,
// and a clock that the test advances.
#pragma once

#include "parley/session/session.hpp"
#include "parley/wire/limits.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sessions {

using namespace parley;
using namespace std::chrono_literals;
namespace close_code = session::close_code;

// A method as the generator would write it. Its accepted shapes must outlive it.
inline method method_named(std::string_view name, std::uint64_t fingerprint, std::span<const std::uint64_t> accepted = {}) {
  method m;
  m.name = name;
  m.id = wire::method_id(name);
  m.fingerprint = fingerprint;
  m.accepted = accepted;
  return m;
}

// The services of one program. They own their methods.
class program {
 public:
  program() = default;
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  const method& add(const method& m) {
    methods_.push_back(m);
    const method*& listed = listed_.emplace_back(&methods_.back());
    services_.push_back({.name = "One", .methods = {&listed, 1}});
    EXPECT_TRUE(contract.add(services_.back()));
    return methods_.back();
  }
  session::contract contract;

 private:
  std::deque<method> methods_;
  std::deque<const method*> listed_;
  std::deque<service> services_;
};

// Records all calls. Fails the test if it is called after the close.
class recorder final : public session::output, public session::owner {
 public:
  std::deque<buffer> frames;  // transmitted and not examined yet
  bool can_write = true;
  // The output holds back, so it is not writable either. A frame sets this if `one_by_one` is set.
  bool holding = false;
  bool one_by_one = false;
  std::size_t held = 0;  // the amount that the transport reports as queued
  int pings = 0;
  int opened_times = 0;
  bool has_unread = false;
  session::arrivals came{};  // received bytes of whole and incomplete frames
  std::vector<errc> refusals;
  std::function<void()> on_opened;
  std::optional<std::pair<std::uint16_t, std::string>> closed;

  std::uint16_t code() const { return closed ? closed->first : std::uint16_t{0}; }

  session::outlet look() const override { return {.queued = held, .writable = can_write && !holding}; }
  bool holds_back() const override { return holding; }
  void transmit(const buffer& frame) override {
    EXPECT_FALSE(closed) << "a frame after the close";
    EXPECT_FALSE(frame.empty());
    frames.push_back(frame);
    holding = one_by_one;
  }
  void ping() override {
    EXPECT_FALSE(closed) << "a ping after the close";
    ++pings;
  }
  void close_connection(std::uint16_t code, std::string_view text) override {
    EXPECT_FALSE(closed) << "closed twice";
    closed.emplace(code, text);
  }
  bool unread() const override { return has_unread; }
  session::arrivals arrived() const override { return came; }
  void refused(const wire::fault& fault, const session::about&) override { refusals.push_back(fault.code); }
  std::function<void(wire::auth)> on_greeted, on_shown;
  std::optional<std::uint32_t> renewed_for;
  void greeted(wire::auth a) override {
    if (on_greeted) on_greeted(std::move(a));
  }
  void shown(wire::auth a) override {
    if (on_shown) on_shown(std::move(a));
  }
  void credential_renewed(std::uint32_t auth_ms) override { renewed_for = auth_ms; }
  void opened() override {
    ++opened_times;
    if (on_opened) on_opened();
  }
};

struct encoding {
  const char* name;
  const wire::envelope_format& (*format)();
};
inline std::ostream& operator<<(std::ostream& out, const encoding& e) { return out << e.name; }
inline const std::vector<encoding>& with_greeting() {
  static const std::vector<encoding> both{{"json", wire::json_format}, {"fbs", wire::fbs_format}};
  return both;
}

// One end: a session with its output. The frames that it receives are written by the rules of the
// other side.
class end {
 public:
  end(session::session_options options, const session::contract& known) : session(std::move(options), known, out, out) {}
  end(const end&) = delete;
  end& operator=(const end&) = delete;

  side other() const { return session.self() == side::server ? side::client : side::server; }
  bool binary() const { return session.format().binary(); }

  std::string written(const wire::envelope& e, std::string_view payload = {}) const {
    std::string frame;
    EXPECT_TRUE(session.format().write(e, other(), as_bytes(payload), frame));
    return frame;
  }
  const wire::envelope* hear(std::string_view frame) { return session.receive(now, buffer(std::string(frame)).bytes(), binary()); }
  const wire::envelope* hear(const wire::envelope& e, std::string_view payload = {}) {
    heard_ = buffer(written(e, payload));
    return session.receive(now, heard_.bytes(), binary());
  }
  const wire::envelope* hear(wire::kind kind, std::uint64_t number = 0) {
    wire::envelope e;
    e.kind = kind;
    e.id = e.seq = e.ack = number;
    return hear(e);
  }

  // The oldest transmitted frame that was not examined yet. Its payload is valid until the next one
  // is taken.
  wire::envelope next() {
    wire::envelope e;
    if (out.frames.empty()) {
      ADD_FAILURE() << "nothing was transmitted";
      return e;
    }
    taken_ = std::move(out.frames.front());
    out.frames.pop_front();
    const auto fault = session.format().read(taken_.bytes(), other(), {}, e);
    EXPECT_FALSE(fault) << fault->text;
    return e;
  }
  wire::hello next_hello() {
    const wire::envelope e = next();
    EXPECT_EQ(e.kind, wire::kind::hello);
    wire::hello hello;
    EXPECT_FALSE(wire::read_hello(session.format().payload_format(), e.payload, hello));
    return hello;
  }
  wire::welcome next_welcome() {
    const wire::envelope e = next();
    EXPECT_EQ(e.kind, wire::kind::welcome);
    wire::welcome welcome;
    EXPECT_FALSE(wire::read_welcome(session.format().payload_format(), e.payload, welcome));
    return welcome;
  }
  bool silent() const { return out.frames.empty(); }

  // Receives greetings of the other side.
  void hear_hello(const wire::hello& hello) {
    std::string payload;
    wire::write_hello(session.format().payload_format(), hello, payload);
    wire::envelope e;
    e.kind = wire::kind::hello;
    EXPECT_EQ(hear(e, payload), nullptr);
  }
  void hear_welcome(const wire::welcome& welcome) {
    std::string payload;
    wire::write_welcome(session.format().payload_format(), welcome, payload);
    wire::envelope e;
    e.kind = wire::kind::welcome;
    EXPECT_EQ(hear(e, payload), nullptr);
  }

  void pass(std::chrono::milliseconds time) {
    now += time;
    session.tick(now);
  }

  time_point now{1h};  // an arbitrary time
  recorder out;
  session::peer_session session;

 private:
  buffer heard_;
  buffer taken_;
};

inline wire::welcome welcome_of_a_server() {
  wire::welcome w;
  w.features = wire::feature::server_calls | wire::feature::multi;
  w.client_id = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e";
  return w;
}
inline wire::hello hello_of_a_client() {
  wire::hello h;
  h.features = wire::feature::server_calls | wire::feature::multi;
  return h;
}

// A server after the greeting. The frames that it has transmitted are removed.
inline std::unique_ptr<end> open_server(const encoding& e, const session::contract& known, session::session_options options = {}) {
  options.self = side::server;
  options.format = &e.format();
  auto server = std::make_unique<end>(std::move(options), known);
  server->session.start(server->now);
  if (!server->session.plain()) server->hear_hello(hello_of_a_client());
  EXPECT_TRUE(server->session.open());
  server->out.frames.clear();
  return server;
}
inline std::unique_ptr<end> open_client(const encoding& e, const session::contract& known, session::session_options options = {}) {
  options.self = side::client;
  options.format = &e.format();
  auto client = std::make_unique<end>(std::move(options), known);
  client->session.start(client->now);
  if (!client->session.plain()) client->hear_welcome(welcome_of_a_server());
  EXPECT_TRUE(client->session.open());
  client->out.frames.clear();
  return client;
}

// Moves frames between two ends until neither sends any more.
inline void exchange(end& one, end& two) {
  while (!one.silent() || !two.silent()) {
    for (auto [from, to] : {std::pair{&one, &two}, std::pair{&two, &one}}) {
      while (!from->silent()) {
        const buffer frame = std::move(from->out.frames.front());
        from->out.frames.pop_front();
        to->session.receive(to->now, frame.bytes(), to->binary());
      }
    }
  }
}

}  // namespace sessions
