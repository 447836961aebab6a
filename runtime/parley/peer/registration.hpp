// A handler's place in a server, and the handle that ends it.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace parley {

class server_core;

// What server::add returns. Dropping it changes nothing; scoped_registration ends it with its scope.
class registration {
 public:
  registration() = default;

  // Ends it: no function of the handler is called any more. Idempotent, and without effect once the server is gone.
  //
  // From a thread that runs no loop of the server it waits until no loop is in a function of the handler and until its coroutines have
  // ended; each is interrupted in its co_await, and its caller hears `cancelled`. What the handler uses may be destroyed then.
  // From a handler it waits for the other loops, if the server has several, and not for its own: the function that runs and the coroutines
  // on its loop end after it. Two handlers on two loops must not end each other.
  // On the caller's executor: call it there, or while no thread runs it. It does not wait.
  void end() noexcept;

 private:
  friend class server_core;
  friend class handler;
  registration(std::weak_ptr<server_core> server, std::uint64_t id) : server_(std::move(server)), id_(id) {}
  void end_late() noexcept;  // the handler is being destroyed

  std::weak_ptr<server_core> server_;
  std::uint64_t id_ = 0;
};

// As a handler's last member, or declared after the handler, it ends before what the handler is made of.
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
