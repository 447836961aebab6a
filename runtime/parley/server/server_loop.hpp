// One event loop of a server, and the clients that are at home on it: they are accepted here, read here, and written to here only. Most
// servers have one; a server with several shares its handlers, its options and its directory of clients between them.
//
// An event for clients of other loops is made here, once in each format that is needed, and handed to each of those loops through its
// inbox: first in, first out for each pair of loops, so that one sender's events reach one receiver in the order in which they were read
// (schema/parley/envelope.fbs, section 9). No lock is held while events are delivered. Private to the server room.
#pragma once

#include "parley/conversation/conversation.hpp"
#include "parley/conversation/spoken.hpp"
#include "parley/ends/home.hpp"
#include "parley/ends/watchdog.hpp"
#include "parley/routing/routing.hpp"
#include "parley/server/crossing.hpp"
#include "parley/server/directory.hpp"
#include "parley/server/inbox.hpp"
#include "parley/server/server.hpp"
#include "parley/transport/transport.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parley {

class server_core;
struct entrance;

// Figures that one thread counts and any thread may read.
class tally {
 public:
  void operator+=(std::uint64_t more) noexcept { value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed); }
  void operator-=(std::uint64_t less) noexcept { value_.store(value_.load(std::memory_order_relaxed) - less, std::memory_order_relaxed); }
  operator std::uint64_t() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class server_loop final : public conversation_owner {
 public:
  server_loop(server_core& server, home where);
  ~server_loop() override;

  home& where() noexcept { return home_; }

  // Before the start, or on the loop.
  void take_in(std::uint64_t id, handler&, std::span<const binding>);
  // `ended` is called when no coroutine of the handler runs here any more; at once if it is not here.
  void take_out(std::uint64_t id, std::function<void()> ended);
  bool has_handler_for(const method& m) const { return bound_.contains(&m); }

  void listen(const entrance&, std::shared_ptr<transport::listener>);  // before the loop runs
  void accept();
  // Of a port, on the loop: a client that its transport refused, and one that the system had no socket for.
  void upgrade_refused(int status, std::string_view text, const std::string& remote);
  void accept_failed(const std::error_code&);
  // Says goodbye to everybody; the server hears when the last one is gone.
  void stop();

  // An event of the server's own, on this loop.
  sent deliver_own(const outgoing&);
  conversation* client(const std::string& id);

  // An event that another loop made, for its receivers here. Any loop.
  void put(std::shared_ptr<const crossing>);

  void add_to(server_counters&) const;
  std::uint64_t population(spoken kind) const noexcept { return population_[static_cast<std::size_t>(kind)]; }

 private:
  using audience = routing::audience<conversation*, server_loop*>;
  // An event on its way to its receivers, in each of the forms they need.
  struct delivery;
  // An event as a client sent it.
  struct received_event;
  struct bound;

  // conversation_owner
  const wire::envelope_format* format_for(std::string_view subprotocol) override;
  void opened(conversation&) override;
  void event_received(conversation&, const wire::envelope&, const method&, bytes_view payload) override;
  void unknown_event(conversation&, const wire::envelope&) override;
  void call_received(conversation&, incoming_call&) override;
  void call_handler_threw(const method&, const std::exception_ptr&) override;
  void event_ignored(conversation&, const method&) override { left_out_ += 1; }
  void error_received(conversation&, const error&, std::string_view event) override;
  void drained(conversation&) override;
  void refused(conversation&, const wire::fault&, const method*) override;
  void closed(conversation&, std::uint16_t code, const error& why) override;

  void on_request(const entrance&, const std::shared_ptr<transport::request>&);

  // Events of clients, step by step.
  static result<target> choose_target(const received_event&, std::string_view& written);
  bool ask_handler(const bound&, const received_event&, delivery&, std::string& rewritten);
  void pass_on(conversation& sender, delivery&);
  bool may_reach(const target&) const;

  // The way of every event. Returns `unknown_target`, `bad_payload` or `overloaded` if no client got it.
  result<> deliver(delivery&, const std::string& subject);
  result<> find_receivers(const target&, const std::string& subject, audience::found&);
  result<> make_for(delivery&, const audience::found&);
  // `overloaded`: no loop got it.
  result<> cross(const delivery&, const std::string& subject, const std::vector<server_loop*>&);
  void hand_out(const method*, const frames_made&, const std::vector<conversation*>& receivers);

  void empty_inbox();
  void deliver_crossed(const crossing&);
  void refuse(conversation&, const wire::envelope& event, const error&, const method*);
  void told_if_empty();

  struct served {
    std::uint64_t id;
    parley::handler* handler;
    std::shared_ptr<running_replies> replies;
  };
  // For each of those that are here now, unless it is taken out meanwhile.
  template <class F>
  void for_each_handler(F f);

  struct bound {
    parley::handler* handler;
    binding how;
    std::shared_ptr<running_replies> replies;
  };

  server_core& server_;
  home home_;
  watchdog watchdog_;
  std::unique_ptr<transport::alarm> patience_;
  struct listening {
    const entrance* at;
    std::shared_ptr<transport::listener> listener;
  };
  std::vector<listening> listening_;
  std::vector<served> handlers_;
  std::unordered_map<const method*, bound> bound_;
  std::unordered_map<conversation*, std::shared_ptr<conversation>> conversations_;  // those not yet open, too
  audience clients_;
  // The receivers of the last event: memory that is lent to the next delivery.
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
  bool stopping_ = false;
  bool told_ = false;

  std::array<tally, spoken_kinds> population_;
  tally accepted_, rejected_, events_, deliveries_, calls_, refused_, left_out_, accept_failures_, too_slow_;
  time_point accept_failure_logged_ = time_point::min();

  inbox inbox_;
};

}  // namespace parley
