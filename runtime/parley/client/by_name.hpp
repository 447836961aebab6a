// Events and calls by their wire names, with payloads as JSON text. For programs that learn names
// only at run time, such as bridges, consoles and bindings of other languages. Programs with a
// schema should use the generated stubs, which cannot confuse names and types.
//
//   parley::client link{"ws://localhost:8765/ws", {.encoding = parley::encoding::plain}};
//   parley::by_name names{link};
//   names.on_event([](const parley::named_event& e, const parley::origin&) {
//     std::cout << e.name << ' ' << e.payload << '\n';
//   });
//   link.connect();
//   parley::result<> taken = names.send({.name = "msg", .message = "hello"}, parley::to::all);
//   std::string sum = names.call({.name = "sum_event",
//                                 .payload = R"({"numbers":[1,2]})",
//                                 .reply = "sum_handler_result"});
//
// Payloads are only checked for being JSON. If the other end refuses an event of this client,
// client::on_error is called.
//
// Threads. Every function may be called from any thread. Handlers run on the link's executor, and
// so do completion handlers without an associated executor.
//
// Lifetime. A by_name may be copied. It may be destroyed while its subscriptions and calls
// continue. Once its client is destroyed, calls complete with `cancelled`, and nothing more is
// sent.
#pragma once

#include "parley/client/client.hpp"
#include "parley/stub/subscription.hpp"

#include <asio/associated_executor.hpp>
#include <asio/post.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

struct named_event {
  // The wire name, for example "msg" or "Lobby.Say".
  std::string name;
  // JSON text. In plain mode a received payload may contain Python's NaN and Infinity.
  std::string payload = "null";
  // The envelope's `message`. Methods with `body: MESSAGE` carry their payload in it.
  std::optional<std::string> message{};
};

struct named_request {
  std::string name;
  std::string payload = "null";  // JSON text
  // The wire name of the answer, if the schema has the option `reply`. Needed for servers that do
  // not repeat ids.
  std::string reply{};
};

class by_name {
 public:
  // Throws std::invalid_argument unless the client speaks only JSON: its encoding is `json` or
  // `plain`, or it has a dialect with JSON payloads. Binary payloads need a schema.
  explicit by_name(const client& link);

  // Returns a by_name for the same client, whose calls use these options.
  by_name with(call_options other) const;

  // Sends an event. Does not wait. If no target is given, the server uses the event's first one.
  //
  // The result says whether the event is queued. Errors:
  // - `invalid`: the name is not a valid method name, the payload is not JSON or is nested deeper
  //   than 64, or the message is not UTF-8
  // - `overloaded`: the local queue is full
  // - `disconnected`: there is no connection
  // - `too_large`: the event exceeds the limit of the server
  result<> send(named_event event, target to = {}) const;
  template <class Tag>
  requires requires { target_traits<Tag>::kind; } result<> send(named_event event, const Tag& to) const {
    return send(std::move(event), target_traits<Tag>::value(to));
  }

  // Sends the event that a JSON object describes, as a user types it into a console. A member that
  // is null counts as missing. If event_name is missing, the name is `unnamed`.
  //
  //   {"event_name": "msg", "payload": [1, 2], "to": "all", "message": "hello"}
  //
  // Errors, besides those of send():
  // - `bad_frame`: the text is not JSON
  // - `invalid`: it is not an object, or event_name, to or message is not a string
  // - `unknown_target`: `to` is not a valid target
  result<> send_json(std::string_view object, std::string_view unnamed = {}) const;

  // Completes with the answer's payload as JSON text. Signature: void(result<std::string>). Errors
  // are those of any call, and `invalid` as in send(). `invalid` is also the result if a client
  // makes more than 1024 different calls.
  template <class Token = asio::use_awaitable_t<>>
  auto async_call(named_request request, Token&& token = {}) const {
    return asio::async_initiate<Token, void(result<std::string>)>(start_named{core_}, token, request_for(std::move(request)));
  }
  // As async_call, but blocks. Throws call_failed.
  std::string call(named_request request) const;

  // Registers handler(const named_event&, const origin&) for every incoming event, including events
  // that have typed handlers.
  subscription on_event(std::function<void(const named_event&, const origin&)> handler) const;

 private:
  // An invalid request completes in the same way as a call.
  struct start_named {
    std::shared_ptr<core> on;
    bool runs_here() const { return on->runs_here(); }
    template <class Handler>
    void operator()(Handler&& handler, result<outgoing> request) const {
      if (request) return start_operation<std::string, &core::start>{on}(std::forward<Handler>(handler), std::move(*request));
      auto executor = asio::get_associated_executor(handler, on->runs_on().executor);
      asio::post(executor, [handler = std::forward<Handler>(handler), why = std::move(request).error()]() mutable {
        std::move(handler)(result<std::string>(std::move(why)));
      });
    }
  };
  result<outgoing> request_for(named_request request) const;

  std::shared_ptr<parley::core> core_;
  std::shared_ptr<client_core> client_;
  call_options calls_;
};

}  // namespace parley
