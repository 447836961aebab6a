#include "parley/transport/tcp/write_queue.hpp"

#include "parley/transport/message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

namespace parley::transport {
namespace {

void put(write_queue& queue, std::string_view bytes) {
  const std::span<char> room = queue.extend(bytes.size());
  ASSERT_EQ(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
}

std::string front(const write_queue& queue, std::size_t at_most = 64) {
  std::array<write_queue::view, 64> pieces;
  const std::size_t count = queue.front(std::span(pieces).first(at_most));
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.append(pieces[i].begin, pieces[i].size);
  return out;
}

TEST(transport_write_queue, small_things_are_one_piece_and_large_ones_stay_where_they_are) {
  write_queue queue;
  const buffer large(std::string(10'000, 'L'));
  put(queue, "a");
  put(queue, "b");
  queue.share(large);
  put(queue, "c");
  std::array<write_queue::view, 64> pieces;
  ASSERT_EQ(queue.front(pieces), 3u);
  EXPECT_EQ(pieces[0].size, 2u);
  EXPECT_EQ(pieces[1].begin, large.text().data());
  EXPECT_EQ(queue.size(), 10'003u);
  EXPECT_EQ(front(queue), "ab" + std::string(large.text()) + "c");
}

TEST(transport_write_queue, what_many_share_keeps_its_head_and_is_not_copied) {
  const buffer message = framed_once("hello", opcode::text);
  EXPECT_EQ(message.text(), "hello");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(message.text().data()) % 8, 0u);
  write_queue one, other;
  for (write_queue* queue : {&one, &other}) {
    queue->share(message, message.with_head());
    EXPECT_EQ(front(*queue), "\x81\x05hello");
    EXPECT_EQ(queue->size(), 7u);
  }
}

TEST(transport_write_queue, what_it_holds_is_counted_but_for_what_many_share) {
  write_queue queue;
  EXPECT_EQ(queue.held(), 0u);
  const buffer many = framed_once(std::string(10'000, 'm'), opcode::text), own(std::string(20'000, 'o'));
  queue.share(many, many.with_head());
  const std::size_t place = queue.held();
  EXPECT_LT(place, 200u);
  put(queue, std::string(1000, 'c'));
  EXPECT_EQ(queue.held(), 2 * place + 1000);
  queue.share(own);
  EXPECT_EQ(queue.held(), 3 * place + 21'000);
  queue.taken(10'000);  // all but the end of the first piece
  EXPECT_EQ(queue.held(), 3 * place + 21'000);
  queue.taken(queue.size() - 1);
  EXPECT_EQ(queue.held(), place + 20'000);  // a piece is held until all of it is taken
  queue.taken(1);
  EXPECT_EQ(queue.held(), 0u);
}

TEST(transport_write_queue, what_was_borrowed_and_has_to_wait_is_copied) {
  write_queue queue;
  put(queue, "own");
  {
    std::string elsewhere = "borrowed";
    queue.borrow(elsewhere);
    put(queue, "own again");
    EXPECT_EQ(front(queue), "ownborrowedown again");
    queue.taken(5);
    queue.take_back();
    elsewhere.assign(8, '!');
  }
  EXPECT_EQ(front(queue), "rrowedown again");
  queue.taken(queue.size());
  EXPECT_EQ(queue.size(), 0u);
}

TEST(transport_write_queue, what_was_copied_to_lent_room_outlives_it) {
  write_queue queue;
  put(queue, "before");
  {
    std::array<char, 100> room;
    queue.lend(room);
    put(queue, "in the room");
    queue.share(buffer(std::string("shared")));
    put(queue, "again");
    put(queue, std::string(200, 'x'));  // does not fit
    queue.share(buffer(std::string("S")));
    put(queue, "behind");
    queue.taken(9);
    queue.take_back();
    room.fill('!');
  }
  put(queue, "after");
  EXPECT_EQ(front(queue), "the roomsharedagain" + std::string(200, 'x') + "Sbehindafter");
}

TEST(transport_write_queue, everything_leaves_in_order_whatever_is_taken_when) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    write_queue queue;
    std::string expected, got;
    std::array<char, 300> room;
    bool lent = false;
    for (int step = 0; step < 200; ++step) {
      std::string bytes(1 + random() % (random() % 8 ? 40 : 700), static_cast<char>('a' + step % 26));
      switch (random() % 6) {
        case 0:
          queue.share(buffer(bytes));
          expected += bytes;
          break;
        case 1:
        case 2: {
          const std::string some = front(queue, 1 + random() % 64);
          const std::size_t count = some.empty() ? 0 : random() % (some.size() + 1);
          got += some.substr(0, count);
          queue.taken(count);
          break;
        }
        case 3:
          if (lent) {
            queue.take_back();
            room.fill('!');
          } else {
            queue.lend(room);
          }
          lent = !lent;
          break;
        default:
          put(queue, bytes);
          expected += bytes;
      }
      ASSERT_EQ(queue.size(), expected.size() - got.size());
    }
    while (queue.size() > 0) {
      const std::string some = front(queue);
      got += some;
      queue.taken(some.size());
    }
    ASSERT_EQ(got, expected);
  }
}

}  // namespace
}  // namespace parley::transport
