// The chat connection behind a wsClient handle. Private.
#pragma once

#include "parley/ends/stop_event.hpp"
#include "parley/raw.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace parley::wsclient {

// Any thread may use it. The last owner ends the connection.
class chat_connection {
 public:
  // Throws call_failed, std::system_error or std::invalid_argument.
  chat_connection(const std::string& host, const std::string& port);
  ~chat_connection();
  chat_connection(const chat_connection&) = delete;
  chat_connection& operator=(const chat_connection&) = delete;

  bool send(std::string text);
  // Wakes the listener and ends the connection for all users.
  void end();

  enum class woken { message, line, nothing, over };
  // Waits for a message or for the standard input. Input, or its end, is `line` if the caller takes
  // it, and `nothing` otherwise.
  woken wait(std::chrono::milliseconds, bool takes_input, std::string& message);

  // The name lives as long as the connection, or until the next call.
  const char* keep_name(std::string name);
  std::string name() const;

 private:
  void receive_next();
  void arrived(result<raw_message>);

  mutable std::mutex mutex_;  // for everything except the connection
  std::optional<result<raw_message>> arrived_;
  bool receiving_ = false;
  bool over_ = false;
  std::unique_ptr<std::string> name_;

  std::mutex sending_;
  std::chrono::steady_clock::time_point next_frame_{};

  wake_signal wake_;           // set while there is something to take
  raw_connection connection_;  // destroyed first, because what it completes may use the rest
};

}  // namespace parley::wsclient
