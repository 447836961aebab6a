// The half of the stubs that is free of Asio, with an end of a conversation that has no loop.
#include <parley/stub/call.hpp>
#include <parley/stub/default_token.hpp>
#include <parley/stub/event.hpp>
#include <parley/stub/peer.hpp>
#include <parley/stub/registration.hpp>
#include <parley/stub/send.hpp>
#include <parley/stub/subscription.hpp>

#include "lobby/v1/lobby.codec.hpp"

#ifdef ASIO_VERSION
#error "these headers are for programs without Asio"
#endif

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace parley {
namespace {

using namespace lobby::v1;

// Queues what is sent, and hands events to their handlers.
class hand_loop final : public core, private handler_host {
 public:
  const loop_executor& runs_on() const override { throw std::logic_error("there is no loop"); }
  bool runs_here() const override { return true; }
  formats_in_use formats() const override { return {.json = true, .binary = false}; }
  void use(const service&) override {}
  ticket reserve() override { return 1; }
  void connect(ticket, outgoing, std::unique_ptr<pending_call>) override {}
  void start(ticket, outgoing, std::unique_ptr<pending_call>) override {}
  void cancel(ticket) override {}
  sent send(outgoing event) override {
    queued.push_back(std::move(event));
    return sent::queued;
  }
  void send_when_room(ticket, outgoing, std::unique_ptr<pending_call>) override {}
  std::uint64_t subscribe(const method& what, std::shared_ptr<subscriber> heard) override {
    heard_[&what] = std::move(heard);
    return 1;
  }
  std::uint64_t answer(const method&, std::shared_ptr<call_server>) override { return 0; }
  void unsubscribe(std::uint64_t) override { heard_.clear(); }

  result<> deliver(const method& what, const std::string& json, const origin& from) {
    const auto found = heard_.find(&what);
    if (found == heard_.end()) return errc::unimplemented;
    return found->second->deliver(format::json, as_bytes(json), {}, from, *this);
  }

  std::vector<outgoing> queued;

 private:
  const loop_executor& handlers_run_on() const override { return runs_on(); }
  std::shared_ptr<running_handler> begin_handler(const method&, const origin&) override { return nullptr; }

  std::map<const method*, std::shared_ptr<subscriber>> heard_;
};

TEST(stub_without_asio, An_event_is_sent) {
  const auto loop = std::make_shared<hand_loop>();
  EXPECT_EQ(send_event(endpoint(loop, {}), LobbyMethods::say, Line{.text = "hello"}, {}), sent::queued);
  ASSERT_EQ(loop->queued.size(), 1u);
  EXPECT_EQ(loop->queued.front().json, R"({"text":"hello"})");
}

TEST(stub_without_asio, An_event_reaches_its_callback_until_that_is_cancelled) {
  const auto loop = std::make_shared<hand_loop>();
  std::string heard;
  subscription on_say = subscribe<Line>(endpoint(loop, {}), LobbyMethods::say,
                                        [&](const Line& line, const origin& from) { heard = from.id + ": " + line.text; });
  EXPECT_TRUE(loop->deliver(LobbyMethods::say, R"({"text":"hello"})", {.id = "a"}));
  EXPECT_EQ(heard, "a: hello");
  const auto unreadable = loop->deliver(LobbyMethods::say, R"({"text":1})", {.id = "a"});
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().code, errc::bad_payload);
  on_say.cancel();
  EXPECT_FALSE(loop->deliver(LobbyMethods::say, R"({"text":"again"})", {.id = "a"}));
  EXPECT_EQ(heard, "a: hello");
}

TEST(stub_without_asio, A_call_that_is_refused_keeps_the_error) {
  call asked;
  EXPECT_EQ(asked.fail(errc::denied, "no").message, "no");
  EXPECT_THROW(asked.peer(), std::logic_error);
}

}  // namespace
}  // namespace parley
