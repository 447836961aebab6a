// Asks client_options::credentials, for one client: one question at a time, with a time limit, and
// again when the credential of the open connection runs out. Private to the client room.
//
// Used on the client's executor. The functions that are passed in must not own the client.
#pragma once

#include "parley/stub/asked_reply.hpp"
#include "parley/stub/credential_source.hpp"
#include "parley/transport/clock.hpp"
#include "parley/wire/hello.hpp"

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace parley {

class credentials {
 public:
  using then = std::function<void(result<credential>)>;

  // `source` may be empty: has_source() is false then, and nothing else may be called but the end of
  // questions.
  credentials(credential_source source, std::shared_ptr<transport::clock> clock, asio::any_io_executor on)
      : source_(std::make_shared<const credential_source>(std::move(source))), clock_(std::move(clock)), on_(std::move(on)) {}

  ~credentials() { stop(); }
  credentials(const credentials&) = delete;
  credentials& operator=(const credentials&) = delete;

  bool has_source() const noexcept { return static_cast<bool>(*source_); }

  // Asks, and gives an earlier question up. Calls `answered` once, possibly before it returns, unless
  // the question is given up. An empty credential is an error.
  void ask(std::string url, bool refused, bool expiring, then answered);
  // Calls `due` when four fifths of the lifetime have passed, and after a failed answer to the
  // question that it asks, when half of what is left has passed. 0: it does not expire.
  void watch(std::chrono::milliseconds lifetime, std::function<void()> due);
  // The answer to that question has failed.
  void try_again();
  // Gives the question up and stops watching.
  void stop();

 private:
  struct question;

  void finish(const std::exception_ptr& thrown, result<credential> answer);
  void wait_for(time_point when);

  const std::shared_ptr<const credential_source> source_;
  const std::shared_ptr<transport::clock> clock_;
  const asio::any_io_executor on_;
  std::shared_ptr<question> asked_;
  then answered_;
  std::unique_ptr<transport::alarm> too_late_;
  std::unique_ptr<transport::alarm> renewal_;
  std::function<void()> due_;
  time_point expires_{};
};

// The value of an Authorization header (RFC 9110 section 11.4), and the same for a hello.
std::string header_of(const credential&);
wire::auth auth_of(const credential&);

}  // namespace parley
