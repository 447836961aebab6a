// One end of a connection in memory.
#pragma once

#include "parley/transport/lifeline.hpp"
#include "parley/transport/loopback/mailbox.hpp"
#include "parley/transport/loopback/network.hpp"
#include "parley/transport/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport {

class loopback_end final : public connection, public reader, public std::enable_shared_from_this<loopback_end>, private tethered {
 public:
  // `slot` is released when the connection has ended. Connections are counted by their slots.
  // `path` is the path of the url at a client, and empty at a server.
  loopback_end(const asio::any_io_executor& on, std::shared_ptr<loopback_network> network, std::size_t max_message, std::string remote,
               std::shared_ptr<connection_handler> handler, std::shared_ptr<void> slot, std::string path);
  ~loopback_end() override;

  // The end keeps itself alive from here until the connection has ended. A client waits for
  // `opened` or `refused`.
  void start();
  const std::shared_ptr<mailbox>& box() const noexcept { return box_; }
  // Server: informs the client. on_open follows, or on_closed if the client has disconnected.
  void open(std::shared_ptr<mailbox> peer, std::string subprotocol);
  // Client: ends the attempt while it is not open. Later calls do nothing.
  void fail(error why);

  void send(const buffer& content, opcode kind) override;
  std::size_t buffered_amount() const override { return buffered_; }
  void set_water_marks(std::size_t high, std::size_t low) override;
  void pause_reading() override;
  void resume_reading() override;
  bool has_unread() const override { return box_->has_waiting(); }
  void close(std::uint16_t code, std::string_view text) override;
  void abort() override;
  void ping() override;
  void on_pong(std::function<void()> notify) override { on_pong_ = std::move(notify); }
  std::string remote() const override { return remote_; }

 private:
  enum class phase { connecting, open, done };

  void on_letter(letter&& one) override;
  void receive(const letter& one);
  // Queues a letter for the other end, which reports when it has taken it.
  void put_counted(letter one);
  void took(const letter& one);
  void taken(std::size_t cost);
  void close_with(close_reason why, error how);
  void tell_closed(close_reason why, error how);
  void let_go() noexcept;
  void sever() noexcept override;

  const std::shared_ptr<loopback_network> network_;
  const std::shared_ptr<mailbox> box_;
  const std::size_t max_message_;
  const std::string remote_;
  const std::string path_;
  std::shared_ptr<connection_handler> handler_;
  std::shared_ptr<void> slot_;
  std::shared_ptr<mailbox> peer_;
  std::shared_ptr<loopback_end> self_;
  std::function<void()> on_pong_;

  phase phase_ = phase::connecting;
  std::size_t buffered_ = 0;
  std::size_t high_ = 64 * 1024;
  std::size_t low_ = 16 * 1024;
  bool over_ = false;
  // Holds an aligned copy of a message that is not aligned.
  std::vector<std::uint64_t> room_;
};

}  // namespace parley::transport
