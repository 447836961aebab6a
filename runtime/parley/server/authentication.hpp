// The checks of one loop's clients: who is asked about, how long it may take, and until when a
// principal is valid. Exists only if auth_options::check is set. What follows from an outcome is the
// loop's business. Private to the server room.
//
// One thread, that of the loop. The outcomes are reported to functions that the loop passes in, each
// called at most once, possibly before the function that takes it has returned. None is called after
// forget() or stop().
#pragma once

#include "parley/conversation/conversation.hpp"
#include "parley/server/failed_checks.hpp"
#include "parley/server/running_check.hpp"
#include "parley/server/shown_credentials.hpp"
#include "parley/transport/request.hpp"
#include "parley/transport/transport.hpp"

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace parley {

// What the loops of a server share.
struct shared_checks {
  explicit shared_checks(authenticator asked);

  const std::shared_ptr<const authenticator> check;
  failed_checks failed;
};

class authentication {
 public:
  // `handles`: stands for the owner. The functions of alarms and coroutines do nothing once it has
  // expired.
  authentication(shared_checks& all, asio::any_io_executor on, std::shared_ptr<transport::clock> clock, std::chrono::milliseconds limit,
                 std::function<std::shared_ptr<void>()> owner);
  ~authentication();

  // Whether this client must wait, because its address has failed too often.
  bool is_barred(const transport::request&) const;
  bool is_barred(const conversation&) const;

  // Asks about a request. Not called after the transport has refused the request itself.
  void check_upgrade(const std::shared_ptr<transport::request>&, shown_credential, running_check::done);
  // Remembers what later checks need of the request. Called for every client that is let in.
  void let_in(const conversation&, const transport::request&, bool carries_credentials);
  // Whether the client's connection may carry credentials (may_carry_credentials).
  bool carries_credentials(const conversation&) const;
  // Asks about a client that has greeted. The session limits the time.
  void check_hello(conversation&, wire::auth, running_check::done);
  // Asks about another credential of a client.
  void check_again(conversation&, wire::auth, running_check::done);
  // Closes the client with 4006 when its principal, and five more seconds, have passed. Replaces an
  // earlier time. Returns what is left, in the form of wire::welcome::auth_ms.
  std::uint32_t watch(conversation&);

  void forget(const conversation&);
  // Gives all checks up and rejects the requests.
  void stop();

 private:
  struct asked_request;
  struct visitor;

  std::shared_ptr<running_check> make_check(const visitor&, credential, shown_by, std::optional<principal> before) const;
  void count(const std::string& customer, const check_outcome&, bool shown) const;
  visitor& of(const conversation&);

  shared_checks& all_;
  const asio::any_io_executor on_;
  const std::shared_ptr<transport::clock> clock_;
  const std::chrono::milliseconds limit_;
  const std::function<std::shared_ptr<void>()> owner_;
  std::unordered_map<const transport::request*, std::unique_ptr<asked_request>> requests_;
  std::unordered_map<const conversation*, std::unique_ptr<visitor>> visitors_;
};

}  // namespace parley
