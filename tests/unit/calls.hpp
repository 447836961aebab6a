// Support for tests of calls: completions that count, and all orders of a few events.
#pragma once

#include "parley/rpc/rpc.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace calls {

using namespace parley;
using namespace std::chrono_literals;

// The outcome of one call.
struct outcome {
  int completions = 0;
  bool answered = false;
  std::error_code code{};
};

class completion final : public pending_call {
 public:
  explicit completion(outcome& out) : out_(out) {}
  void finish(result<encoded_answer> answer) override {
    const std::unique_ptr<completion> self(this);
    ++out_.completions;
    out_.answered = answer.has_value();
    if (!answer) out_.code = answer.error().code;
  }
  void finish_late() override { finish(errc::cancelled); }

 private:
  outcome& out_;
};

inline std::unique_ptr<pending_call> expect(outcome& out) { return std::make_unique<completion>(out); }

// Calls `run` with every order of every choice among the numbers from 0 to `count` - 1.
inline void every_order(int count, const std::function<void(const std::vector<int>&)>& run) {
  for (int chosen = 0; chosen < 1 << count; ++chosen) {
    std::vector<int> order;
    for (int i = 0; i < count; ++i)
      if ((chosen >> i & 1) != 0) order.push_back(i);
    do { run(order); } while (std::next_permutation(order.begin(), order.end()));
  }
}

inline std::string text_of(const std::vector<int>& order, std::span<const char* const> names) {
  std::string text;
  for (const int i : order) text.append(text.empty() ? "" : ", ").append(names[static_cast<std::size_t>(i)]);
  return text;
}

}  // namespace calls
