#include "parley/transport/websocket/frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace parley::transport {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;

std::string head(opcode kind, std::size_t size) { return std::string(frame_head(kind, size).bytes()); }

TEST(transport_frame, heads_use_the_shortest_length) {
  EXPECT_EQ(head(opcode::text, 0), "\x81\x00"s);
  EXPECT_EQ(head(opcode::binary, 125), "\x82\x7D"s);
  EXPECT_EQ(head(opcode::text, 126), "\x81\x7E\x00\x7E"s);
  EXPECT_EQ(head(opcode::text, 65535), "\x81\x7E\xFF\xFF"s);
  EXPECT_EQ(head(opcode::binary, 65536), "\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

TEST(transport_frame, masking_is_undone_by_masking_again_at_every_length) {
  std::uint32_t mask;
  std::memcpy(&mask, "\x01\x02\x03\x04", 4);
  EXPECT_EQ(std::string(frame_head(opcode::text, 200, mask).bytes()), "\x81\xFE\x00\xC8\x01\x02\x03\x04"s);
  for (std::size_t size = 0; size < 40; ++size) {
    std::string plain;
    for (std::size_t i = 0; i < size; ++i) plain += static_cast<char>('A' + i);
    std::string masked = "before", again;
    append_masked(masked, plain, mask);
    ASSERT_EQ(masked.size(), 6 + size);
    for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(masked[6 + i], static_cast<char>(plain[i] ^ static_cast<char>(i % 4 + 1)));
    append_masked(again, masked.substr(6), mask);
    EXPECT_EQ(again, plain);
  }
}

// Where the frames of `bytes` end, when they come in pieces of that size.
std::vector<std::size_t> ends(const std::string& bytes, std::size_t piece) {
  frame_splitter splitter;
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min(piece, bytes.size() - at);
    const std::size_t used = splitter.next({bytes.data() + at, size});
    EXPECT_GT(used, 0u);
    EXPECT_FALSE(splitter.length_is_padded());
    at += used;
    if (used < size || at == bytes.size()) out.push_back(at);
  }
  return out;
}

TEST(transport_frame, incoming_frames_are_split_where_they_end_however_they_come) {
  const std::string key = "keyk";
  const std::string bytes = "\x81\x80"s + key + "\x81\x85"s + key + "hello"s + "\x89\x00"s + "\x82\xFE\x00\x7E"s + key +
                            std::string(126, 'x') + "\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s + std::string(65536, 'y') +
                            "\x88\x02\x03\xE8"s;
  EXPECT_THAT(ends(bytes, bytes.size()), ElementsAre(6, 17, 19, 153, 65699, 65703));
  // In smaller pieces an end that falls on a piece's end is not seen here, but none is passed over.
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 100u, 4096u}) {
    frame_splitter splitter;
    std::size_t at = 0;
    std::vector<std::size_t> frame_ends{6, 17, 19, 153, 65699, 65703};
    for (std::size_t next = 0; at < bytes.size();) {
      const std::size_t used = splitter.next({bytes.data() + at, std::min(piece, bytes.size() - at)});
      at += used;
      ASSERT_LE(at, frame_ends[next]) << piece;
      if (at == frame_ends[next]) ++next;
    }
  }
}

TEST(transport_frame, lengths_that_are_not_in_their_shortest_form_are_noticed) {
  const auto padded = [](const std::string& bytes) {
    frame_splitter splitter;
    splitter.next(bytes);
    return splitter.length_is_padded();
  };
  EXPECT_TRUE(padded("\x81\x7E\x00\x7D"s));
  EXPECT_FALSE(padded("\x81\x7E\x00\x7E"s));
  EXPECT_TRUE(padded("\x81\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF"s));
  EXPECT_FALSE(padded("\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s));
  EXPECT_FALSE(padded("\x81\x7D"s));
}

}  // namespace
}  // namespace parley::transport
