#include "parley/core/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

std::string encoded(std::string_view bytes) {
  std::string out;
  parley::to_base64(parley::as_bytes(bytes), out);
  return out;
}

// Returns "?" if the text is not base64.
std::string decoded(std::string_view text) {
  std::vector<std::byte> out{std::byte{1}};
  if (!parley::from_base64(text, out)) return "?";
  return std::string(parley::as_text(out));
}

TEST(Base64, WritesTheVectorsOfRfc4648) {
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foob"), "Zm9vYg==");
  EXPECT_EQ(encoded("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64, ReadsWithAndWithoutPadding) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("Zg=="), "f");
  EXPECT_EQ(decoded("Zg"), "f");
  EXPECT_EQ(decoded("Zm8="), "fo");
  EXPECT_EQ(decoded("Zm8"), "fo");
  EXPECT_EQ(decoded("Zm9vYmFy"), "foobar");
}

TEST(Base64, ReadsBothAlphabets) {
  EXPECT_EQ(decoded("+/+/"), "\xFB\xFF\xBF");
  EXPECT_EQ(decoded("-_-_"), "\xFB\xFF\xBF");
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* text : {"Z", "Zg=", "Zg===", "=", "====", "Zm9vY", "Zm 9", "Zm9v\n", "Zg==Zg==", "Zm9*", "Z===", "Zh==", "Zm9=", "Zh",
                           "\xC3\xA4_-", "+-+-", "_/AA"})
    EXPECT_EQ(decoded(text), "?") << text;
}

TEST(Base64, BringsEveryByteBackFromEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decoded(encoded(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
}

}  // namespace
