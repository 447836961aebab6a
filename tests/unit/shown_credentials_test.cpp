// Where a credential is found in an upgrade request, as a table, and what is left of it there.
#include "parley/server/shown_credentials.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct asked final : transport::request {
  void accept(std::string_view, std::shared_ptr<transport::connection_handler>) override {}
  void reject(int, std::string_view, std::chrono::seconds) override {}
  void hold(std::shared_ptr<void>) override {}
};

struct row {
  const char* name;
  std::vector<transport::header> headers;
  std::vector<std::string> subprotocols;
  std::string_view query, origin;
  shown_by how;
  std::string_view scheme, secret;
  bool fault = false;
};
std::ostream& operator<<(std::ostream& out, const row& r) { return out << r.name; }

// "open sesame" is "b3BlbiBzZXNhbWU" in the URL alphabet without padding.
const row rows[] = {
    {"nothing", {{"X", "y"}}, {"parley.v1.json"}, "a=b", "", shown_by::nobody, "", ""},
    {"header", {{"Authorization", "Bearer abc.def"}}, {}, "", "", shown_by::header, "bearer", "abc.def"},
    {"header_in_any_case", {{"AUTHORIZATION", "  BEARER   abc "}}, {}, "", "", shown_by::header, "bearer", "abc"},
    {"header_with_password", {{"authorization", "Basic QTpC"}}, {}, "", "", shown_by::header, "basic", "QTpC"},
    {"header_without_a_secret", {{"Authorization", "Bearer"}}, {}, "", "", shown_by::header, "", "", true},
    {"header_empty", {{"Authorization", ""}}, {}, "", "", shown_by::header, "", "", true},
    {"header_twice", {{"Authorization", "Bearer a"}, {"Authorization", "Bearer a"}}, {}, "", "", shown_by::header, "", "", true},
    {"subprotocol", {}, {"parley.v1.json", "parley.auth.b3BlbiBzZXNhbWU"}, "", "", shown_by::subprotocol, "bearer", "open sesame"},
    {"subprotocol_with_padding", {}, {"parley.auth.b3BlbiBzZXNhbWU="}, "", "", shown_by::nobody, "", "", true},
    {"subprotocol_in_the_other_alphabet", {}, {"parley.auth.++++"}, "", "", shown_by::nobody, "", "", true},
    {"subprotocol_empty", {}, {"parley.auth."}, "", "", shown_by::subprotocol, "", "", true},
    {"subprotocol_twice", {}, {"parley.auth.YQ", "parley.auth.Yg"}, "", "", shown_by::subprotocol, "", "", true},
    {"ticket", {}, {}, "x=1&ticket=a%2Fb&y=2", "", shown_by::ticket, "ticket", "a/b"},
    {"ticket_alone", {}, {}, "ticket=abc", "", shown_by::ticket, "ticket", "abc"},
    {"ticket_empty", {}, {}, "ticket=", "", shown_by::ticket, "", "", true},
    {"ticket_without_a_value", {}, {}, "ticket", "", shown_by::ticket, "", "", true},
    {"ticket_malformed", {}, {}, "ticket=%zz", "", shown_by::nobody, "", "", true},
    {"ticket_twice", {}, {}, "ticket=a&ticket=a", "", shown_by::ticket, "", "", true},
    {"another_parameter", {}, {}, "tickets=a&xticket=b", "", shown_by::nobody, "", ""},
    {"cookie", {{"Cookie", "a=b; sid=abc; c=d"}}, {}, "", "https://lobby.example", shown_by::cookie, "cookie", "abc"},
    {"cookie_in_quotes", {{"cookie", "sid=\"abc\""}}, {}, "", "https://lobby.example", shown_by::cookie, "cookie", "abc"},
    {"cookie_without_an_origin", {{"Cookie", "sid=abc"}}, {}, "", "", shown_by::nobody, "", ""},
    {"cookie_empty", {{"Cookie", "sid="}}, {}, "", "https://lobby.example", shown_by::nobody, "", ""},
    {"cookie_of_another_name", {{"Cookie", "xsid=abc; sid2=abc; SID=abc"}}, {}, "", "https://lobby.example", shown_by::nobody, "", ""},
    {"cookie_twice", {{"Cookie", "sid=a; sid=b"}}, {}, "", "https://lobby.example", shown_by::nobody, "", "", true},
    {"cookie_twice_in_two_headers",
     {{"Cookie", "sid=a"}, {"Cookie", "sid=b"}},
     {},
     "",
     "https://lobby.example",
     shown_by::nobody,
     "",
     "",
     true},
    {"cookie_beside_a_header",
     {{"Cookie", "sid=a"}, {"Authorization", "Bearer t"}},
     {},
     "",
     "https://lobby.example",
     shown_by::header,
     "bearer",
     "t"},
    {"cookie_beside_a_ticket", {{"Cookie", "sid=a"}}, {}, "ticket=t", "https://lobby.example", shown_by::ticket, "ticket", "t"},
    {"header_and_subprotocol", {{"Authorization", "Bearer t"}}, {"parley.auth.YQ"}, "", "", shown_by::header, "", "", true},
    {"header_and_ticket", {{"Authorization", "Bearer t"}}, {}, "ticket=t", "", shown_by::header, "", "", true},
    {"subprotocol_and_ticket", {}, {"parley.auth.YQ"}, "ticket=t", "", shown_by::subprotocol, "", "", true},
};

