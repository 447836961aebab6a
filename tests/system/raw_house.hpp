// A server for raw connections, without a schema, on its own loop and thread. It echoes unless a
// test chooses otherwise.
#pragma once

#include "system/events.hpp"

#include <parley/loopback.hpp>
#include <parley/transport/websocket.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace raw_tests {

using parley::bytes_view;
using parley::transport::close_reason;
using parley::transport::connection;
using parley::transport::opcode;
using parley::transport::request;

enum class carrier { loopback, websocket };

class house {
 public:
  // On the house's thread.
  std::function<void(connection&, bytes_view, opcode)> on_message = [](connection& from, bytes_view content, opcode kind) {
    from.send_copy(content, kind);
  };
  std::function<void(connection&)> on_open;
  std::function<std::string(const request&)> choose = [](const request& ask) {
    return ask.subprotocols.empty() ? std::string() : ask.subprotocols.front();
  };

  struct ending {
    close_reason why;
    parley::error how;
  };
  events<ending> ended;
  std::atomic<int> pongs = 0;

  explicit house(carrier over, parley::transport::limits limits = {}) : over_(over), work_(asio::make_work_guard(io_)) {
    limits.max_message = 64 * 1024 * 1024;
    if (over == carrier::loopback) {
      door_ = network.listen(io_.get_executor(), limits, "house");
    } else {
      auto made = parley::transport::websocket_listen(io_.get_executor(), {.limits = limits});
      if (!made) throw std::runtime_error(made.error().message);
      door_ = *made;
    }
    door_->start([this](std::shared_ptr<request> ask) {
      const std::string chosen = choose(*ask);
      ask->accept(chosen, std::make_shared<guest>(*this));
    });
    thread_ = std::thread([this] { io_.run(); });
  }
  ~house() {
    door_->stop();
    asio::post(io_, [this] {
      for (const auto& weak : guests_)
        if (const auto one = weak.lock()) one->abort();
      work_.reset();
    });
    thread_.join();
  }
  house(const house&) = delete;
  house& operator=(const house&) = delete;

  std::string url(std::string_view rest = "/ws") const {
    return over_ == carrier::loopback ? "mem://house" + std::string(rest)
                                      : "ws://127.0.0.1:" + std::to_string(door_->port()) + std::string(rest);
  }
  template <class Options>
  Options reach(Options options) {
    if (over_ == carrier::loopback) options.loopback = &network;
    return options;
  }
  template <class F>
  void run(F f) {
    asio::post(io_, std::move(f));
  }

  parley::loopback network;

 private:
  struct guest final : parley::transport::connection_handler {
    explicit guest(house& h) : in(h) {}
    void on_open(std::shared_ptr<connection> to, std::string_view) override {
      link = std::move(to);
      in.guests_.push_back(link);
      link->on_pong([this] { ++in.pongs; });
      if (in.on_open) in.on_open(*link);
    }
    void on_message(bytes_view content, opcode kind) override { in.on_message(*link, content, kind); }
    void on_drained() override {}
    void on_closed(const close_reason& why, const parley::error& how) override {
      in.ended.put({why, how});
      link.reset();
    }
    house& in;
    std::shared_ptr<connection> link;
  };

  const carrier over_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::weak_ptr<connection>> guests_;
  std::shared_ptr<parley::transport::listener> door_;
  std::thread thread_;
};

}  // namespace raw_tests
