// Connects a conversation to its transport and its clock. Only this part uses an executor, an alarm
// and a socket. It ends with its connection. The conversation may outlive it. Private to
// conversation.
//
//   auto talk = std::make_shared<conversation>(owner, std::move(setup), executor);
//   request->accept(subprotocol, std::make_shared<attachment>(talk, clock));
//
// Lifetime: the transport holds it from accepting or connecting until on_closed() has returned. It
// holds its conversation.
#pragma once

#include "parley/conversation/conversation.hpp"
#include "parley/conversation/pacing.hpp"
#include "parley/ends/speed_limit.hpp"
#include "parley/transport/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

// The manners that a dialect needs on its connections.
constexpr transport::manners manners_of(const dialect& d) noexcept {
  return {.masked_frames = d.masked_frames, .any_text = d.any_text, .silent_close = d.silent_close, .keep_alive = !d.pings};
}

class attachment final : public transport::connection_handler, private conversation_io, public std::enable_shared_from_this<attachment> {
 public:
  // `speed`: limits how fast the other end may send. Null: nothing does.
  attachment(std::shared_ptr<conversation> of, std::shared_ptr<transport::clock> clock, const speed_terms* speed = nullptr);
  ~attachment() override;

 private:
  // transport::connection_handler
  void on_open(std::shared_ptr<transport::connection> to, std::string_view subprotocol) override;
  void on_received(std::size_t bytes) override;
  void on_message(bytes_view content, transport::opcode kind) override;
  void on_drained() override;
  void on_closed(const transport::close_reason& why, const error& how) override;

  // conversation_io
  session::outlet look() const override;
  bool holds_back() const override { return pacing_ && pacing_->holds_back(); }
  void transmit(const buffer& frame) override;
  void transmit_copy(bytes_view frame) override;
  void ping() override { connection_->ping(); }
  void close_connection(std::uint16_t code, std::string_view text) override;
  bool unread() const override { return connection_ && connection_->has_unread(); }
  session::arrivals arrived() const override { return {received_, received_at_}; }
  time_point now() const override { return clock_->now(); }
  void tick_by(time_point) override;
  void tell_when_below(std::size_t bytes) override;
  void costs(std::size_t messages) override {
    if (connection_) connection_->costs(messages);
  }
  bool reached() const override { return connection_ != nullptr; }
  const transport::close_reason* ending() const override { return ending_; }
  void give_up(error why) override;
  void abort() override {
    if (connection_) connection_->abort();
  }
  std::string remote() const override { return connection_ ? connection_->remote() : std::string(); }

  error why_it_ended(const transport::close_reason& why, const error& how) const;
  bool is_paused() const override { return throttle_ && throttle_->paused; }
  [[gnu::noinline]] void count(std::size_t bytes);
  [[gnu::cold]] void read_again();
  void arm() { tick_by(conversation_->next_tick()); }
  [[gnu::cold]] void ring();
  [[gnu::cold]] void hold_back_until(time_point);
  [[gnu::cold]] void go_on();

  const std::shared_ptr<conversation> conversation_;
  const std::shared_ptr<transport::clock> clock_;
  std::shared_ptr<transport::connection> connection_;
  const std::unique_ptr<pacing> pacing_;             // only for a dialect that needs it
  std::unique_ptr<error> failure_;                   // why this end closed the connection. Null: it did not
  const transport::close_reason* ending_ = nullptr;  // while on_closed() runs

  std::unique_ptr<transport::alarm> alarm_;
  time_point armed_ = time_point::max();
  bool rings_ = false;   // the alarm's function is set
  bool acting_ = false;  // a message is being handled

  time_point received_at_{};    // when the current message, or later bytes, arrived
  std::uint64_t received_ = 0;  // bytes, if the transport reports them
  bool told_when_ = false;      // the transport calls on_received()

  std::unique_ptr<transport::alarm> pause_;

  struct throttle {
    explicit throttle(const speed_terms& terms) : speed(terms) {}
    speed_limit speed;
    bool paused = false;
    std::unique_ptr<transport::alarm> alarm;
  };
  const std::unique_ptr<throttle> throttle_;  // only for a peer whose speed is limited
};

}  // namespace parley
