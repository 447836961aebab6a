// For tests of whole programs, where the user cannot set fast_path. On an execution context that
// has this service, all frames of every connection go through websocketpp. Request it before the
// program listens or connects.
//
//   parley::transport::slow_path_only::ask_for(server.executor());
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

namespace parley::transport {

class slow_path_only final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;

  explicit slow_path_only(asio::execution_context& context) : service(context) {}

  static bool asked_for(const asio::any_io_executor& on) { return asio::has_service<slow_path_only>(context_of(on)); }
  static void ask_for(const asio::any_io_executor& on) { asio::use_service<slow_path_only>(context_of(on)); }

 private:
  static asio::execution_context& context_of(const asio::any_io_executor& on) {
    return asio::query(on, asio::execution::context_as<asio::execution_context&>);
  }
  void shutdown() override {}
};

}  // namespace parley::transport
