#include "parley/c/wsclient/chat_connection.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

namespace parley::wsclient {
namespace {

using namespace std::chrono_literals;

// The family's own server takes one frame from each read and discards the rest of what it read.
constexpr auto between_frames = 10ms;
// As in the original, unread standard input ends the wait. The pause keeps a loop around it from
// using a whole processor.
constexpr auto with_unread_input = 10ms;

std::string url_of(const std::string& host, const std::string& port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return "ws://" + (ipv6 ? '[' + host + ']' : host) + ':' + port + '/';
}

// The family's server masks its frames, does not answer close frames, and relays text that is not
// UTF-8.
raw_options manners() {
  return {.connect_timeout = 10s,
          .receive_timeout = {},
          .manners = {.masked_frames = true, .any_text = true, .silent_close = true, .keep_alive = true}};
}

}  // namespace

chat_connection::chat_connection(const std::string& host, const std::string& port) : connection_(url_of(host, port), manners()) {
  connection_.connect();
  receive_next();
}

chat_connection::~chat_connection() { end(); }

void chat_connection::end() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
    wake_.set();
  }
  try {
    connection_.close();
  } catch (const call_failed&) {}  // it was over already
}

bool chat_connection::send(std::string text) {
  std::lock_guard one_at_a_time(sending_);
  std::this_thread::sleep_until(next_frame_);
  try {
    connection_.send(std::move(text));
  } catch (const call_failed&) { return false; }
  next_frame_ = std::chrono::steady_clock::now() + between_frames;
  return true;
}

// Call it with the lock, or before the connection is shared. The next message is requested after
// this one was taken. Messages that arrive meanwhile wait within the limits of the raw connection,
// and then at the other end.
void chat_connection::receive_next() {
  if (std::exchange(receiving_, true)) return;
  connection_.async_receive([this](result<raw_message> got) { arrived(std::move(got)); });
}

void chat_connection::arrived(result<raw_message> got) {
  std::lock_guard lock(mutex_);
  receiving_ = false;
  arrived_ = std::move(got);
  wake_.set();
}

chat_connection::woken chat_connection::wait(std::chrono::milliseconds limit, bool takes_input, std::string& message) {
  pollfd sources[] = {{wake_.descriptor(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  int ready = ::poll(sources, 2, static_cast<int>(limit.count()));
  if (ready > 0 && !takes_input && sources[0].revents == 0) ready = ::poll(sources, 1, static_cast<int>(with_unread_input.count()));
  if (ready < 0 && errno != EINTR) return woken::over;
  if (ready <= 0) return woken::nothing;

  std::lock_guard lock(mutex_);
  if (over_) return woken::over;  // the descriptor stays readable
  if (arrived_) {
    if (!*arrived_) {
      over_ = true;
      return woken::over;
    }
    message = std::move(**arrived_).text();
    arrived_.reset();
    wake_.clear();
    receive_next();
    return woken::message;
  }
  return takes_input && sources[1].revents != 0 ? woken::line : woken::nothing;
}

const char* chat_connection::keep_name(std::string name) {
  std::lock_guard lock(mutex_);
  name_ = std::make_unique<std::string>(std::move(name));
  return name_->c_str();
}

std::string chat_connection::name() const {
  std::lock_guard lock(mutex_);
  return name_ ? *name_ : std::string();
}

}  // namespace parley::wsclient
