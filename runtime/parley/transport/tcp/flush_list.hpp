// The streams of one executor that have something to send. They are flushed one after the other in a turn of the loop that follows: one
// posted function for all of them, and what a stream was given until then leaves in one system call.
//
// While a stream still has messages that it received in one piece and handles in turns, the flush waits for them, up to a number of turns.
// Otherwise each event to many receivers would cost a system call for each of them, because such an event uses up a turn.
//
// Executor's thread only. It holds the streams that wait until they have been flushed, and what they borrowed until then.
#pragma once

#include "parley/core/core.hpp"

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace parley::transport {

class socket_stream;

class flush_list final : public std::enable_shared_from_this<flush_list> {
 public:
  // `waiting`: where its streams count what their sockets do not take; null: nowhere.
  explicit flush_list(std::shared_ptr<account> waiting = {}) : waiting_bytes_(std::move(waiting)) {}

  void add(const asio::any_io_executor& on, std::shared_ptr<socket_stream> stream);
  // A stream has messages left for its next turn, and that turn has come.
  void turn_follows() noexcept { ++turns_to_come_; }
  void turn_begins() noexcept { --turns_to_come_; }
  // A stream has so much to send that what it feeds on stops until some of it has left: the next flush waits for no turn.
  void hurry() noexcept;
  // Until the streams that wait now have been flushed. One message for many streams is held once.
  void hold(const buffer& content) {
    if (held_.empty() || held_.back().text().data() != content.text().data()) held_.push_back(content);
  }
  // What one stream holds has changed.
  void count(std::size_t before, std::size_t now) noexcept {
    if (!waiting_bytes_) return;
    if (now > before) waiting_bytes_->add(now - before);
    else waiting_bytes_->remove(before - now);
  }

 private:
  void flush_later(const asio::any_io_executor& on);
  void flush_all();

  const std::shared_ptr<account> waiting_bytes_;
  std::size_t turns_to_come_ = 0;
  std::size_t put_off_ = 0;  // how often the next flush was

  std::vector<std::shared_ptr<socket_stream>> waiting_;
  std::vector<std::shared_ptr<socket_stream>> flushing_;  // scratch
  std::vector<buffer> held_;
};

}  // namespace parley::transport
