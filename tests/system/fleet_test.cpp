// Roles and principals in a fleet of devices and operators: who may send and receive each message, and
// the sessions of one principal, with one loop and with several.
#include "fleet.client.hpp"
#include "fleet.server.hpp"

#include "system/events.hpp"

#include <parley/auth.hpp>
#include <parley/client.hpp>
#include <parley/loopback.hpp>
#include <parley/server.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fleet::v1 {
namespace {

using parley::errc;

// "ada:device,operator" is a name with roles.
parley::principal who_is(std::string_view token) {
  parley::principal who;
  const std::size_t colon = std::min(token.find(':'), token.size());
  who.name = token.substr(0, colon);
  for (std::string_view rest = token.substr(std::min(colon + 1, token.size())); !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    who.roles.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return who;
}

struct DeviceDesk final : DeviceHandler {
  void connected(parley::peer& peer) override { arrivals.put({peer.id(), peer.principal().name}); }
  void disconnected(parley::peer& peer, const parley::error&) override { departures.put(peer.principal().name); }
  void measured(const Reading& reading, parley::event& event) override { readings.put(event.principal().name + ' ' + reading.sensor); }
  parley::relay raised(const Alarm&, parley::event&) override {
    raises.put(1);
    return parley::relay::pass;
  }
  events<std::pair<std::string, std::string>> arrivals;
  events<std::string> departures;
  events<std::string> readings;
  events<int> raises;
};
struct OperationsDesk final : OperationsHandler {
  parley::reply<InstallResult> install(const InstallRequest&, parley::call&) override { return InstallResult{.devices = 7}; }
  parley::reply<> halt(parley::call&) override { return {}; }
};
struct HallDesk final : HallHandler {
  parley::reply<Alarm> who_am_i(parley::call& call) override {
    std::string text = call.principal().name;
    for (const std::string& role : call.principal().roles) text += ' ' + role;
    return Alarm{.text = text};
  }
};

struct medium {
  std::size_t loops;
  parley::encoding encoding;
  friend std::ostream& operator<<(std::ostream& out, const medium& m) {
    static constexpr std::string_view names[] = {"automatic", "binary", "json", "plain"};
    return out << (m.loops == 0 ? "memory" : m.loops == 1 ? "one_loop" : "loops") << '_' << names[static_cast<std::size_t>(m.encoding)];
  }
};

class Fleet : public testing::TestWithParam<medium> {
 protected:
  Fleet() {
    parley::server_options options;
    if (GetParam().loops == 0) options.loopback = &network;
    else options.threads = GetParam().loops;
    options.auth.check = [](const parley::showing& shown) -> parley::reply<parley::principal> { return who_is(shown.credential.secret()); };
    server.emplace(std::move(options));
    server->add(devices);
    server->add(operations);
    server->add(hall);
    server->start();
  }
  ~Fleet() override {
    server->stop();
    server->join();
  }

  parley::loopback network;
  std::optional<parley::server> server;
  DeviceDesk devices;
  OperationsDesk operations;
  HallDesk hall;
};

// A client with all stubs, and what it hears.
struct guest {
  guest(Fleet&, parley::server& server, parley::loopback& network, DeviceDesk& desk, const std::string& token, medium how)
      : link(how.loops == 0 ? "mem://fleet" : "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws", options(network, token, how)),
        device(link),
        operations(link),
        hall(link) {
    device.on_raised([this](const Alarm& a) { heard.put("raised " + a.text); });
    device.on_notice([this](const Alarm& a) { heard.put("notice " + a.text); });
    operations.on_tell([this](const Alarm& a) { heard.put("tell " + a.text); });
    operations.on_order([this](const Alarm& a) { heard.put("order " + a.text); });
    hall.on_say([this](const Alarm& a) { heard.put("say " + a.text); });
    link.on_error([this](const parley::error& e, std::string_view) { errors.put(e); });
    link.connect();
    id = desk.arrivals.next().first;
  }
  static parley::client_options options(parley::loopback& network, const std::string& token, medium how) {
    parley::client_options chosen{.encoding = how.encoding};
    if (how.loops == 0) chosen.loopback = &network;
    if (!token.empty()) chosen.headers = {{"Authorization", "Bearer " + token}};
    return chosen;
  }
  events<std::string> heard;
  events<parley::error> errors;
  std::string id;
  parley::client link;
  DeviceClient device;
  OperationsClient operations;
  HallClient hall;
};

std::vector<medium> media() {
  std::vector<medium> all;
  for (const std::size_t loops : {std::size_t{0}, std::size_t{1}, std::size_t{3}})
    for (const parley::encoding e : {parley::encoding::binary, parley::encoding::json, parley::encoding::plain}) all.push_back({loops, e});
  return all;
}
INSTANTIATE_TEST_SUITE_P(Over, Fleet, testing::ValuesIn(media()), testing::PrintToStringParamName());

#define COME(token) guest(*this, *server, network, devices, token, GetParam())

// Whether a call or event of `who` was accepted. The answer to a later call shows that an event was.
std::string outcome(guest& who, auto&& send) {
  try {
    send();
    (void)who.hall.who_am_i();
  } catch (const parley::call_failed& failed) { return std::string(parley::wire_name(static_cast<errc>(failed.code().value()))); }
  if (who.errors.empty()) return "ok";
  const parley::error why = who.errors.next();
  // A plain client gets the code as a part of the text.
  return why.message.find("(denied)") != std::string::npos ? "denied" : std::string(parley::wire_name(static_cast<errc>(why.code.value())));
}

TEST_P(Fleet, Every_message_is_for_its_roles) {
  struct row {
    const char* message;
    std::set<std::string> senders;
  };
  const std::vector<row> rows = {{"measured", {"device", "both"}},
                                 {"raised", {"device", "both"}},
                                 {"install", {"operator", "admin", "both"}},
                                 {"halt", {"admin"}},
                                 {"tell", {"operator", "admin", "both"}},
                                 {"order", {"operator", "admin", "both"}},
                                 {"say", {"nobody", "stranger", "device", "operator", "admin", "both"}}};
  auto receiver = COME("receiver:device,operator");
  for (const auto& [name, token] : std::vector<std::pair<std::string, std::string>>{{"nobody", ""},
                                                                                    {"stranger", "eve:other"},
                                                                                    {"device", "d7:device"},
                                                                                    {"operator", "ada:operator"},
                                                                                    {"admin", "root:admin"},
                                                                                    {"both", "max:device,operator"}}) {
    auto who = COME(token);
    for (const row& r : rows) {
      SCOPED_TRACE(name + ' ' + r.message);
      const std::string message = r.message;
      const std::string got = outcome(who, [&] {
        const Alarm alarm{.text = name};
        if (message == "measured") who.device.measured({.sensor = name});
        if (message == "raised") who.device.raised(alarm, parley::to::client{receiver.id});
        if (message == "install") (void)who.operations.install({});
        if (message == "halt") who.operations.halt();
        if (message == "tell") who.operations.tell(alarm, parley::to::user{"receiver"});
        if (message == "order") who.operations.order(alarm, parley::to::user{"receiver"});
        if (message == "say") who.hall.say(alarm);
      });
      EXPECT_EQ(got, r.senders.contains(name) ? "ok" : "denied");
      if (got != "ok" || message == "install" || message == "halt") continue;
      if (message == "measured") {
        EXPECT_EQ(devices.readings.next(), (name == "device" ? "d7 " : "max ") + name);
      } else {
        EXPECT_EQ(receiver.heard.next(), message + ' ' + name);
      }
    }
  }
  EXPECT_TRUE(receiver.heard.empty());
}

TEST_P(Fleet, Whoever_lacks_the_role_receives_nothing) {
  auto ada = COME("ada:operator"), bob = COME("bob:operator"), d7 = COME("d7:device"), eve = COME("");
  d7.device.raised({.text = "smoke"}, parley::to::all);
  d7.device.raised({.text = "fire"});
  for (guest* one : {&ada, &bob}) {
    EXPECT_EQ(one->heard.next(), "raised smoke");
    EXPECT_EQ(one->heard.next(), "raised fire");
  }
  // What comes next arrives after everything that was sent before.
  ada.hall.say({.text = "over"});
  EXPECT_EQ(d7.heard.next(), "say over");
  EXPECT_EQ(eve.heard.next(), "say over");
}

TEST_P(Fleet, A_named_receiver_without_the_role_is_denied) {
  auto ada = COME("ada:operator"), d7 = COME("d7:device"), bob = COME("bob:operator");
  const auto error_of = [&](auto&& send) { return outcome(ada, send); };
  EXPECT_EQ(error_of([&] { ada.operations.order({.text = "1"}, parley::to::client{bob.id}); }), "denied");
  EXPECT_EQ(error_of([&] { ada.operations.order({.text = "2"}, parley::to::user{"bob"}); }), "denied");
  const bool plain = GetParam().encoding == parley::encoding::plain;  // which has no lists
  if (!plain) {
    EXPECT_EQ(error_of([&] { ada.operations.order({.text = "3"}, parley::to::users{{"bob", "ada"}}); }), "denied");
    EXPECT_EQ(error_of([&] { ada.operations.order({.text = "4"}, parley::to::users{{"bob", "d7"}}); }), "ok");
  }
  EXPECT_EQ(error_of([&] { ada.operations.order({.text = "5"}, parley::to::all); }), "ok");
  EXPECT_EQ(error_of([&] { ada.operations.order({.text = "6"}, parley::to::client{d7.id}); }), "ok");
  if (!plain) { EXPECT_EQ(d7.heard.next(), "order 4"); }
  EXPECT_EQ(d7.heard.next(), "order 5");
  EXPECT_EQ(d7.heard.next(), "order 6");
  EXPECT_TRUE(bob.heard.empty());
}

TEST_P(Fleet, A_principal_is_all_of_its_sessions) {
  std::vector<std::unique_ptr<guest>> sessions;
  for (int i = 0; i < 6; ++i) sessions.push_back(std::make_unique<guest>(*this, *server, network, devices, "d7:device", GetParam()));
  auto other = COME("d8:device"), ada = COME("ada:operator");
  ada.operations.tell({.text = "hello"}, parley::to::user{"d7"});
  ada.operations.order({.text = "go"}, parley::to::user{"d7"});
  for (const auto& one : sessions) {
    EXPECT_EQ(one->heard.next(), "tell hello");
    EXPECT_EQ(one->heard.next(), "order go");
  }
  DevicePeers peers{*server};
  peers.notice({.text = "word"}, parley::to::user{"d7"});
  for (const auto& one : sessions) EXPECT_EQ(one->heard.next(), "notice word");
  // The sender's own sessions are sessions of its principal.
  sessions.front()->hall.say({.text = "me"}, parley::to::user{"d7"});
  for (const auto& one : sessions) EXPECT_EQ(one->heard.next(), "say me");
  EXPECT_TRUE(other.heard.empty());
}

TEST_P(Fleet, A_principal_without_a_session_is_an_unknown_target) {
  auto ada = COME("ada:operator");
  const auto unknown = [&](const std::string& name) {
    ada.operations.tell({.text = "hello"}, parley::to::user{name});
    const parley::error why = ada.errors.next();
    return why.code == errc::unknown_target || why.message.find("(unknown_target)") != std::string::npos;
  };
  EXPECT_TRUE(unknown("d7"));
  {
    auto d7 = COME("d7:device");
    ada.operations.tell({.text = "hello"}, parley::to::user{"d7"});
    EXPECT_EQ(d7.heard.next(), "tell hello");
  }
  devices.departures.next();
  EXPECT_TRUE(unknown("d7"));
  EXPECT_TRUE(unknown(ada.id));
}

TEST_P(Fleet, The_server_calls_devices) {
  if (GetParam().encoding == parley::encoding::plain) return;  // plain clients answer no calls
  auto d7 = COME("d7:device");
  d7.device.on_get_status([](const StatusQuery&) { return Status{.firmware = "1.2"}; });
  DevicePeers peers{*server};
  EXPECT_EQ(peers.get_status({}, parley::to::client{d7.id}).firmware, "1.2");
}

TEST_P(Fleet, The_refusal_says_what_is_missing) {
  auto max = COME("max:other");
  try {
    max.operations.halt();
    ADD_FAILURE() << "halted";
  } catch (const parley::call_failed& failed) {
    EXPECT_THAT(failed.error().message, testing::HasSubstr("a role that the sender does not have"));
  }
}

}  // namespace
}  // namespace fleet::v1
