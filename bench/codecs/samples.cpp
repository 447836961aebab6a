#include "codecs/samples.hpp"

#include <cmath>
#include <cstddef>
#include <string>

namespace bench {

v1::Flat flat_sample() {
  return {.id = "4f1d2c9e", .name = "Ada Lovelace", .at = 1'700'000'000'123, .value = 1843.125, .count = 42, .active = true};
}

v1::Order nested_sample() {
  v1::Order order{
      .id = "order-2024-000173", .status = v1::Status::OPEN, .note = "Leave it \"by the door\", please.", .placed_at = 1'700'000'000};
  order.customer = v1::Customer{
      .id = "c-77120",
      .name = "Zoë Lindqvist",
      .address = v1::Address{.street = "12 Harbour Street", .city = "Göteborg", .postcode = "41103", .country = "SE"},
  };
  for (int i = 1; i <= 5; ++i) {
    order.lines.push_back({.article = "article-" + std::to_string(1000 + i),
                           .quantity = i,
                           .price = 9.95 * i,
                           .tags = {"garden", "blue", i % 2 == 0 ? "fragile" : "sturdy"}});
  }
  return order;
}

v1::Series series_sample() {
  v1::Series series;
  for (int i = 0; i < 100; ++i) series.values.push_back(std::round(std::sin(i) * 1e6) / 1e3);
  return series;
}

v1::Block block_sample() {
  v1::Block block;
  block.content.resize(64 * 1024);
  unsigned next = 1;
  for (std::byte& byte : block.content) byte = static_cast<std::byte>((next = next * 1'103'515'245 + 12'345) >> 16 & 0xff);
  return block;
}

v1::Board board_sample() {
  v1::Board board;
  for (int i = 0; i < 10; ++i) {
    board.scores["player-" + std::to_string(i)] = 1000 * i + 7;
    board.positions[i] = {.x = 1.5 * i, .y = -0.25 * i};
    v1::Change change;
    if (i % 3 == 0) change.what = v1::Change::renamed{"new name " + std::to_string(i)};
    else if (i % 3 == 1) change.what = v1::Change::moved{{.x = 3.0 + i, .y = 4.5}};
    else change.what = v1::Change::resized{100 + i};
    board.changes.push_back(change);
  }
  return board;
}

}  // namespace bench
