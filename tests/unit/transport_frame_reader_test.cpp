// Compares the fast path with the slow path. Both must find the same in any input, however it is
// divided.
#include "parley/transport/websocket/protocol/frame_reader.hpp"
#include "parley/transport/websocket/protocol/slow_path.hpp"

#include "websocket/transport_frames.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using testing::frame;
using ::testing::IsEmpty;
using testing::random_frames;

// What a connection does with a reader: writes a line for each result. Nothing is read after a
// violation or a close frame.
class listener_of_frames : private slow_path::finder {
 public:
  listener_of_frames(bool server, bool fast, std::size_t max_message = 70'000)
      : masks_(server ? nullptr : &some_masks_), max_message_(max_message), reader_({server, max_message, fast}) {}

  // Passes bytes like a stream: from an aligned address, where the reader may overwrite the bytes
  // that it took.
  void bytes(std::string_view came) {
    std::vector<char> room(came.begin(), came.end());
    std::span<char> rest(room);
    while (!over && !rest.empty()) {
      const std::size_t before = rest.size();
      take(reader_.next(rest));
      ASSERT_LT(rest.size(), before);
    }
    reader_.rest();
  }
  // Passes bytes like a stream that reads directly into the reader's room.
  void bytes_by_room(std::string_view came) {
    while (!over && !came.empty()) {
      const std::span<char> room = reader_.room();
      if (room.empty()) return bytes(came);
      const std::size_t count = std::min(room.size(), came.size());
      std::memcpy(room.data(), came.data(), count);
      came.remove_prefix(count);
      take(reader_.filled(count));
    }
  }

  std::size_t promised() { return reader_.room().size(); }

  std::vector<std::string> log;
  bool over = false;
  std::size_t fast_messages = 0;

 private:
  void take(const frame_reader::piece& piece) {
    switch (piece.what) {
      case frame_reader::found::nothing:
        return;
      case frame_reader::found::message:
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece.bytes.data()) % 8, 0u);
        ++fast_messages;
        return on_data({piece.bytes.data(), piece.bytes.size()}, piece.kind);
      case frame_reader::found::foreign:
        return feed(piece);
      case frame_reader::found::not_utf8:
        feed(piece);
        EXPECT_TRUE(over) << "websocketpp found nothing wrong";
        return;
      case frame_reader::found::padded:
        log.emplace_back("padded");
        over = true;
        return;
    }
  }
  void feed(const frame_reader::piece& piece) {
    if (!slow_) slow_.emplace(max_message_, masks_);
    slow_->feed(piece.head, *this);
    if (!over) slow_->feed(piece.bytes, *this);
    if (reader_.between_messages()) slow_.reset();
  }
  void on_data(std::string_view content, opcode kind) override {
    log.push_back((kind == opcode::text ? "text " : "binary ") + std::string(content));
  }
  void on_ping(std::string_view payload) override { log.push_back("ping " + std::string(payload)); }
  void on_pong() override { log.emplace_back("pong"); }
  void on_close(close_reason said) override {
    log.push_back("close " + std::to_string(said.code) + said.text);
    over = true;
  }
  void on_violation(close_reason why) override {
    log.push_back("violation " + std::to_string(why.code) + ' ' + why.text);
    over = true;
  }

  unpredictable some_masks_;
  unpredictable* const masks_;
  const std::size_t max_message_;
  frame_reader reader_;
  std::optional<slow_path> slow_;
};

std::vector<std::string> all_at_once(std::string_view bytes, bool server, bool fast) {
  listener_of_frames one(server, fast);
  one.bytes(bytes);
  return one.log;
}

// The slow path and the fast path find the same. The bytes are divided in two at every position,
// and into small pieces.
void both_paths_agree(const std::string& bytes, bool server) {
  const std::vector<std::string> expected = all_at_once(bytes, server, false);
  EXPECT_EQ(all_at_once(bytes, server, true), expected);
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    for (const bool by_room : {false, true}) {
      listener_of_frames split(server, true);
      split.bytes(std::string_view(bytes).substr(0, at));
      if (by_room) split.bytes_by_room(std::string_view(bytes).substr(at));
      else split.bytes(std::string_view(bytes).substr(at));
      ASSERT_EQ(split.log, expected) << "split at " << at;
    }
  }
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 13u}) {
    listener_of_frames many(server, true), by_room(server, true), slow(server, false);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::string_view part = std::string_view(bytes).substr(at, piece);
      many.bytes(part);
      by_room.bytes_by_room(part);
      slow.bytes(part);
    }
    ASSERT_EQ(many.log, expected) << piece;
    ASSERT_EQ(by_room.log, expected) << piece;
    ASSERT_EQ(slow.log, expected) << piece;
  }
}

TEST(transport_frame_reader, a_plain_frame_never_meets_websocketpp) {
  listener_of_frames end(true, true);
  end.bytes(frame(0x81, "grüße") + frame(0x82, "\x00\xFF"s) + frame(0x81, "") + frame(0x82, std::string(300, 'x')));
  EXPECT_EQ(end.fast_messages, 4u);
  EXPECT_EQ(end.log.size(), 4u);
  listener_of_frames slow(true, false);
  slow.bytes(frame(0x81, "grüße"));
  EXPECT_EQ(slow.fast_messages, 0u);
  EXPECT_THAT(slow.log, ElementsAre("text grüße"));
}

