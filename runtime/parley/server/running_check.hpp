// One question to auth_options::check, until it is answered, given up, or too late. Private to the
// server room.
#pragma once

#include "parley/stub/asked_reply.hpp"
#include "parley/stub/authenticator.hpp"

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace parley {

// What the server does about the answer.
struct check_outcome {
  enum class kind {
    good,     // `who`
    refused,  // the check has returned an error
    broken,   // it threw, took too long, or returned a principal that cannot be used
  };
  kind is = kind::broken;
  principal who{};
  bool unauthenticated = false;  // refused: the error is `unauthenticated`
  std::string text{};            // for the log alone
};

// Judges what a check has returned: a name that no target can have and a credential that has expired
// are not good. `now` is the time of the system.
check_outcome judged(result<principal> answer, std::chrono::system_clock::time_point now);

class running_check final : public asked_reply<principal> {
 public:
  using done = std::function<void(check_outcome)>;

  // Sets the pointers of `what`: the check may still run when its connection is gone.
  running_check(std::shared_ptr<const authenticator> check, showing what, std::shared_ptr<const peer_certificate> certificate,
                std::optional<principal> before);

  // Calls `then` as asked_reply::start().
  void start(const asio::any_io_executor& on, done then);

 private:
  const std::shared_ptr<const authenticator> check_;
  const std::shared_ptr<const peer_certificate> certificate_;
  const std::optional<principal> before_;
  showing what_;
};

}  // namespace parley
