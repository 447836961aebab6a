// Events that were queued before the link was up and cannot be sent afterwards are reported to
// on_error.
#include "early.client.hpp"
#include "system/world.hpp"

#include <gmock/gmock.h>

#include <asio/use_future.hpp>

#include <string>
#include <thread>

namespace {

using namespace talk::v1;
using parley::errc;
using parley::sent;
using testing::HasSubstr;

struct told {
  parley::error why;
  std::string event;
};

// A client that has queued an event before it is known that the event cannot be sent.
struct early_bird {
  early_bird(world& w, parley::client_options options) : link(w.url(), std::move(options)), talk(link), early(link) {
    link.on_error([this](const parley::error& e, std::string_view event) { errors.put({e, std::string(event)}); });
  }
  events<told> errors;
  parley::client link;
  TalkClient talk;
  early::v1::EarlyClient early;
};

class EarlyEvents : public testing::TestWithParam<medium> {};
INSTANTIATE_TEST_SUITE_P(Over, EarlyEvents, testing::ValuesIn(media_with_sessions()), medium_name);

TEST_P(EarlyEvents, That_are_larger_than_welcome_allows_are_reported) {
  parley::server_options options;
  options.max_message = 8'000;  // the hello has to fit as well
  world w(GetParam(), std::move(options));
  w.start();
  early_bird client(w, w.client_options());
  const Line large{.text = std::string(10'000, 'x')};
  EXPECT_EQ(client.talk.say(large), sent::queued);
  // The event is queued unless the welcome has already arrived and the limit is known.
  const auto taken = client.talk.async_say(large, parley::to::others, asio::use_future).get();
  if (!taken) { EXPECT_EQ(taken.error().code, errc::too_large); }
  for (int i = 0; i < (taken ? 2 : 1); ++i) {
    const told one = client.errors.next();
    EXPECT_EQ(one.why.code, errc::too_large);
    EXPECT_FALSE(one.why.from_peer);
    EXPECT_EQ(one.event, "Talk.Say");
    EXPECT_THAT(one.why.message, HasSubstr("the limit is 8000"));
  }
  EXPECT_EQ(client.talk.say(large), sent::too_large) << "now it is known";
  EXPECT_EQ(client.talk.async_say(large, parley::to::others, asio::use_future).get().error().code, errc::too_large);
  EXPECT_EQ(client.talk.say({.text = "small"}), sent::queued);
  EXPECT_EQ(w.host->said.next().text, "small");
  EXPECT_TRUE(client.errors.empty());
}

TEST_P(EarlyEvents, That_have_no_form_in_the_encoding_of_the_session_are_reported) {
  if (GetParam().encoding != parley::encoding::json) GTEST_SKIP() << "binary carries everything";
  parley::server_options options;
  options.binary = false;
  world w(GetParam(), std::move(options));
  w.start();
  early_bird client(w, w.client_options(parley::encoding::automatic));  // encoded as binary, because the encoding is not known yet
  const parley::any unknown = parley::pack(Line{.text = "what is this?"});
  EXPECT_EQ(client.early.parcel(unknown), sent::queued);
  const told one = client.errors.next();
  EXPECT_NE(one.why.code, errc::disconnected);
  EXPECT_FALSE(one.why.from_peer);
  EXPECT_EQ(one.event, "Early.Parcel");
  EXPECT_EQ(client.talk.say({.text = "the link is up"}), sent::queued);
  EXPECT_EQ(w.host->said.next().text, "the link is up");
}

TEST(NextServer, Is_not_bound_by_what_the_one_before_it_said) {
  world w({carrier::loopback, parley::encoding::automatic});
  parley::server before({.binary = false, .max_message = 8'000, .loopback = &w.network});
  before.start();
  early_bird client(w, w.client_options());
  events<parley::error> lost;
  client.link.on_disconnected([&](const parley::error& why) { lost.put(why); });
  client.link.connect();
  const Line large{.text = std::string(10'000, 'x')};
  const parley::any unknown = parley::pack(Line{.text = "what is this?"});
  EXPECT_EQ(client.talk.say(large), sent::too_large);
  before.stop();
  before.join();
  lost.next();
  w.start();
  w.network.hold();
  auto connected = client.link.async_connect(asio::use_future);
  while (client.talk.say({.text = "small"}) == sent::closed) std::this_thread::yield();
  EXPECT_EQ(client.talk.say(large), sent::queued);
  EXPECT_EQ(client.early.parcel(unknown), sent::queued);
  w.network.release();
  EXPECT_TRUE(connected.get());
  EXPECT_TRUE(client.errors.next().why.from_peer) << "JSON for it, as the one before read, could not have become binary";
  EXPECT_EQ(w.host->said.next().text, "small");
  EXPECT_EQ(w.host->said.next().text, large.text);
}

}  // namespace
