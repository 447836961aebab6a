// The base class of every generated `<Service>Handler`, and how its methods are bound.
#pragma once

#include "parley/stub/event.hpp"
#include "parley/stub/peer.hpp"
#include "parley/stub/registration.hpp"
#include "parley/stub/serve.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

// Threads: all functions are called on the peer's executor. With one thread, one runs at a time.
// With several threads (server_options::threads), one runs at a time for each of them.
//
// Lifetime: a handler must live until run() has returned, until stop() and join() have returned, or
// until its registration has ended (registration.hpp).
//
// The destructor of this class removes a handler that is destroyed too early from its server. At
// that moment the derived part is already destroyed, and a loop may have been using it. The server
// logs this as an error.
class handler {
 public:
  handler() = default;
  handler(const handler&) = delete;
  handler& operator=(const handler&) = delete;
  virtual ~handler();

  // A client has connected. None of its messages has been handled yet. Messages sent to it here
  // arrive before all later ones.
  virtual void connected(peer&) {}
  // A client has shown another credential, and peer.principal() has other roles, claims or expiry. Its
  // name is the same.
  virtual void principal_changed(peer&) {}
  // A client has disconnected, for the reason in `why`. This is the last call for this peer.
  virtual void disconnected(peer&, const error& why) { (void)why; }

 private:
  friend class server_core;
  std::vector<registration> serving_;  // the registrations of this handler
};

struct incoming_event : invocation {
  parley::event& event;
  std::exception_ptr thrown{};  // set by the binding: the exception that left the handler
};

// Binds one method of one handler. For generated tables only, not for applications.
struct binding {
  const method* what;
  bool overridden;  // false: the handler inherits the default, so the payload is not decoded
  void (*serve)(handler&, incoming_call&);
  // The result is set if the payload could not be read, and says why. A handler that throws refuses
  // the event with `failed`.
  std::optional<error> (*handle)(handler&, incoming_event&, relay& verdict);
};

template <class Handler, class Member>
struct member_of;
template <class Handler, class Base, class Out, class... In>
struct member_of<Handler, Out (Base::*)(In...)> {
  using type = Out (Handler::*)(In...);
};

// These two function templates examine the member function that a handler has under the name of a
// generated one. They appear in requires-expressions and are never called.
//
// Well-formed if the member function has the signature of `Generated`, and thus overrides it or is
// it.
template <class Handler, auto Generated>
void overriding(typename member_of<Handler, decltype(Generated)>::type);
// Well-formed if the member function is `Generated` itself, so it is not overridden.
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
