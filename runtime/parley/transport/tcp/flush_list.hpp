// The streams of one executor that have data to send. They are flushed one after the other in a
// following turn of the loop. One posted function serves all of them, and all data that a stream
// was given until then is sent in one system call.
//
// If a stream has received several messages in one piece and handles them in turns, the flush waits
// for these turns, up to a limit. Otherwise each event to many receivers would cost a system call
// for each of them, because such an event uses up a turn.
//
// Used on the executor's thread only. The list holds the waiting streams and the content that they
// have borrowed until they have been flushed.
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
  // `waiting` counts the bytes that the sockets do not accept. Null: they are not counted.
  explicit flush_list(std::shared_ptr<account> waiting = {}) : waiting_bytes_(std::move(waiting)) {}

  void add(const asio::any_io_executor& on, std::shared_ptr<socket_stream> stream);
  // turn_follows(): a stream has messages left for its next turn. turn_begins(): that turn has
  // come.
  void turn_follows() noexcept { ++turns_to_come_; }
  void turn_begins() noexcept { --turns_to_come_; }
  // A stream has so much to send that its owner sends nothing more until some of it has been sent.
  // The next flush waits for no turn.
  void hurry() noexcept;
  // Holds the content until the waiting streams have been flushed. A message for many streams is
  // held once.
  void hold(const buffer& content) {
    if (held_.empty() || held_.back().text().data() != content.text().data()) held_.push_back(content);
  }
  // The number of bytes that one stream holds has changed.
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
  std::size_t put_off_ = 0;  // how often the next flush was postponed

  std::vector<std::shared_ptr<socket_stream>> waiting_;
  std::vector<std::shared_ptr<socket_stream>> flushing_;  // kept to reuse its memory
  std::vector<buffer> held_;
};

}  // namespace parley::transport