class ShownCredentials : public testing::TestWithParam<row> {};
INSTANTIATE_TEST_SUITE_P(Of, ShownCredentials, testing::ValuesIn(rows), testing::PrintToStringParamName());

TEST_P(ShownCredentials, Are_taken_out_of_the_request) {
  const row& r = GetParam();
  asked one;
  one.headers = r.headers;
  one.subprotocols = r.subprotocols;
  one.query = r.query;
  one.origin = r.origin;
  const shown_credential shown = take_credentials("sid", "ticket", one);
  EXPECT_EQ(!shown.fault.empty(), r.fault);
  if (!r.fault) { EXPECT_EQ(shown.how, r.how); }
  EXPECT_EQ(shown.credential.scheme(), r.scheme);
  EXPECT_EQ(shown.credential.secret(), r.secret);
  for (const transport::header& h : one.headers) EXPECT_EQ(h.name, "X");
  for (const std::string& name : one.subprotocols) EXPECT_EQ(name, "parley.v1.json");
  EXPECT_EQ(one.query.find("ticket="), r.query.find("xticket") == r.query.npos ? std::string::npos : one.query.find("ticket="));
}

TEST(ShownCredentials, Leave_the_rest_of_the_query) {
  asked one;
  one.query = "x=1&ticket=abc&y=2";
  (void)take_credentials("", "ticket", one);
  EXPECT_EQ(one.query, "x=1&y=2");
}

TEST(ShownCredentials, Need_the_names_of_cookie_and_ticket) {
  asked one;
  one.query = "ticket=abc&=x";
  one.headers = {{"Cookie", "sid=abc; =x"}};
  one.origin = "https://lobby.example";
  const shown_credential shown = take_credentials("", "", one);
  EXPECT_EQ(shown.how, shown_by::nobody);
  EXPECT_EQ(one.query, "ticket=abc&=x");
  EXPECT_THAT(one.headers, IsEmpty());  // a cookie may be one of another program on this host
}

// Whatever a client writes, at most one credential is found, and what may be secret is gone.
TEST(ShownCredentials, Survive_random_requests) {
  static constexpr std::string_view pieces[] = {
      "Bearer ", "Basic ", "sid=", "ticket=", "parley.auth.",           "; ", "&", "=", "%2F", "%", "%zz", "\"", ",", " ", "\t", "c2VjcmV0",
      "secret",  "+",      "/",    "\x80",    std::string_view("\0", 1)};
  std::mt19937 random(11);
  const auto text = [&] {
    std::string made;
    for (unsigned count = static_cast<unsigned>(random() % 6); count != 0; --count) made += pieces[random() % std::size(pieces)];
    return made;
  };
  static constexpr std::string_view names[] = {"Authorization", "authorization",       "Cookie",
                                               "X-Other",       "Proxy-Authorization", "Sec-WebSocket-Protocol"};
  for (int round = 0; round < 20'000; ++round) {
    asked one;
    for (unsigned count = static_cast<unsigned>(random() % 4); count != 0; --count)
      one.headers.push_back({std::string(names[random() % std::size(names)]), text()});
    for (unsigned count = static_cast<unsigned>(random() % 3); count != 0; --count) one.subprotocols.push_back(text());
    one.query = text();
    one.origin = random() % 2 == 0 ? "" : "https://lobby.example";
    const shown_credential shown = take_credentials("sid", "ticket", one);
    for (const transport::header& h : one.headers) ASSERT_EQ(h.name, "X-Other") << round;
    for (const std::string& name : one.subprotocols) ASSERT_FALSE(name.starts_with("parley.auth.")) << round;
    for (std::string_view rest = one.query; !rest.empty();) {
      const std::size_t end = std::min(rest.find('&'), rest.size());
      ASSERT_FALSE(rest.substr(0, end) == "ticket" || rest.starts_with("ticket=")) << round;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!shown.fault.empty()) { ASSERT_FALSE(shown.credential) << round; }
    if (shown.fault.empty() && shown.how != shown_by::nobody) { ASSERT_FALSE(shown.credential.secret().empty()) << round; }
    if (shown.how == shown_by::cookie) { ASSERT_FALSE(one.origin.empty()) << round; }
  }
}

}  // namespace
}  // namespace parley
