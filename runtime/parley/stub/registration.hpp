// The registration of a handler with a server.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace parley {

class server_core;

// Returned by server::add. Destroying it does not end the registration. Use scoped_registration to
// end it with a scope.
class registration {
 public:
  registration() = default;

  // Ends the registration. No function of the handler is called afterwards. Idempotent. Has no
  // effect once the server is destroyed.
  //
  // What it waits for depends on where it is called:
  // - On a thread that runs no loop of the server: until no loop is in a function of the handler
  //   and the handler's coroutines have ended. Each coroutine is interrupted in its co_await, and
  //   its caller receives `cancelled`. Everything the handler uses may be destroyed afterwards.
  // - In a handler: for the other loops of the server, not for its own. The running function and
  //   the coroutines on its own loop end later. Two handlers on two loops must not end each other.
  // - With a server on the caller's executor: for nothing. Call it on that executor, or while no
  //   thread runs it.
  void end() noexcept;

 private:
  friend class server_core;
  friend class handler;
  registration(std::weak_ptr<server_core> server, std::uint64_t id) : server_(std::move(server)), id_(id) {}
  void end_late() noexcept;  // called while the handler is being destroyed

  std::weak_ptr<server_core> server_;
  std::uint64_t id_ = 0;
};

// Ends a registration with its scope. Make it the handler's last member, or declare it after the
// handler, so that the registration ends before the handler's parts are destroyed.
class [[nodiscard]] scoped_registration {
 public:
  scoped_registration() = default;
  scoped_registration(registration r) : registration_(std::move(r)) {}
  scoped_registration(scoped_registration&& other) noexcept : registration_(std::exchange(other.registration_, {})) {}
  scoped_registration& operator=(scoped_registration other) noexcept {
    std::swap(registration_, other.registration_);
    return *this;
  }
  ~scoped_registration() { registration_.end(); }

 private:
  registration registration_;
};

}  // namespace parley
