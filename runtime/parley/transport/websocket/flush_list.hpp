// The streams of one executor that have something to send. They are flushed one after the other at the end of the loop's turn: one
// posted function for all of them, and what a stream was given in that turn leaves in one system call.
//
// Executor's thread only. It holds the streams that wait until they have been flushed, and what they borrowed until then.
#pragma once

#include "parley/core/core.hpp"

#include <asio/any_io_executor.hpp>

#include <memory>
#include <vector>

namespace parley::transport {

class socket_stream;

class flush_list final : public std::enable_shared_from_this<flush_list> {
 public:
  void add(const asio::any_io_executor& on, std::shared_ptr<socket_stream> stream);
  // Until the streams that wait now have been flushed. One message for many streams is held once.
  void hold(const buffer& content) {
    if (held_.empty() || held_.back().text().data() != content.text().data()) held_.push_back(content);
  }

 private:
  void flush_all();

  std::vector<std::shared_ptr<socket_stream>> waiting_;
  std::vector<std::shared_ptr<socket_stream>> flushing_;  // scratch
  std::vector<buffer> held_;
};

}  // namespace parley::transport
