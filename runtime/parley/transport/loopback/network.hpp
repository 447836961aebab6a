// The network of one parley::loopback. All its connections share the listeners and the pending
// faults. Any thread.
#pragma once

#include "parley/transport/network.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace parley::transport {

class mailbox;
class loopback_door;

class loopback_network final : public network, public std::enable_shared_from_this<loopback_network> {
 public:
  // Accepts every url. A url that does not belong to this network fails when connecting.
  result<> check(std::string_view url, std::string_view proxy) const override;
  std::function<void()> connect(const asio::any_io_executor& on, connect_options options,
                                std::shared_ptr<connection_handler> handler) override;
  result<std::shared_ptr<listener>> listen(const asio::any_io_executor& on, listen_options options) override;
  bool has_addresses() const noexcept override { return false; }

  // Returns the earlier listener of that name. The caller stops it, outside the lock.
  std::shared_ptr<loopback_door> add(const std::string& name, std::shared_ptr<loopback_door> one);
  void remove(const std::string& name, const loopback_door& one);
  std::shared_ptr<loopback_door> find(const std::string& name) const;

  enum class fault { refuse_connect, drop_message, any };
  void set(fault which, std::size_t number);
  // Count an operation. Returns false if this operation must fail.
  bool count_connect() { return count(fault::refuse_connect); }
  bool count_message() { return count(fault::drop_message); }
  std::size_t operations() const;

  void hold();
  void release(std::optional<std::size_t> deliveries);
  // If it returns false, the box is woken when it may deliver.
  bool may_deliver(const std::weak_ptr<mailbox>& box);

 private:
  bool count(fault kind);

  mutable std::mutex guard_;
  std::map<std::string, std::shared_ptr<loopback_door>> doors_;
  std::map<fault, std::size_t> faults_;  // the number of operations of that kind that still succeed
  std::size_t operations_ = 0;
  bool holding_ = false;
  std::size_t allowed_ = 0;  // permitted deliveries while holding
  std::deque<std::weak_ptr<mailbox>> waiting_;
};

}  // namespace parley::transport