TEST(transport_frame_reader, both_paths_find_the_same_however_the_bytes_are_split) {
  for (const bool server : {true, false}) {
    const auto f = [&](unsigned first, std::string_view payload) { return frame(first, payload, server); };
    both_paths_agree(f(0x81, "hello") + f(0x82, "\x00\xFF\x80"s) + f(0x81, "") + f(0x81, std::string(130, 'x')) + f(0x81, "end"), server);
    both_paths_agree(f(0x81, "a") + f(0x01, "gr\xC3") + f(0x89, "ping") + f(0x00, "\xBC") + f(0x8A, "") + f(0x80, "ss") + f(0x82, "b"),
                     server);
    both_paths_agree(f(0x02, "") + f(0x80, "") + f(0x81, "after") +
                         f(0x88,
                           "\x03\xE8"
                           "bye") +
                         f(0x81, "never"),
                     server);
    both_paths_agree(f(0x81, "good") + f(0x83, "bad") + f(0x81, "never"), server);
    both_paths_agree(f(0x81, "good") + f(0xC1, "compressed"), server);
    both_paths_agree(f(0x81, "good") + f(0x80, "continues nothing"), server);
    both_paths_agree(f(0x01, "begun") + f(0x81, "another"), server);
    both_paths_agree(f(0x81, "good") + frame(0x81, "wrong mask", !server), server);
    both_paths_agree(f(0x81, "good") + (server ? "\x81\xFE\x00\x05keykhello"s : "\x81\x7E\x00\x05hello"s), server);
    both_paths_agree(f(0x82, std::string(70'001, 'x')).substr(0, 40), server);
    both_paths_agree(f(0x81, "good") + f(0x81, "bad \xC3\x28 text that goes on") + f(0x81, "never"), server);
    both_paths_agree(f(0x81, "good") + f(0x81, "cut \xE2\x82") + f(0x81, "never"), server);
    both_paths_agree(f(0x81, "\xF0\x9F\x98\x80 \xE2\x82\xAC \xC3\xBC") + f(0x81, "\xF0\x9F\x98"), server);
  }
}

TEST(transport_frame_reader, bad_text_is_found_before_the_rest_of_its_frame_or_character_has_come) {
  for (const bool server : {true, false}) {
    for (const std::string bad : {"\xFF", "\xC0", "\xF5", "\xE0\x9F", "\xED\xA0", "\xF0\x8F", "\xF4\x90"}) {
      const std::string bytes = frame(0x81, bad + std::string(1000, 'x'), server);
      listener_of_frames end(server, true);
      end.bytes(std::string_view(bytes).substr(0, bytes.size() - 1000));
      EXPECT_TRUE(end.over);
      ASSERT_EQ(end.log.size(), 1u);
      EXPECT_TRUE(end.log[0].starts_with("violation 1007")) << end.log[0];
    }
  }
}

TEST(transport_frame_reader, a_large_frame_comes_in_any_pieces) {
  std::mt19937 random(7);
  for (const bool server : {true, false}) {
    std::string payload(65536, '\0');
    for (char& c : payload) c = static_cast<char>(random() & 0x7F);
    payload.replace(1000, 4, "\xF0\x9F\x98\x80");
    const std::string bytes =
        frame(0x81, "first", server) + frame(0x81, payload, server) + frame(0x82, payload, server) + frame(0x81, "last", server);
    for (int round = 0; round < 60; ++round) {
      listener_of_frames end(server, true);
      const std::size_t largest = round % 2 ? 100'000 : 1 + random() % 3000;
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t count = std::min<std::size_t>(bytes.size() - at, 1 + random() % largest);
        if (random() % 2) end.bytes(std::string_view(bytes).substr(at, count));
        else end.bytes_by_room(std::string_view(bytes).substr(at, count));
        at += count;
      }
      EXPECT_EQ(end.fast_messages, 4u);
      EXPECT_TRUE(end.log == (std::vector<std::string>{"text first", "text " + payload, "binary " + payload, "text last"}));
    }
  }
}

TEST(transport_frame_reader, memory_grows_with_what_has_come_and_not_with_what_was_promised) {
  listener_of_frames end(true, true);
  const std::string bytes = frame(0x82, std::string(65536, 'x'));
  end.bytes(std::string_view(bytes).substr(0, 14));
  EXPECT_LE(end.promised(), 4096u);
  end.bytes(std::string_view(bytes).substr(14, 1));
  EXPECT_LE(end.promised(), 4096u);
  end.bytes(std::string_view(bytes).substr(15, 8192));
  EXPECT_LE(end.promised(), 4u * 8193u);
  EXPECT_THAT(end.log, IsEmpty());
}

TEST(transport_frame_reader, what_is_too_large_is_known_from_its_head) {
  for (const bool fast : {true, false}) {
    listener_of_frames end(true, fast, 1000);
    end.bytes(frame(0x82, std::string(1000, 'x')));
    EXPECT_EQ(end.log.size(), 1u);
    end.bytes(frame(0x82, std::string(1001, 'x')).substr(0, 8));
    ASSERT_EQ(end.log.size(), 2u);
    EXPECT_TRUE(end.log[1].starts_with("violation 1009")) << end.log[1];
  }
}

TEST(transport_frame_reader, both_paths_find_the_same_in_a_thousand_random_conversations) {
  std::mt19937 random(20'26);
  for (int round = 0; round < 1000; ++round) {
    const bool server = round % 2 == 0;
    const std::string bytes = random_frames(random, server);
    listener_of_frames fast(server, true), slow(server, false);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t count = std::min<std::size_t>(bytes.size() - at, 1 + random() % (round % 3 ? 50 : 2000));
      const std::string_view part = std::string_view(bytes).substr(at, count);
      if (random() % 2) fast.bytes(part);
      else fast.bytes_by_room(part);
      slow.bytes(part);
      at += count;
    }
    ASSERT_EQ(fast.log, slow.log) << round;
  }
}

}  // namespace
}  // namespace parley::transport
