#include "parley/transport/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport {
namespace {

TEST(transport_text, utf8_is_told_from_what_only_looks_like_it) {
  for (const std::string_view good : {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
                                      "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80z"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2z", "\xE0\x9F\xBF", "\xE2\x82", "\xE2\x82z", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "ok\xFE"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(transport_text, an_incomplete_last_character_is_seen_from_the_end) {
  for (const std::string_view whole : {"", "a", "\xC3\xBC", "x\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) EXPECT_TRUE(ends_whole(whole)) << whole;
  for (const std::string_view cut : {"\xC3", "abc\xC3", "\xE2\x82", "x\xE2", "\xF0\x9F\x98", "\xF0\x9F", "\xC3\xBC\xF0"})
    EXPECT_FALSE(ends_whole(cut)) << cut;
}

TEST(transport_text, a_cut_character_is_the_beginning_of_one_or_of_none) {
  for (const std::string_view good : {"\xC2", "\xDF", "\xE0", "\xE0\xA0", "\xE2\x82", "\xED", "\xED\x9F", "\xEF\xBF", "\xF0", "\xF0\x90",
                                      "\xF0\x90\x80", "\xF4\x8F", "\xF4\x8F\xBF"})
    EXPECT_TRUE(begins_character(good)) << good;
  for (const std::string_view bad :
       {"\x80", "\xC0", "\xC1", "\xE0\x9F", "\xE2z", "\xED\xA0", "\xF0\x8F", "\xF0\x90z", "\xF4\x90", "\xF5", "\xFF"})
    EXPECT_FALSE(begins_character(bad)) << bad;
}

TEST(transport_text, a_close_text_is_cut_between_characters) {
  EXPECT_EQ(close_text("short"), "short");
  EXPECT_EQ(close_text(std::string(123, 'x')).size(), 123u);
  EXPECT_EQ(close_text(std::string(124, 'x')).size(), 123u);
  EXPECT_EQ(close_text(std::string(122, 'x') + "\xC3\xBC"), std::string(122, 'x'));
  EXPECT_EQ(close_text(std::string(121, 'x') + "\xC3\xBC" + "y"), std::string(121, 'x') + "\xC3\xBC");
  EXPECT_EQ(close_text(std::string(120, 'x') + "\xF0\x9F\x98\x80"), std::string(120, 'x'));
  EXPECT_EQ(close_text("\xFF"), "");
}

TEST(transport_text, codes_that_may_stand_in_a_close_frame_are_those_of_the_registry_and_of_applications) {
  for (const unsigned code : {1000u, 1003u, 1007u, 1011u, 1014u, 3000u, 4999u})
    EXPECT_TRUE(may_be_sent(static_cast<std::uint16_t>(code))) << code;
  for (const unsigned code : {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 2999u, 5000u, 65535u})
    EXPECT_FALSE(may_be_sent(static_cast<std::uint16_t>(code))) << code;
}

TEST(transport_text, bytes_that_are_not_aligned_are_copied_and_the_others_are_not) {
  alignas(8) std::array<char, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i);
  std::vector<std::uint64_t> room;
  for (std::size_t from = 0; from < 9; ++from) {
    const bytes_view view = as_bytes({bytes.data() + from, 20});
    const bytes_view out = aligned(view, room);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(out.data()) % 8, 0u);
    EXPECT_EQ(as_text(out), as_text(view));
    EXPECT_EQ(out.data() == view.data(), from % 8 == 0);
  }
  EXPECT_TRUE(aligned(as_bytes({bytes.data() + 1, 0}), room).empty());
}

}  // namespace
}  // namespace parley::transport
