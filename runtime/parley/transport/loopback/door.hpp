// One listener in memory. It answers connects.
#pragma once

#include "parley/transport/lifeline.hpp"
#include "parley/transport/loopback/mailbox.hpp"
#include "parley/transport/loopback/network.hpp"
#include "parley/transport/transport.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::transport {

// A client that waits for an answer. If it is destroyed without one, the client learns that the
// server has gone.
class caller {
 public:
  explicit caller(std::shared_ptr<mailbox> box) : box_(std::move(box)) {}
  caller(caller&&) = default;
  caller& operator=(caller&&) = delete;
  ~caller() {
    if (box_) box_->put({.what = letter::kind::lost});
  }
  std::shared_ptr<mailbox> take() { return std::exchange(box_, nullptr); }

 private:
  std::shared_ptr<mailbox> box_;
};

// The request of a client.
struct knock {
  std::string path;
  std::string query;
  std::vector<header> headers;
  std::string host;
  std::string origin;
  std::vector<std::string> subprotocols;
  std::string remote;
  caller client;
};

class loopback_door final : public std::enable_shared_from_this<loopback_door>, private tethered {
 public:
  loopback_door(const asio::any_io_executor& on, std::shared_ptr<loopback_network> network, const limits& bounds, std::string name,
                std::function<void(int, std::string_view, const std::string&)> on_refused);

  const std::string& name() const noexcept { return name_; }
  void start(std::function<void(std::shared_ptr<request>)> on_request);

  // Clients that have connected already are still answered.
  void finish();
  // Any thread.
  void stop();
  void ask(knock one);

 private:
  class loopback_request;

  void sever() noexcept override;
  void let_go() noexcept;
  void answer(knock&& one);
  // The client was refused before a request was handed out, or the answer was not valid. Informs
  // the client and on_refused_.
  void refuse(mailbox& client, const std::string& remote, int status, std::string_view text);

  const std::shared_ptr<loopback_network> network_;
  const limits limits_;
  const std::string name_;
  const std::function<void(int, std::string_view, const std::string&)> on_refused_;
  std::atomic<bool> open_{true};
  // Protects on_ against other threads. The door's own executor writes on_ under the lock and reads
  // it without.
  std::mutex guard_;
  std::optional<asio::any_io_executor> on_;
  std::function<void(std::shared_ptr<request>)> on_request_;
  const std::shared_ptr<std::atomic<std::size_t>> connections_ = std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace parley::transport
