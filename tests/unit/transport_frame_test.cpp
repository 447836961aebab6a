#include "parley/transport/websocket/protocol/frame.hpp"
#include "parley/transport/websocket/protocol/masking.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace parley::transport {
namespace {

using namespace std::string_literals;

std::string head(opcode kind, std::size_t size) { return std::string(frame_head(kind, size).bytes()); }

TEST(transport_frame, heads_use_the_shortest_length) {
  EXPECT_EQ(head(opcode::text, 0), "\x81\x00"s);
  EXPECT_EQ(head(opcode::binary, 125), "\x82\x7D"s);
  EXPECT_EQ(head(opcode::text, 126), "\x81\x7E\x00\x7E"s);
  EXPECT_EQ(head(opcode::text, 65535), "\x81\x7E\xFF\xFF"s);
  EXPECT_EQ(head(opcode::binary, 65536), "\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

TEST(transport_frame, a_mask_stands_in_the_head) {
  std::uint32_t mask;
  std::memcpy(&mask, "\x01\x02\x03\x04", 4);
  EXPECT_EQ(std::string(frame_head(opcode::text, 200, mask).bytes()), "\x81\xFE\x00\xC8\x01\x02\x03\x04"s);
}

TEST(transport_frame, masking_is_right_at_every_length_offset_and_shift) {
  std::uint32_t mask;
  std::memcpy(&mask, "\x01\x02\x03\x04", 4);
  std::string plain;
  for (int i = 0; i < 80; ++i) plain += static_cast<char>('A' + i);
  for (std::size_t size = 0; size <= plain.size(); ++size) {
    for (std::size_t offset = 0; offset < 4; ++offset) {
      std::string expected;
      for (std::size_t i = 0; i < size; ++i) expected += static_cast<char>(plain[i] ^ static_cast<char>((i + offset) % 4 + 1));
      for (std::size_t shift = 0; shift < 9; ++shift) {
        std::string room = "12345678" + plain + "after";
        mask_bytes(room.data() + 8 - shift, room.data() + 8, size, mask, offset);
        ASSERT_EQ(room.substr(8 - shift, size), expected) << size << ' ' << offset << ' ' << shift;
        ASSERT_EQ(room.substr(0, 8 - shift), std::string("12345678").substr(0, 8 - shift));
        if (size >= shift) { ASSERT_EQ(room.substr(8 + size), plain.substr(size) + "after"); }
      }
    }
  }
}

}  // namespace
}  // namespace parley::transport
