// A client of a server in memory, on the loop and the clock of a test. Its link stays lost.
#pragma once

#include "system/world.hpp"

#include <parley/transport/loopback/manual_clock.hpp>

#include <asio/io_context.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace talk::v1 {

struct client_in_memory {
  client_in_memory(asio::io_context& io, parley::loopback& network, const std::shared_ptr<parley::manual_clock>& clock,
                   parley::encoding encoding)
      : link(io.get_executor(), "mem://talk/ws", without_reconnecting({.encoding = encoding, .loopback = &network, .clock = clock})),
        talk(link) {
    link.on_disconnected([this](const parley::error& why) { lost.push_back(why); });
    link.async_connect([](parley::result<> outcome) { EXPECT_TRUE(outcome); });
  }
  std::vector<parley::error> lost;
  parley::client link;
  TalkClient talk;
};

}  // namespace talk::v1
