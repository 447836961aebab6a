// How Parley configures websocketpp: its core with a transport policy of Parley's own, and without
// logging, locks, timers or compression. The only header that includes websocketpp, for upgrade.cpp
// (handshakes) and slow_path.cpp (frames).
//
// The transport policy has no socket and lives for one handshake. feed() passes received bytes to
// websocketpp, and take() returns what it writes. Writing completes at once, so websocketpp never
// holds a queue of its own and nothing in it waits.
#pragma once

#include "parley/transport/websocket/protocol/unpredictable.hpp"

#include <websocketpp/common/platforms.hpp>

#include <websocketpp/close.hpp>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/connection_base.hpp>
#include <websocketpp/endpoint_base.hpp>
#include <websocketpp/extensions/permessage_deflate/disabled.hpp>
#include <websocketpp/http/request.hpp>
#include <websocketpp/http/response.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/message_buffer/alloc.hpp>
#include <websocketpp/message_buffer/message.hpp>
#include <websocketpp/processors/hybi13.hpp>
#include <websocketpp/roles/client_endpoint.hpp>
#include <websocketpp/roles/server_endpoint.hpp>
#include <websocketpp/transport/base/connection.hpp>
#include <websocketpp/transport/base/endpoint.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace parley::transport::policy {

template <class Config>
class connection : public std::enable_shared_from_this<connection<Config>> {
 public:
  using type = connection;
  using ptr = std::shared_ptr<type>;
  using alog_type = typename Config::alog_type;
  using elog_type = typename Config::elog_type;
  struct no_timer {
    void cancel() {}
  };
  using timer_ptr = std::shared_ptr<no_timer>;

  connection(bool /*is_server*/, const std::shared_ptr<alog_type>&, const std::shared_ptr<elog_type>&) {}
  ptr get_shared() { return this->shared_from_this(); }

  // Returns what websocketpp has written since the last call.
  std::string take() { return std::exchange(written_, {}); }
  // Ends the pending read, whose handler holds references to the connection itself.
  void detach() {
    room_ = nullptr;
    once_ = nullptr;
  }

  // If websocketpp has failed the connection, it requests no more bytes, and these are dropped.
  void feed(std::span<const char> bytes) {
    while (!bytes.empty() && room_) {
      const std::size_t count = std::min(bytes.size(), room_size_);
      std::copy_n(bytes.begin(), count, room_);
      bytes = bytes.subspan(count);
      room_ = nullptr;
      std::exchange(once_, nullptr)(std::error_code(), count);
    }
  }

  bool is_secure() const { return false; }
  std::string get_remote_endpoint() const { return {}; }
  void set_uri(const websocketpp::uri_ptr&) {}
  timer_ptr set_timer(long, const websocketpp::transport::timer_handler&) { return {}; }

 protected:
  using completion = std::function<void(const std::error_code&)>;

  void init(const completion& done) { done({}); }
  void set_handle(const websocketpp::connection_hdl&) {}

  void async_read_at_least(std::size_t, char* room, std::size_t size, const websocketpp::transport::read_handler& handler) {
    room_ = room;
    room_size_ = size;
    once_ = handler;
  }

  void async_write(const char* bytes, std::size_t size, const completion& done) {
    written_.append(bytes, size);
    done({});
  }
  void async_write(const std::vector<websocketpp::transport::buffer>& pieces, const completion& done) {
    for (const auto& piece : pieces) written_.append(piece.buf, piece.len);
    done({});
  }

  std::error_code dispatch(const websocketpp::transport::dispatch_handler& handler) {
    handler();
    return {};
  }
  std::error_code interrupt(const websocketpp::transport::interrupt_handler&) { return {}; }

  // websocketpp does not know the socket.
  void async_shutdown(const completion&) {}

 private:
  std::string written_;
  char* room_ = nullptr;
  std::size_t room_size_ = 0;
  websocketpp::transport::read_handler once_;
};

template <class Config>
class endpoint {
 public:
  using type = endpoint;
  using ptr = std::shared_ptr<type>;
  using concurrency_type = typename Config::concurrency_type;
  using alog_type = typename Config::alog_type;
  using elog_type = typename Config::elog_type;
  using transport_con_type = connection<Config>;
  using transport_con_ptr = typename transport_con_type::ptr;

  bool is_secure() const { return true; }  // also takes urls with wss

 protected:
  void init_logging(const std::shared_ptr<alog_type>&, const std::shared_ptr<elog_type>&) {}
  std::error_code init(const transport_con_ptr&) { return {}; }
};

// Memory for a message is allocated as its bytes arrive. websocketpp's own manager allocates the
// size that a frame's head promises.
template <class Message>
class messages : public std::enable_shared_from_this<messages<Message>> {
 public:
  using type = messages;
  using ptr = std::shared_ptr<messages>;
  using weak_ptr = std::weak_ptr<messages>;
  using message_ptr = typename Message::ptr;

  message_ptr get_message() { return std::make_shared<Message>(this->shared_from_this()); }
  message_ptr get_message(websocketpp::frame::opcode::value kind, std::size_t promised) {
    return std::make_shared<Message>(this->shared_from_this(), kind, std::min(promised, at_most));
  }

 private:
  static constexpr std::size_t at_most = 1024;
};

// websocketpp determines these names.
struct config {
  using type = config;
  using concurrency_type = websocketpp::concurrency::none;
  using request_type = websocketpp::http::parser::request;
  using response_type = websocketpp::http::parser::response;
  using message_type = websocketpp::message_buffer::message<messages>;
  using con_msg_manager_type = messages<message_type>;
  using endpoint_msg_manager_type = websocketpp::message_buffer::alloc::endpoint_msg_manager<con_msg_manager_type>;
  using elog_type = websocketpp::log::stub;
  using alog_type = websocketpp::log::stub;
  using rng_type = unpredictable;
  using endpoint_base = websocketpp::endpoint_base;
  using connection_base = websocketpp::connection_base;

  struct transport_config {
    using concurrency_type = config::concurrency_type;
    using elog_type = config::elog_type;
    using alog_type = config::alog_type;
  };
  using transport_type = policy::endpoint<transport_config>;

  static constexpr bool enable_multithreading = false;
  // The transport enforces all time limits. websocketpp sets no timer.
  static constexpr long timeout_open_handshake = 0;
  static constexpr long timeout_close_handshake = 0;
  static constexpr long timeout_pong = 0;
  static constexpr int client_version = 13;
  static constexpr websocketpp::log::level elog_level = websocketpp::log::elevel::none;
  static constexpr websocketpp::log::level alog_level = websocketpp::log::alevel::none;
  static constexpr std::size_t connection_read_buffer_size = 1024;  // a member of every connection has this size
  static constexpr bool drop_on_protocol_error = false;
  static constexpr bool silent_close = false;
  static constexpr std::size_t max_message_size = 64 * 1024;
  static constexpr std::size_t max_http_body_size = 0;
  // No extension is implemented, but if this is false, every handshake of a client fails.
  static constexpr bool enable_extensions = true;

  struct permessage_deflate_config {
    using request_type = config::request_type;
    static constexpr bool allow_disabling_context_takeover = true;
    static constexpr std::uint8_t minimum_outgoing_window_bits = 8;
  };
  using permessage_deflate_type = websocketpp::extensions::permessage_deflate::disabled<permessage_deflate_config>;
};

}  // namespace parley::transport::policy
