// The calls that the other end makes: which of them may run, the memory that they are decoded into,
// and exactly one answer to each. Private to conversation.
#pragma once

#include "parley/conversation/call_slots.hpp"
#include "parley/conversation/plain_calls.hpp"
#include "parley/rpc/incoming_calls.hpp"
#include "parley/session/contract.hpp"
#include "parley/stub/answers.hpp"
#include "parley/wire/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace parley {

class conversation;

class answering final : public answers {
 public:
  answering(conversation& in, std::size_t max_calls) : in_(in), calls_(max_calls) {}

  // Called in plain mode when the session begins.
  void begin_plain() { plain_ = std::make_unique<plain_answers>(); }
  // Takes the method's number in the contract, or `none`.
  void call(const wire::envelope&, session::contract::number);
  [[gnu::noinline]] void plain_call(const wire::envelope&, session::contract::number);
  // Marks the id of a call that the session has refused as used. Returns false if it was used
  // before.
  [[gnu::cold]] bool use_up(std::uint64_t id);
  [[gnu::noinline]] void cancel(const wire::envelope&);
  void expire(time_point now);
  time_point next_deadline() const noexcept { return calls_.next_deadline(); }
  void rest() { slots_.release(); }
  std::uint64_t newest_call() const noexcept { return calls_.highest(); }
  bool is_idle() const noexcept { return calls_.running_now() == 0; }
  // The connection has ended.
  void end();

  // answers
  void answer(const method&, std::uint64_t id, const void* value) override;
  [[gnu::cold]] void answer(const method&, std::uint64_t id, const error&) override;
  [[gnu::cold]] void answer_thrown(const method&, std::uint64_t id, const std::exception_ptr&) override;
  void keep(std::uint64_t id, call_memory& handler) override { calls_.keep(id, handler, handler.grown()); }
  std::shared_ptr<call_memory> take(std::uint32_t method) override { return slots_.take(method); }
  void give_back(std::uint32_t method, std::shared_ptr<call_memory> used) override { slots_.give_back(method, std::move(used)); }
  std::shared_ptr<answers> hold() override;

 private:
  [[gnu::cold]] void refuse(const method*, std::uint64_t id, const error&);
  void run(const wire::envelope&, session::contract::number, std::uint64_t id, std::optional<std::uint32_t> deadline_ms);
  // Whether the peer is a plain client of a schema that relays unknown events, as datadivr's does.
  bool reads_python() const;
  result<> send_reply(const method&, std::uint64_t id, const void* value);
  [[gnu::cold]] error not_writable(const method&, const error&);
  [[gnu::cold]] void send_terminal(const method*, std::uint64_t id, const error*, bytes_view payload);
  void send_terminal(std::string& frame);
  void send_plain_terminal(const method*, std::uint64_t id, wire::envelope&, bytes_view payload);
  void write_terminal(wire::envelope&, bytes_view payload, std::string& frame) const;

  conversation& in_;
  rpc::incoming_calls calls_;
  call_slots slots_;
  std::unique_ptr<plain_answers> plain_;  // set in plain mode
};

}  // namespace parley
