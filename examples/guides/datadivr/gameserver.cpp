// The repository's game server. It stores the state that each client sends, and tells each client
// five times a second which others are within 100 km.
#include "gameserver.server.hpp"

#include <parley/server.hpp>

#include <asio/steady_timer.hpp>

#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <numbers>
#include <string>

using namespace gameserver::v1;

namespace {

// The distance along the great circle.
bool is_within_range(const Plane& a, const Plane& b, double max_km = 100) {
  constexpr double radian = std::numbers::pi / 180, earth_km = 6371;
  const double north = std::sin((*b.lat - *a.lat) * radian / 2), east = std::sin((*b.long_ - *a.long_) * radian / 2);
  const double half = north * north + std::cos(*a.lat * radian) * std::cos(*b.lat * radian) * east * east;
  return 2 * earth_km * std::asin(std::sqrt(half)) <= max_km;
}

struct Server final : GameHandler {
  explicit Server(parley::server& server) : peers{server}, next{server.executor()} {}

  void disconnected(parley::peer& peer, const parley::error&) override { planes.erase(peer.id()); }

  void set_name(const Name& said, parley::event& event) override {
    if (said.name.empty()) std::cout << "Invalid name format" << std::endl;
    else planes[event.peer().id()].name = said.name;
  }

  void update_state(const Plane& at, parley::event& event) override {
    if (!(at.lat && at.long_ && at.alt && at.rot_x && at.rot_y && at.rot_z && at.type && at.anim)) {
      std::cout << "Invalid data types in payload" << std::endl;
      return;
    }
    Plane& mine = planes[event.peer().id()];
    const std::string name = mine.name.value_or("Unknown");
    mine = at;
    mine.name = name;
    mine.client_id = event.peer().id();
  }

  void broadcast_periodically() {
    for (const auto& [id, mine] : planes) {
      if (!mine.lat) continue;
      Nearby near;
      for (const auto& [other, plane] : planes)
        if (other != id && plane.lat && is_within_range(mine, plane)) near.nearby_clients.push_back(plane);
      peers.nearby_update(near, parley::to::client(id));
    }
    next.expires_after(std::chrono::milliseconds(200));
    next.async_wait([this](std::error_code stopped) {
      if (!stopped) broadcast_periodically();
    });
  }

  GamePeers peers;
  asio::steady_timer next;
  std::map<std::string, Plane> planes;
};

}  // namespace

int main(int argc, char** argv) {
  parley::server server{{.port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8765)}};
  Server game{server};
  server.add(game);
  game.broadcast_periodically();
  server.start();
  std::cout << "listening on port " << server.port() << std::endl;
  server.join();
}
