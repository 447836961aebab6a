// The rules for admitting clients, as a table.
#include "parley/server/admission.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley {
namespace {

struct asked final : transport::request {
  void accept(std::string_view, std::shared_ptr<transport::connection_handler>) override {}
  void reject(int, std::string_view) override {}
};

struct server_kind {
  const char* name;
  bool binary, json, plain;
};

struct row {
  std::vector<std::string> offered;
  std::string_view origin;
  // The result, a status or a subprotocol, of a server with all encodings, with JSON only, and with
  // plain only.
  std::string_view all, json, plain;
};

std::string answered(const admission& a) { return a.admitted() ? std::string(a.subprotocol) : std::to_string(a.status); }

TEST(Admission, Follows_the_table) {
  const row rows[] = {
      {{}, "", "", "400", ""},
      {{"parley.v1.fbs"}, "", "parley.v1.fbs", "400", "400"},
      {{"parley.v1.json"}, "", "parley.v1.json", "parley.v1.json", "400"},
      {{"parley.v1.json", "parley.v1.fbs"}, "", "parley.v1.fbs", "parley.v1.json", "400"},
      {{"chat", "parley.v1.json"}, "", "parley.v1.json", "parley.v1.json", "400"},
      {{"chat"}, "", "400", "400", "400"},
      {{"parley.v1.fbsx", "Parley.v1.fbs"}, "", "400", "400", "400"},
      {{"parley.auth.secret"}, "", "", "400", ""},
      {{"parley.auth.secret", "parley.v1.json"}, "", "parley.v1.json", "parley.v1.json", "400"},
      {{"parley.v1.json"}, "http://here:1", "parley.v1.json", "parley.v1.json", "400"},
      {{"parley.v1.json"}, "https://listed.example", "parley.v1.json", "parley.v1.json", "400"},
      {{"parley.v1.json"}, "https://evil.example", "403", "403", "403"},
      {{"chat"}, "https://evil.example", "403", "403", "403"},
      {{"parley.v1.json"}, "null", "403", "403", "403"},
  };
  for (const row& r : rows) {
    SCOPED_TRACE(std::string(r.origin) + ' ' + (r.offered.empty() ? "" : r.offered.front()));
    asked one;
    one.host = "here:1";
    one.origin = r.origin;
    one.subprotocols = r.offered;
    server_options options;
    options.origins = {"https://listed.example"};
    EXPECT_EQ(answered(admit(options, nullptr, one)), r.all);
    options.binary = options.plain = false;
    EXPECT_EQ(answered(admit(options, nullptr, one)), r.json);
    options.json = false;
    options.plain = true;
    EXPECT_EQ(answered(admit(options, nullptr, one)), r.plain);
  }
}

TEST(Admission, Repeats_the_name_of_a_dialect_only_to_clients_that_offer_it) {
  server_options options;
  dialect spoken;
  spoken.subprotocol = "lines";
  asked one;
  EXPECT_EQ(answered(admit(options, &spoken, one)), "");
  one.subprotocols = {"other"};
  EXPECT_EQ(answered(admit(options, &spoken, one)), "");
  one.subprotocols = {"other", "lines"};
  EXPECT_EQ(answered(admit(options, &spoken, one)), "lines");
  one.origin = "https://evil.example";
  one.host = "here";
  EXPECT_EQ(answered(admit(options, &spoken, one)), "403");
}

// The subprotocols that a client offers are never repeated in a response or a log.
TEST(Admission, Does_not_repeat_credentials_or_names) {
  asked one;
  one.subprotocols = {"parley.auth.secret", "secret"};
  const admission refused = admit({}, nullptr, one);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.text.find("secret"), std::string_view::npos);
  one.subprotocols = {"parley.auth.secret"};
  EXPECT_EQ(admit({}, nullptr, one).subprotocol, "");
}

}  // namespace
}  // namespace parley
