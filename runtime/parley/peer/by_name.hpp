// Events and calls by the names they have on the wire, with payloads as JSON text: for programs that learn names only while they run, as
// bridges, consoles and other languages do. Whoever has a schema uses the generated stubs, which cannot get names and types wrong.
//
//   parley::client link{"ws://localhost:8765/ws", {.encoding = parley::encoding::plain}};
//   parley::by_name names{link};
//   names.on_event([](const parley::named_event& e, const parley::origin&) { std::cout << e.name << ' ' << e.payload << '\n'; });
//   link.connect();
//   parley::result<> taken = names.send({.name = "msg", .message = "hello"}, parley::to::all);
//   std::string sum = names.call({.name = "sum_event", .payload = R"({"numbers":[1,2]})", .reply = "sum_handler_result"});
//
// It does not look at payloads beyond whether they are JSON. Events of ours that the other end refuses reach client::on_error.
//
// Threads: every function may be called from any thread; handlers and default completions run on the link's executor. A by_name may be
// copied, and dropped while its subscriptions and calls live on. After its client is gone calls complete with `cancelled`, and nothing is
// sent any more.
#pragma once

#include "parley/peer/client.hpp"
#include "parley/peer/subscription.hpp"

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
  std::string name;                      // wire name: "msg", "Lobby.Say"
  std::string payload = "null";          // JSON text; what comes may hold Python's NaN and Infinity in plain mode
  std::optional<std::string> message{};  // the envelope's `message`, where methods with `body: MESSAGE` have their payload
};

struct named_request {
  std::string name;
  std::string payload = "null";  // JSON text
  std::string reply{};           // the answer's wire name, if the schema says `reply`; needed toward servers that repeat no ids
};

class by_name {
 public:
  // Throws std::invalid_argument unless the client's encoding is `json` or `plain`, or a dialect with JSON payloads: binary ones need a schema.
  explicit by_name(const client& link);

  by_name with(call_options other) const;

  // Never waits. Taken for sending, or why not: `invalid` (the name is none, the payload is not JSON or nested deeper than 64),
  // `overloaded` (this end's queue is full), `disconnected`, `too_large`. Where no target is given the server takes the event's first.
  result<> send(named_event event, target to = {}) const;
  template <class Tag>
  requires requires { target_traits<Tag>::kind; } result<> send(named_event event, const Tag& to) const {
    return send(std::move(event), target_traits<Tag>::value(to));
  }

  // The event that one JSON object describes, as it is typed into a console; members that are null or missing are not given:
  //   {"event_name": "msg", "payload": [1, 2], "to": "all", "message": "hello"}
  // Without event_name it is `unnamed`. As send(), and: `bad_frame`, this is not JSON; `invalid`, it is not an object, or a member that
  // has to be a string is none; `unknown_target`, nobody can be called that.
  result<> send_json(std::string_view object, std::string_view unnamed = {}) const;

  // Completes with the answer's payload as JSON text. Signature: void(result<std::string>). Errors: those of any call, and `invalid` as above,
  // also when a client asks more than 1024 different calls.
  template <class Token = asio::use_awaitable_t<>>
  auto async_call(named_request request, Token&& token = {}) const {
    return asio::async_initiate<Token, void(result<std::string>)>(start_named{core_}, token, request_for(std::move(request)));
  }
  // Blocks; throws call_failed.
  std::string call(named_request request) const;

  // handler(const named_event&, const origin&): every event that comes, those with typed handlers too.
  subscription on_event(std::function<void(const named_event&, const origin&)> handler) const;

 private:
  // What is not even sound completes as the call would.
  struct start_named {
    std::shared_ptr<core> on;
    bool runs_here() const { return on->runs_here(); }
    template <class Handler>
    void operator()(Handler&& handler, result<outgoing> request) const {
      if (request) return start_operation<std::string, &core::start>{on}(std::forward<Handler>(handler), std::move(*request));
      auto executor = asio::get_associated_executor(handler, on->executor());
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
