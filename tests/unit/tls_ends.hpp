// Two ends of TLS without sockets, for tests: what one writes is offered to the other.
#pragma once

#include "certificates.hpp"

#include "parley/transport/tls/context.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace parley::transport::testing {

using parley::testing::identity;
using parley::testing::issuer;

inline certificate as_option(const identity& one) { return {.pem = one.pem, .key_pem = one.key_pem}; }

template <class Options>
auto loaded(Options options) {
  auto made = load_tls(std::move(options));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? *made : nullptr;
}

struct tls_end {
  using state = tls_engine::state;

  explicit tls_end(std::unique_ptr<tls_engine> made) : engine(std::move(made)) {}

  // Lets the engine take what has arrived, at most `at_once` bytes at a time, and read.
  void go_on(std::size_t at_once = 1 << 20, std::size_t room = 4096) {
    with_output([&] {
      how = engine->advance();
      do {
        const std::string now = arrived.substr(0, at_once);
        engine->offer(now);
        std::string plain(room, '\0');
        for (std::size_t count = 1; count > 0;) {
          count = engine->read(plain, how);
          heard.append(plain, 0, count);
        }
        arrived.erase(0, now.size() - engine->rest().size());
        engine->offer({});
      } while (!arrived.empty() && how != state::failed && how != state::closed);
    });
  }
  std::size_t say(std::string_view text) {
    std::size_t count = 0;
    with_output([&] { count = engine->write(text, how); });
    return count;
  }
  void goodbye() {
    with_output([&] { engine->say_goodbye(); });
  }
  template <class Call>
  void with_output(Call call) {
    std::array<char, 1000> room;  // small, so that something goes beyond
    engine->lend(room);
    call();
    sent += engine->output();
    sent += engine->take_beyond();
  }
  std::string fault() const { return engine->fault() ? engine->fault()->message : ""; }

  std::unique_ptr<tls_engine> engine;
  state how = state::handshaking;
  std::string arrived;  // ciphertext
  std::string sent;     // ciphertext
  std::string heard;    // plain text
};

// Moves everything that both ends write, until nothing is left.
inline void exchange(tls_end& a, tls_end& b, std::size_t at_once = 1 << 20, std::size_t room = 4096) {
  for (int quiet = 0; quiet < 2;) {
    a.go_on(at_once, room);
    b.arrived += std::exchange(a.sent, {});
    b.go_on(at_once, room);
    a.arrived += std::exchange(b.sent, {});
    quiet = a.arrived.empty() ? quiet + 1 : 0;
    if (a.engine->fault() && b.engine->fault()) return;
  }
}

}  // namespace parley::transport::testing
