// The life of a client's link: when it connects, to which of its urls, and when it gives up. No I/O:
// what happened goes in, what to do comes out. Private to the client room.
//
//   life link({}, urls.size(), random_number, false);
//   act(link.asked(now));                    // connect to urls[action.url]
//   link.opened(now, false, false);          // that attempt succeeded
//   act(link.lost(now, {.code = 1006}));     // wait until action.at ...
//   act(link.timer(now));                    // ... and connect
//
// An event that has no meaning in the current state changes nothing and returns `nothing`.
//
//   state       event         condition                          next         action
//   idle        asked                                            connecting   connect
//   closed      asked                                            connecting   connect, as the first time
//   connecting  opened                                           open
//   connecting  lost          never open, and not first_too      closed       give_up
//   connecting  lost          otherwise                          waiting      wait, then the next url
//   open        lost                                             waiting      wait, then the same url
//   any two     lost          the code or status says so         closed       give_up
//   any two     lost          no attempts are left               closed       give_up
//   any two     lost          credential refused, once           waiting      wait for no time
//   any two     lost          credential refused, again          closed       give_up
//   waiting     timer                                            connecting   connect, counted
//   waiting     now_please                                       connecting   connect, not counted
#pragma once

#include "parley/client/reconnect.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parley {

class life {
 public:
  struct action {
    enum class kind : std::uint8_t { nothing, connect, wait, give_up };
    kind what = kind::nothing;
    std::size_t url = 0;        // connect, wait: the index of the url
    bool resume = false;        // connect: asks to continue the session
    std::uint64_t attempt = 0;  // connect with `resume`: counts those of one session, from 1
    // connect: the server refused the credential of the last attempt, so a source is asked for
    // another one.
    bool credential_refused = false;
    time_point at{};  // wait
  };

  // Why a connection or an attempt ended.
  struct loss {
    std::uint16_t code = 1006;           // the close code, whichever end closed
    int http_status = 0;                 // of a server that refused the upgrade; 0: it did not
    std::chrono::milliseconds retry{0};  // what a goaway or Retry-After demands
  };

  // `seed` is a random number: clients that lose one server must not return at the same moment.
  // `has_credentials`: a source can be asked for another credential if one is refused.
  life(const reconnect_options& options, std::size_t urls, std::uint64_t seed, bool has_credentials);

  action asked(time_point now);
  // `resumed`: the connection continues the last session. `resumable`: a later one can continue it.
  void opened(time_point now, bool resumed, bool resumable);
  action lost(time_point now, const loss& how);
  action timer(time_point now);
  action now_please(time_point now);
  // The server has ended the session, so that it cannot be continued.
  void session_ended() noexcept { resumable_ = false; }
  // The server has acknowledged something new on this connection.
  void progressed() noexcept { progressed_ = true; }

  link_state state() const noexcept { return state_; }
  // The number of the running or next attempt since the link was last open, from 1.
  std::uint32_t attempt() const noexcept { return since_open_ + 1; }
  // Whether the link was open since asked() began it.
  bool was_open() const noexcept { return was_open_; }

 private:
  action connect();
  action give_up() noexcept;
  action wait_until(time_point at);
  void note_resumed_loss(time_point now) noexcept;
  std::chrono::nanoseconds pause();
  std::uint64_t drawn() noexcept;  // the next random number

  reconnect_options options_;
  std::size_t urls_;
  std::uint64_t seed_;
  bool has_credentials_;

  link_state state_ = link_state::idle;
  std::size_t url_ = 0;
  time_point opened_at_{};
  std::uint32_t tries_ = 0;       // attempts in a row that were counted
  std::uint32_t since_open_ = 0;  // attempts that failed since the link was open
  std::uint64_t resumes_ = 0;     // of this session
  std::uint8_t poisoned_ = 0;     // resumed connections in a row that were lost at once
  bool was_open_ = false;
  bool resumable_ = false;
  bool resumed_ = false;  // the open connection
  bool progressed_ = false;
  bool credential_refused_ = false;
};

}  // namespace parley
