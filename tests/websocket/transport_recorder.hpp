// Support for tests of both transports: a handler that records its calls, and a loop that runs
// until a condition holds.
#pragma once

#include "parley/transport/transport.hpp"

#include <asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::transport::testing {

using namespace std::chrono_literals;

// Runs the loop until `done`, for at most 20 s. This is long enough for a sanitizer on a busy
// machine, and is reached only by a failing test.
template <class Done>
::testing::AssertionResult run_until(asio::io_context& io, Done done) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return ::testing::AssertionFailure() << "nothing happened for 20 s";
    io.restart();
    io.run_one_for(100ms);
  }
  return ::testing::AssertionSuccess();
}

// Runs all handlers that are ready, and those that become ready as a consequence.
inline void settle(asio::io_context& io) {
  io.restart();
  io.poll();
}

struct recorder : connection_handler {
  struct message {
    std::string content;
    opcode kind;
    bool operator==(const message&) const = default;
  };

  void on_open(std::shared_ptr<connection> to, std::string_view agreed) override {
    EXPECT_FALSE(inside);
    ++opened;
    link = std::move(to);
    subprotocol = agreed;
    if (when_open) when_open();
  }
  void on_message(bytes_view content, opcode kind) override {
    EXPECT_FALSE(inside);
    EXPECT_EQ(closed, 0) << "a message after on_closed";
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(content.data()) % 8, 0u);
    messages.push_back({std::string(as_text(content)), kind});
    received += content.size();
    if (when_message) when_message(messages.back());
    if (!keep) messages.clear();
  }
  void on_drained() override {
    EXPECT_FALSE(inside);
    ++drained;
    if (when_drained) when_drained();
  }
  void on_closed(const close_reason& w, const error& h) override {
    EXPECT_FALSE(inside);
    ++closed;
    why = w;
    how = h;
    if (when_closed) when_closed();
    link = nullptr;
  }

  // Calls into the connection and fails the test if a handler is called meanwhile.
  template <class Call>
  void call(Call call) {
    inside = true;
    call(*link);
    inside = false;
  }
  void send(std::string text, opcode kind = opcode::text) {
    call([&](connection& to) { to.send(buffer(std::move(text)), kind); });
  }

  std::shared_ptr<connection> link;
  std::string subprotocol;
  std::vector<message> messages;
  std::size_t received = 0;
  bool keep = true;
  int opened = 0;
  int drained = 0;
  int closed = 0;
  bool inside = false;
  close_reason why;
  error how{errc::failed};
  std::function<void()> when_open, when_drained, when_closed;
  std::function<void(const message&)> when_message;
};

}  // namespace parley::transport::testing
