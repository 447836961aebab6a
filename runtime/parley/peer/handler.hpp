// What a server's handlers are made of: the base class of every generated `<Service>Handler`, and how its methods are bound.
#pragma once

#include "parley/peer/event.hpp"
#include "parley/peer/peer.hpp"
#include "parley/peer/registration.hpp"
#include "parley/peer/serve.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

// All functions are called on the peer's executor: one at a time with one thread, with several (server_options::threads) one at a time for
// each of them. A handler outlives its server's run(), or is destroyed after stop() and join(), or its registration ends before it does
// (registration.hpp). A handler that is destroyed earlier is taken out of its server by this class, but then its derived part is gone
// already, and a loop may just have been in it: the server's log says so as an error.
class handler {
 public:
  handler() = default;
  handler(const handler&) = delete;
  handler& operator=(const handler&) = delete;
  virtual ~handler();

  // A client has arrived; nothing it sent has been handled yet. What is sent to it here arrives before anything sent later.
  virtual void connected(peer&) {}
  // A client is gone; `why` says how. The last call for this peer.
  virtual void disconnected(peer&, const error& why) { (void)why; }

 private:
  friend class server_core;
  std::vector<registration> serving_;  // what this was added to
};

struct incoming_event {
  const method& what;
  parley::format format;
  bytes_view payload;
  const decode_options& options;
  parley::event& event;
  std::exception_ptr thrown{};  // what the handler let out, afterwards
};

// One method of one handler. Generated tables hold these; nothing here is for applications.
struct binding {
  const method* what;
  bool overridden;  // otherwise the default would be called: not decoded for it
  void (*serve)(handler&, incoming_call&);
  // The error says why the payload could not be read; a handler that throws refuses with `failed`.
  std::optional<error> (*handle)(handler&, incoming_event&, relay& verdict);
};

template <class Handler, class Member>
struct member_of;
template <class Handler, class Base, class Out, class... In>
struct member_of<Handler, Out (Base::*)(In...)> {
  using type = Out (Handler::*)(In...);
};

// Two questions about the member function that a handler has under the name of a generated one. They are asked with a requires-expression
// and never called. Does it have the signature of `Generated`, which it then is or overrides?
template <class Handler, auto Generated>
void overriding(typename member_of<Handler, decltype(Generated)>::type);
// Is it `Generated` itself?
template <auto Generated>
void inherited(decltype(Generated));

template <class Member>
struct handler_method;
template <class H, class Out, class In>
struct handler_method<reply<Out> (H::*)(In, call&)> {
  using in = std::remove_cvref_t<In>;
  using out = Out;
  static constexpr bool takes_payload = true;
};
template <class H, class Out>
struct handler_method<reply<Out> (H::*)(call&)> {
  using in = empty;
  using out = Out;
  static constexpr bool takes_payload = false;
};
template <class H, class Verdict, class In>
struct handler_method<Verdict (H::*)(In, event&)> {
  using in = std::remove_cvref_t<In>;
  using out = Verdict;
  static constexpr bool takes_payload = true;
};
template <class H, class Verdict>
struct handler_method<Verdict (H::*)(event&)> {
  using in = empty;
  using out = Verdict;
  static constexpr bool takes_payload = false;
};

template <class Handler, auto Method>
constexpr binding bind_call(const method& what, bool is_overridden) {
  using shape = handler_method<decltype(Method)>;
  return {&what, is_overridden,
          [](handler& h, incoming_call& in) {
            serve_call<typename shape::in, typename shape::out>(in, [&h](const auto& payload, call& c) {
              if constexpr (shape::takes_payload) return (static_cast<Handler&>(h).*Method)(payload, c);
              else return (static_cast<Handler&>(h).*Method)(c);
            });
          },
          nullptr};
}

template <class Handler, auto Method>
constexpr binding bind_event(const method& what, bool is_overridden) {
  using shape = handler_method<decltype(Method)>;
  return {&what, is_overridden, nullptr, [](handler& h, incoming_event& in, relay& verdict) -> std::optional<error> {
            typename shape::in payload{};
            if (auto decoded = in.what.in->read(in.format, in.payload, &payload, in.options); !decoded) return decoded.error();
            auto ask = [&] {
              if constexpr (shape::takes_payload) return (static_cast<Handler&>(h).*Method)(payload, in.event);
              else return (static_cast<Handler&>(h).*Method)(in.event);
            };
            try {
              if constexpr (std::is_void_v<typename shape::out>) ask();
              else verdict = ask();
            } catch (...) {
              in.thrown = std::current_exception();
              verdict = handler_threw();
            }
            return std::nullopt;
          }};
}

}  // namespace parley
