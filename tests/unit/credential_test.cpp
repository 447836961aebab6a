// Credentials and what a check sees: what they say, and that they are wiped.
#include "parley/core/wipe.hpp"
#include "parley/stub/authenticator.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>

namespace parley {
namespace {

template <class T>
concept printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!printable<credential>);
static_assert(!std::equality_comparable<credential>);

TEST(Credential, Has_a_scheme_in_lower_case_and_a_secret) {
  const credential one("BeaRer", "Abc");
  EXPECT_EQ(one.scheme(), "bearer");
  EXPECT_EQ(one.secret(), "Abc");
  EXPECT_TRUE(one);
  EXPECT_FALSE(credential());
  EXPECT_EQ(credential::bearer("t").scheme(), "bearer");
}

TEST(Credential, Of_a_name_and_a_password_gives_them_back) {
  const credential one = credential::basic("Aladdin", "open:sesame");
  EXPECT_EQ(one.scheme(), "basic");
  EXPECT_EQ(one.secret(), "QWxhZGRpbjpvcGVuOnNlc2FtZQ==");
  EXPECT_EQ(one.user(), "Aladdin");
  EXPECT_EQ(one.password(), "open:sesame");
}

TEST(Credential, That_is_malformed_has_neither) {
  for (const credential& one : {credential("basic", "not base64!"), credential("basic", "bm9jb2xvbg=="), credential::bearer("QTpC")}) {
    EXPECT_EQ(one.user(), "");
    EXPECT_EQ(one.password(), "");
  }
}

TEST(Credential, Is_copied_and_moved) {
  credential one = credential::bearer("a secret that is too long for the string itself");
  credential two = one;
  EXPECT_EQ(two.secret(), one.secret());
  const credential three = std::move(one);
  EXPECT_EQ(three.secret(), two.secret());
  EXPECT_EQ(one.secret(), "");  // NOLINT(bugprone-use-after-move)
  two = credential();
  EXPECT_FALSE(two);
}

// A short secret stays in the string object when the string is moved, so the object is examined.
TEST(Credential, Leaves_nothing_in_memory) {
  alignas(credential) unsigned char room[sizeof(credential)];
  const auto has_secret = [&] {
    return std::string_view(reinterpret_cast<const char*>(room), sizeof room).find("sesame") != std::string_view::npos;
  };
  auto* const one = new (room) credential("bearer", "open sesame");
  EXPECT_TRUE(has_secret());
  const credential moved = std::move(*one);
  EXPECT_FALSE(has_secret());
  *one = moved;
  EXPECT_TRUE(has_secret());
  *one = credential();
  EXPECT_FALSE(has_secret());
  *one = moved;
  one->~credential();
  EXPECT_FALSE(has_secret());
}

TEST(Credential, Wiping_overwrites_all_memory_of_a_text) {
  std::string text = "a secret that is too long for the string itself";
  const char* const bytes = text.data();
  const std::size_t size = text.size();
  text.resize(3);
  wipe(text);
  EXPECT_TRUE(text.empty());
  for (std::size_t i = 1; i < size; ++i) EXPECT_EQ(bytes[i], '\0');
}

TEST(Showing, Finds_headers_by_name_in_any_spelling) {
  showing what;
  what.headers = {{"X-Tenant", "red"}, {"x-tenant", "blue"}};
  EXPECT_EQ(what.header("x-tenant"), "red");
  EXPECT_EQ(what.header("x-other"), "");
}

TEST(Principal, Knows_its_roles) {
  const principal ada{.name = "ada", .roles = {"admin", "trader"}};
  EXPECT_TRUE(ada.has_role("admin"));
  EXPECT_FALSE(ada.has_role("adm"));
}

}  // namespace
}  // namespace parley
