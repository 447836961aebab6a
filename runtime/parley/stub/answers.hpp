// Where the calls of one peer are answered: the interface between a conversation and the handlers of calls. Does not use Asio.
#pragma once

#include "parley/rpc/running.hpp"
#include "parley/stub/invocation.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace parley {

class running_replies;  // serve.hpp
struct loop_executor;   // loop_executor.hpp

// The object that calls of one method are decoded into and answered from. If the handler answers at
// once, the conversation keeps the object for the next call. The vectors and strings of the payload
// then keep their memory, and a call allocates nothing.
class call_memory : public rpc::running {
 public:
  // Adds the memory that decoding a payload required. The object holds at least this much.
  void grew(std::size_t bytes) noexcept { grown_ += bytes; }
  std::size_t grown() const noexcept { return grown_; }

 private:
  std::size_t grown_ = 0;
};

// `id` is the call's id, or a number that replaces it if the peer gives none.
class answers {
 public:
  virtual ~answers() = default;
  // The handler is done. `value` has the method's answer type. It is null if that is Empty.
  virtual void answer(const method&, std::uint64_t id, const void* value) = 0;
  virtual void answer(const method&, std::uint64_t id, const error&) = 0;
  // The handler threw: answers with handler_threw(), and the exception is reported to the log.
  virtual void answer_thrown(const method&, std::uint64_t id, const std::exception_ptr&) = 0;
  // The handler answers later. The object lives until then.
  virtual void keep(std::uint64_t id, call_memory&) = 0;
  // The memory that the last call of this method used, or null. The caller gives it back, or keeps it while the call is answered later.
  // `method` is invocation::number.
  virtual std::shared_ptr<call_memory> take(std::uint32_t method) = 0;
  virtual void give_back(std::uint32_t method, std::shared_ptr<call_memory>) = 0;
  // For handlers that answer later.
  virtual std::shared_ptr<answers> hold() = 0;
};

struct incoming_call : invocation {
  std::uint64_t id;
  const loop_executor& on;                  // lives as long as the answers
  answers* to;                              // the caller of serve() keeps it alive until serve() returns
  std::shared_ptr<running_replies> work{};  // of the handler, at a server
};

// The text is fixed: what() never reaches a peer.
inline error handler_threw() { return {errc::failed, "the handler failed"}; }

// For the log: "the handler of Lobby.Add failed", and what() says so if it is a std::exception.
std::string text_of_thrown(std::string_view handler, const std::exception_ptr&);

}  // namespace parley
