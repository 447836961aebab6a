// The repository's bots. Each flies in a circle around Vienna, sends its position five times a
// second, and reconnects when the connection is lost.
#include "gameserver.client.hpp"

#include <parley/client.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cmath>
#include <iostream>
#include <numbers>
#include <string>

using namespace gameserver::v1;
using namespace std::chrono_literals;

struct bot {
  std::string name;
  double radius_km;
  double degrees_per_second;
};

Plane position(const bot& b, std::chrono::duration<double> elapsed) {
  constexpr double radian = std::numbers::pi / 180, center_lat = 48.2082, center_long = 16.3738, degree_km = 111;
  const double angle = std::fmod(elapsed.count() * b.degrees_per_second, 360);
  const double north = b.radius_km / degree_km * std::cos(angle * radian);
  const double east = b.radius_km / (degree_km * std::cos(center_lat * radian)) * std::sin(angle * radian);
  return {.lat = center_lat + north,
          .long_ = center_long + east,
          .alt = 1000,
          .rot_x = 0,
          .rot_y = 0,
          .rot_z = std::fmod(angle + 90, 360),
          .type = 1,
          .anim = 0};
}

asio::awaitable<void> fly(asio::any_io_executor on, bot b, std::string url) {
  asio::steady_timer pause{on};
  parley::client link{on, url, {.encoding = parley::encoding::plain}};
  GameClient game{link};
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    const parley::result<> connected = co_await link.async_connect();
    if (connected) {
      std::cout << "Connected to " << url << " for " << b.name << std::endl;
      game.set_name({.name = b.name});
    }
    while (link.connected()) {
      game.update_state(position(b, std::chrono::steady_clock::now() - start));
      pause.expires_after(200ms);
      co_await pause.async_wait(asio::use_awaitable);
    }
    std::cout << "Connection closed for " << b.name << ", attempting to reconnect..." << std::endl;
    pause.expires_after(5s);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

int main(int argc, char** argv) {
  asio::io_context io;
  for (const bot& b : {bot{"Fast Observer", 50, 36}, bot{"Slow Observer", 25, 12}, bot{"High Altitude Observer", 40, 18},
                       bot{"Euro Fighter", 110, 72}, bot{"High Speed Ringbahn", 0.8, 36}}) {
    std::cout << "Bot: " << b.name << ", Radius: " << b.radius_km << "km, Speed: " << b.degrees_per_second << "°/s" << std::endl;
    asio::co_spawn(io, fly(io.get_executor(), b, argc > 1 ? argv[1] : "ws://localhost:8765/ws"), asio::detached);
  }
  io.run();
}
