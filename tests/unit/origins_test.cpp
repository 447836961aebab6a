#include "parley/ends/origins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace parley;
using testing::HasSubstr;

TEST(Origins, Are_written_as_browsers_send_them) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://example.org", "https://example.org"},
      {"HTTPS://Example.ORG", "https://example.org"},
      {"https://example.org/", "https://example.org"},
      {"https://example.org:443", "https://example.org"},
      {"http://example.org:80/", "http://example.org"},
      {"http://example.org:443", "http://example.org:443"},
      {"http://localhost:8000", "http://localhost:8000"},
      {"http://[::1]:8000", "http://[::1]:8000"},
      {"null", "null"},
      {"chrome-extension://abcdef", "chrome-extension://abcdef"},
  };
  for (const auto& [written, sent] : cases) {
    const auto usable = usable_origin(written, "server_options::origins");
    ASSERT_TRUE(usable) << usable.error().message;
    EXPECT_EQ(*usable, sent);
  }
}

TEST(Origins, That_no_browser_sends_are_refused_with_the_right_form) {
  for (const char* wrong :
       {"*", "https://*.example.org", "localhost:8000", "example.org", "", "http://", "https:///", "://example.org",
        "https://example.org/page", "https://example.org//", "https://user@example.org", "https://example.org?x",
        "https://example.org:port", "https://example.org:70000", "https://example.org:", "http://[::1", "1http://a", "https://a b"}) {
    const auto usable = usable_origin(wrong, "server_options::origins");
    ASSERT_FALSE(usable) << wrong << " -> " << *usable;
    EXPECT_EQ(usable.error().code, errc::invalid);
    EXPECT_THAT(usable.error().message, HasSubstr("server_options::origins"));
    EXPECT_THAT(usable.error().message, HasSubstr("\"https://example.org\""));
  }
}

TEST(Origins, Decide_by_host_and_port) {
  const std::vector<std::string> listed{"https://example.org", "null"};
  struct {
    const char* origin;
    const char* host;
    bool allowed;
  } const cases[] = {
      {"", "localhost:8765", true},  // a program sends no origin
      {"http://localhost:8765", "localhost:8765", true},
      {"HTTP://LocalHost:8765", "localhost:8765", true},
      {"http://localhost:8000", "localhost:8765", false},  // the same machine with another port is another origin
      {"http://127.0.0.1:8765", "localhost:8765", false},
      {"http://localhost", "localhost:80", true},
      {"http://localhost", "localhost:443", false},
      {"https://chat.example", "chat.example", true},
      {"https://chat.example", "chat.example:443", true},
      {"https://chat.example", "backend:8765", false},  // a proxy that sends another Host
      {"https://example.org", "localhost:8765", true},  // this origin is listed
      {"http://example.org", "localhost:8765", false},
      {"https://example.org.evil.example", "localhost:8765", false},
      {"null", "localhost:8765", true},
      {"ftp://localhost:8765", "localhost:8765", false},
      {"http://", "", false},
  };
  for (const auto& one : cases) EXPECT_EQ(origin_allowed(listed, one.origin, one.host), one.allowed) << one.origin << " at " << one.host;
  EXPECT_FALSE(origin_allowed({}, "null", "localhost:8765"));
}

}  // namespace
