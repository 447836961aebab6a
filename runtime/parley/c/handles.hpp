// The objects behind the opaque handles of parley.h. Private to the c room.
#pragma once

#include "parley/by_name.hpp"
#include "parley/c/parley.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>

struct parley_options {
  parley_options() = default;
  parley_options(const parley_options&) = default;
  ~parley_options();  // erases the key
  parley_options& operator=(const parley_options&) = delete;

  parley::client_tls& tls() {
    if (!chosen.tls) chosen.tls.emplace();
    return *chosen.tls;
  }

  parley::client_options chosen{.encoding = parley::encoding::json, .agent = "parley-c"};
  std::size_t max_unread = 4 * 1024 * 1024;
};

struct parley_message {
  parley_kind kind = PARLEY_EVENT;
  std::string name{};
  std::string payload = "null";
  std::string from{};
  std::optional<std::string> text{};
  parley_code code = PARLEY_OK;
  bool from_peer = false;
  bool maybe_done = false;
  std::uint16_t close_code = 0;

  std::size_t size() const noexcept { return sizeof(*this) + name.size() + payload.size() + from.size() + (text ? text->size() : 0); }
};

namespace parley::c {

// In milliseconds, 34 years. With longer waits the clock's arithmetic could overflow.
inline constexpr std::int64_t longest = std::int64_t{1} << 40;

parley_code code_of(const std::error_code&) noexcept;
// Fills `out` unless it is null, and returns the code.
parley_code tell(parley_error* out, parley_code code, std::string_view text = {}) noexcept;
parley_code tell(parley_error* out, const error&) noexcept;

// Runs `f` and turns exceptions into codes. No exception leaves the library.
template <class F>
parley_code guarded(parley_error* out, F f) noexcept {
  try {
    return f();
  } catch (const call_failed& failed) { return tell(out, failed.error()); } catch (const std::bad_alloc&) {
    return tell(out, PARLEY_OUT_OF_MEMORY);
  } catch (const std::exception&) { return tell(out, PARLEY_FAILED); }
}

// The messages that wait to be taken, or the handler that takes them at once. Shared with the
// client's handlers, which may outlive the handle.
class inbox {
 public:
  inbox(std::size_t limit, client& link) : limit_(limit), link_(&link) {}

  // Returns false if there is a handler already.
  bool take_all(parley_on_message handler, void* user);
  void put(parley_message message);
  parley_code wait(std::chrono::nanoseconds for_how_long, bool for_ever, std::unique_ptr<parley_message>& out);
  // Ends all waits. No message is added any more.
  void close();
  // The client is being destroyed.
  void forget_client();

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  const std::size_t limit_;
  client* link_;  // null once the client is being destroyed
  std::deque<parley_message> waiting_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  parley_on_message handler_ = nullptr;
  void* user_ = nullptr;
};

}  // namespace parley::c

struct parley_client {
  parley_client(const char* url, const parley_options& options) : link(url, options.chosen), names(link) {
    box = std::make_shared<parley::c::inbox>(options.max_unread, link);
  }

  parley::client link;
  parley::by_name names;
  std::shared_ptr<parley::c::inbox> box;
  std::mutex setting_up;
  bool started = false;
  bool tells_status = false;
};
