// The rules for admitting clients, as a table.
#include "parley/server/admission.hpp"
#include "parley/wire/envelope.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley {
namespace {

struct asked final : transport::request {
  void accept(std::string_view, std::shared_ptr<transport::connection_handler>) override {}
  void reject(int, std::string_view, std::chrono::seconds) override {}
  void hold(std::shared_ptr<void>) override {}
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
    EXPECT_EQ(answered(admit(options, {}, one)), r.all);
    options.binary = options.plain = false;
    EXPECT_EQ(answered(admit(options, {}, one)), r.json);
    options.json = false;
    options.plain = true;
    EXPECT_EQ(answered(admit(options, {}, one)), r.plain);
  }
}

// ---- When the check is asked.

struct checked_row {
  const char* name;
  std::vector<std::string> offered;
  std::vector<transport::header> headers;
  std::string remote, origin;
  bool encrypted = false;
  std::string_view result;  // "now", "later", or a status
};

std::string when(const admission& a) {
  if (!a.admitted()) return std::to_string(a.status);
  return a.checked == admission::check::now ? "now" : a.checked == admission::check::later ? "later" : "never";
}

const transport::header token{"Authorization", "Bearer t"};
const transport::header cookie{"Cookie", "sid=t"};

const checked_row checked_rows[] = {
    {"nobody", {"parley.v1.json"}, {}, "192.0.2.1:9", "", false, "later"},
    {"nobody_in_plain_mode", {}, {}, "192.0.2.1:9", "", false, "now"},
    {"a_token_over_tls", {"parley.v1.json"}, {token}, "192.0.2.1:9", "", true, "now"},
    {"a_token_over_plain_text", {"parley.v1.json"}, {token}, "192.0.2.1:9", "", false, "403"},
    {"a_token_over_plain_text_in_plain_mode", {}, {token}, "192.0.2.1:9", "", false, "403"},
    {"a_token_of_this_machine", {"parley.v1.json"}, {token}, "127.0.0.1:9", "", false, "now"},
    {"a_token_of_this_machine_by_IPv6", {"parley.v1.json"}, {token}, "[::1]:9", "", false, "now"},
    {"a_token_of_this_machine_by_both", {"parley.v1.json"}, {token}, "[::ffff:127.0.0.1]:9", "", false, "now"},
    {"a_token_over_a_Unix_socket", {"parley.v1.json"}, {token}, "unix:pid=1,uid=0", "", false, "now"},
    {"a_token_in_memory", {"parley.v1.json"}, {token}, "mem", "", false, "now"},
    {"a_token_of_an_unknown_address", {"parley.v1.json"}, {token}, "unknown", "", false, "403"},
    {"two_tokens", {"parley.v1.json", "parley.auth.YQ"}, {token}, "127.0.0.1:9", "", false, "400"},
    {"a_cookie_of_an_allowed_page", {"parley.v1.json"}, {cookie}, "127.0.0.1:9", "https://listed.example", false, "now"},
    {"a_cookie_of_another_page", {"parley.v1.json"}, {cookie}, "127.0.0.1:9", "https://evil.example", false, "403"},
    {"a_cookie_of_a_program", {"parley.v1.json"}, {cookie}, "127.0.0.1:9", "", false, "later"},
    {"a_wrong_subprotocol", {"chat"}, {token}, "127.0.0.1:9", "", false, "400"},
};

TEST(Admission, Decides_when_the_check_is_asked) {
  for (const checked_row& r : checked_rows) {
    SCOPED_TRACE(r.name);
    const auto ask = [&](const server_options& options, const port_options& at = {}) {
      asked one;
      one.host = "here:1";
      one.origin = r.origin;
      one.subprotocols = r.offered;
      one.headers = r.headers;
      one.remote = r.remote;
      one.encrypted = r.encrypted;
      return admit(options, at, one);
    };
    server_options options;
    options.origins = {"https://listed.example"};
    options.auth.cookie = "sid";
    EXPECT_EQ(ask(options).checked, admission::check::never);
    options.auth.check = [](const showing&) { return reply<principal>(errc::unauthenticated); };
    EXPECT_EQ(when(ask(options)), r.result);
    options.auth.on_plain_text = true;
    const bool was_plain_text = r.result == "403" && r.origin.empty();
    EXPECT_EQ(when(ask(options)), was_plain_text ? "now" : r.result);
    const port_options foreign{.dialect = {.format = &wire::plain_format()}};
    const bool offers_nothing_it_knows = r.offered == std::vector<std::string>{"chat"};
    EXPECT_EQ(when(ask(options, foreign)), was_plain_text || r.result == "later" || offers_nothing_it_knows ? "now" : r.result);
  }
}

TEST(Admission, Ignores_credentials_if_there_is_no_check) {
  asked one;
  one.headers = {token, token};
  one.subprotocols = {"parley.v1.json", "parley.auth.!"};
  one.remote = "192.0.2.1:9";
  const admission a = admit({}, {}, one);
  EXPECT_EQ(a.subprotocol, "parley.v1.json");
  EXPECT_TRUE(one.headers.empty());
}

TEST(Admission, Repeats_the_name_of_a_dialect_only_to_clients_that_offer_it) {
  server_options options;
  const port_options at{.dialect = {.format = &wire::plain_format(), .subprotocol = "lines"}};
  asked one;
  EXPECT_EQ(answered(admit(options, at, one)), "");
  one.subprotocols = {"other"};
  EXPECT_EQ(answered(admit(options, at, one)), "");
  one.subprotocols = {"other", "lines"};
  EXPECT_EQ(answered(admit(options, at, one)), "lines");
  one.origin = "https://evil.example";
  one.host = "here";
  EXPECT_EQ(answered(admit(options, at, one)), "403");
}

TEST(Admission, Compares_the_origins_and_hosts_of_the_port) {
  const server_options options{.origins = {"https://a.example"}, .hosts = {"here"}};
  asked one;
  one.host = "here:80";
  one.origin = "https://a.example";
  EXPECT_EQ(answered(admit(options, {}, one)), "");
  EXPECT_EQ(answered(admit(options, {.origins = {"https://b.example"}}, one)), "403");
  EXPECT_EQ(answered(admit(options, {.hosts = std::vector<std::string>{"there"}}, one)), "403");
  EXPECT_EQ(answered(admit(options, {.hosts = std::vector<std::string>{}}, one)), "");
  one.host = "elsewhere";
  EXPECT_EQ(answered(admit(options, {}, one)), "403");
}

// The subprotocols that a client offers are never repeated in a response or a log.
TEST(Admission, Does_not_repeat_credentials_or_names) {
  asked one;
  one.subprotocols = {"parley.auth.secret", "secret"};
  const admission refused = admit({}, {}, one);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.text.find("secret"), std::string_view::npos);
  one.subprotocols = {"parley.auth.secret"};
  EXPECT_EQ(admit({}, {}, one).subprotocol, "");
}

}  // namespace
}  // namespace parley
