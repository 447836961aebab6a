// One event loop of a server, with its clients. A client is accepted on this loop, and only this
// loop reads from it and writes to it. Most servers have one loop. The loops of a server share its
// handlers, its options and its directory of clients.
//
// If an event has receivers on other loops, this loop makes it once in each format that is needed,
// and puts it into the inbox of each of those loops. Each pair of loops keeps the order, so the
// events of one sender reach one receiver in the order in which they were read
// (schema/parley/envelope.fbs, section 9). No lock is held while events are delivered. Private to
// the server room.
#pragma once

#include "parley/conversation/conversation.hpp"
#include "parley/conversation/spoken.hpp"
#include "parley/ends/home.hpp"
#include "parley/ends/watchdog.hpp"
#include "parley/routing/routing.hpp"
#include "parley/server/admission.hpp"
#include "parley/server/authentication.hpp"
#include "parley/server/crossing.hpp"
#include "parley/server/departures.hpp"
#include "parley/server/directory.hpp"
#include "parley/server/inbox.hpp"
#include "parley/server/loop_counts.hpp"
#include "parley/server/served_handlers.hpp"
#include "parley/server/server.hpp"
#include "parley/transport/transport.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parley {

class server_core;
struct entrance;

class server_loop final : public conversation_owner {
 public:
  server_loop(server_core& server, home where);
  ~server_loop() override;

  home& where() noexcept { return home_; }

  // Change it before the start or on the loop.
  served_handlers& handlers() noexcept { return handlers_; }

  void listen(const entrance&, std::shared_ptr<transport::listener>);  // before the loop runs
  void accept();
  // Called on the loop, for a client that the transport refused, and for one for which the system
  // had no socket.
  void upgrade_refused(int status, std::string_view text, const std::string& remote);
  // Called on the loop for a client that has connected.
  transport::arrival arrived(const transport::host_address& from);
  // Applies the limits to the client behind a trusted proxy. Returns false if the request was refused
  // because of them. `client` is set to the address of the client.
  bool may_ask(transport::any_request&, transport::host_address& client);
  void accept_failed(const std::error_code&);
  // Closes all connections. The server is informed when the last client is disconnected.
  void stop();

  // How clients are sent away.
  struct sending_off {
    std::uint8_t reason;               // of the goaway
    std::uint16_t code;                // of the close
    std::chrono::milliseconds spread;  // clients leave at random times within it
    time_point latest;
    std::string text;
  };
  // Accepts nobody any more and sends all clients away. Calling it again can only hurry.
  void drain(const sending_off&);
  // Sends a part of the clients away.
  void shed(double fraction, const sending_off&);

  // Delivers an event of the server itself. Called on this loop.
  sent deliver_own(const outgoing&);
  conversation* client(const std::string& id);

  // Passes an event of another loop to its receivers here. Any thread.
  void put(std::shared_ptr<const crossing>);

  const loop_counts& counts() const noexcept { return counts_; }
  loop_counts& counts() noexcept { return counts_; }  // on this loop

 private:
  using audience = routing::audience<conversation*, server_loop*>;
  // An event that is being delivered, in each form that a receiver needs.
  struct delivery;
  // An event as received from a client.
  struct received_event;

  // conversation_owner
  const wire::envelope_format* format_for(std::string_view subprotocol) override;
  void greeted(conversation&, wire::auth) override;
  void opened(conversation&) override;
  void shown(conversation&, wire::auth) override;
  void event_received(conversation&, const wire::envelope&, const invocation&) override;
  void unknown_event(conversation&, const wire::envelope&) override;
  void call_received(conversation&, incoming_call&) override;
  void call_handler_threw(const method&, const std::exception_ptr&) override;
  void event_ignored(conversation&, const method&) override { counts_.left_out += 1; }
  void error_received(conversation&, const error&, std::string_view event) override;
  void slowed_down(conversation&, bool by_messages) override;
  void drained(conversation&) override;
  void refused(conversation&, const wire::fault&, const method*) override;
  void closed(conversation&, std::uint16_t code, const error& why) override;

  void on_request(const entrance&, const std::shared_ptr<transport::request>&);
  void reject(transport::request&, int status, std::string_view text);
  // `who`: the result of a check at the upgrade.
  void let_in(const entrance&, transport::request&, const admission&, std::optional<principal> who);
  // Acts on the outcomes of checks (authentication.hpp).
  void upgrade_checked(const entrance&, transport::request&, const admission&, check_outcome);
  void hello_checked(conversation&, check_outcome);
  void credential_checked(conversation&, check_outcome);
  // Whether the credential of a connected client may be checked. If not, the client is closed.
  bool may_check(conversation&, const wire::auth&);
  void turn_away(conversation&, const check_outcome&);
  void limited(const transport::arrival& refused, const transport::host_address& from);
  void count_tls(const transport::any_request&);

  // The steps of an event from a client.
  static result<target> choose_target(const received_event&, std::string_view& written);
  bool ask_handler(const served_handlers::bound&, const received_event&, delivery&, std::string& rewritten);
  void pass_on(conversation& sender, delivery&);
  bool may_reach(const target&) const;

  // Every event is delivered by this function. Returns `unknown_target`, `bad_payload` or
  // `overloaded` if no client received it.
  result<> deliver(delivery&, const std::string& subject);
  result<> find_receivers(const target&, const std::string& subject, audience::found&);
  result<> make_for(delivery&, const audience::found&);
  // Returns `overloaded` if there was no room. No loop has received the event then.
  result<> cross(const delivery&, const std::string& subject, const std::vector<server_loop*>&);
  // Leaves out those who have none of the roles that may receive it. `denied`: the target names
  // clients or principals, and none of them has one.
  [[gnu::noinline]] result<> keep_those_with_a_role(const method&, const target&, audience::found&) const;
  void keep_those_with_a_role(const method&, std::vector<conversation*>&) const;
  void hand_out(const method*, const frames_made&, const std::vector<conversation*>& receivers);

  void empty_inbox();
  void deliver_crossed(const crossing&);
  void refuse(conversation&, const wire::envelope& event, const error&, const method*);
  void told_if_empty();
  void send_off(conversation&, const sending_off&);
  void look_at_departures();
  std::vector<std::shared_ptr<conversation>> everybody() const;

  server_core& server_;
  home home_;
  watchdog watchdog_;
  std::unique_ptr<transport::alarm> patience_;
  struct listening {
    const entrance* at;
    std::shared_ptr<transport::listener> listener;
  };
  std::vector<listening> listening_;
  served_handlers handlers_;
  std::unordered_map<conversation*, std::shared_ptr<conversation>> conversations_;  // including those that are not open yet
  audience clients_;
  // The receivers of the last event. Each delivery borrows this memory.
  audience::found found_;
  class lent {
   public:
    explicit lent(audience::found& kept) noexcept : kept_(kept), own_(std::move(kept)) {}
    ~lent() { kept_ = std::move(own_); }
    lent(const lent&) = delete;
    lent& operator=(const lent&) = delete;
    audience::found& operator*() noexcept { return own_; }
    audience::found* operator->() noexcept { return &own_; }

   private:
    audience::found& kept_;
    audience::found own_;
  };
  std::unique_ptr<authentication> auth_;  // null: there is no check
  departures<conversation*> departures_;
  std::optional<sending_off> sends_off_;  // how clients were sent away last
  std::unique_ptr<transport::alarm> leaving_;
  bool draining_ = false;
  bool stopping_ = false;
  bool told_ = false;

  loop_counts counts_;
  time_point accept_failure_logged_ = time_point::min();

  inbox inbox_;
};

}  // namespace parley
