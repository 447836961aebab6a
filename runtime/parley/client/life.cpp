#include "parley/client/life.hpp"

#include <algorithm>

namespace parley {
namespace {

using std::chrono::milliseconds;

// What the end of a connection means for the next one. Section 10 of schema/parley/envelope.fbs has
// the close codes.
enum class then : std::uint8_t { resume, fresh, ask, stay_away };
struct verdict {
  parley::then then = then::resume;
  milliseconds at_least{0};
};

constexpr verdict after_close(std::uint16_t code) noexcept {
  switch (code) {
    case 1000:
    case 1003:
    case 4003:
    case 4004:
    case 4010:
    case 4012:
      return {then::stay_away};
    case 1008:
      return {then::resume, milliseconds(5'000)};
    // A resumed session would send the same bytes again.
    case 1002:
    case 1007:
    case 1009:
    case 4001:
    case 4007:
    case 4008:
      return {then::fresh, milliseconds(1'000)};
    case 4005:
    case 4006:
      return {then::ask};
    default:
      return {};
  }
}

constexpr verdict after_status(int status) noexcept {
  switch (status) {
    case 400:
    case 403:
    case 404:
    case 426:
      return {then::stay_away};
    case 401:
      return {then::ask};
    default:
      return {};
  }
}

// A server cannot send a client away for longer than this. Longer pauses would also exceed what the
// clock can represent.
constexpr milliseconds longest_demand = std::chrono::hours(1);
constexpr milliseconds longest_pause = std::chrono::hours(24 * 365);

// Two connections in a row that continue a session and end this soon, before the server has
// acknowledged anything, suggest that a frame of the session itself is the cause.
constexpr std::chrono::seconds at_once{5};
constexpr std::uint8_t enough_poison = 2;

}  // namespace

life::life(const reconnect_options& options, std::size_t urls, std::uint64_t seed, bool has_credentials)
    : options_(options), urls_(urls), seed_(seed), has_credentials_(has_credentials) {}

life::action life::asked(time_point) {
  if (state_ != link_state::idle && state_ != link_state::closed) return {};
  tries_ = since_open_ = 0;
  was_open_ = credential_refused_ = false;
  return connect();
}

void life::opened(time_point now, bool resumed, bool resumable) {
  if (state_ != link_state::connecting) return;
  state_ = link_state::open;
  opened_at_ = now;
  was_open_ = true;
  since_open_ = 0;
  resumed_ = resumed;
  resumable_ = resumable;
  progressed_ = credential_refused_ = false;
  if (!resumed) resumes_ = poisoned_ = 0;
}

life::action life::lost(time_point now, const loss& how) {
  const bool open = state_ == link_state::open;
  if (!open && state_ != link_state::connecting) return {};
  if (open) {
    if (now >= saturating_add(opened_at_, options_.stable)) tries_ = 0;
    note_resumed_loss(now);
  } else {
    ++since_open_;
  }
  const verdict next = how.http_status != 0 ? after_status(how.http_status) : after_close(how.code);
  if (next.then == then::fresh) resumable_ = false;
  if (next.then == then::stay_away) return give_up();
  if (next.then == then::ask) {
    if (!has_credentials_ || credential_refused_) return give_up();
    credential_refused_ = true;
    return wait_until(now);
  }
  credential_refused_ = false;
  if (!was_open_ && !options_.first_too) return give_up();
  if (tries_ >= options_.attempts) return give_up();
  if (!open) url_ = (url_ + 1) % urls_;
  const milliseconds demanded = std::clamp(std::max(next.at_least, how.retry), milliseconds(0), longest_demand);
  return wait_until(saturating_add(now, demanded + pause()));
}

life::action life::timer(time_point) {
  if (state_ != link_state::waiting) return {};
  if (!credential_refused_ && tries_ != reconnect_options::for_ever) ++tries_;
  return connect();
}

life::action life::now_please(time_point) { return state_ == link_state::waiting ? connect() : action{}; }

life::action life::connect() {
  state_ = link_state::connecting;
  if (resumable_) ++resumes_;
  return {.what = action::kind::connect,
          .url = url_,
          .resume = resumable_,
          .attempt = resumable_ ? resumes_ : 0,
          .credential_refused = credential_refused_};
}

life::action life::give_up() noexcept {
  state_ = link_state::closed;
  resumable_ = false;
  return {.what = action::kind::give_up};
}

life::action life::wait_until(time_point at) {
  state_ = link_state::waiting;
  return {.what = action::kind::wait, .url = url_, .at = at};
}

void life::note_resumed_loss(time_point now) noexcept {
  const bool at_fault = resumed_ && !progressed_ && now - opened_at_ < at_once;
  poisoned_ = at_fault ? static_cast<std::uint8_t>(poisoned_ + 1) : std::uint8_t{0};
  if (poisoned_ < enough_poison) return;
  poisoned_ = 0;
  resumable_ = false;
}

// Uniform between 0 and the shorter one of `longest` and pause * 2^tries. A full range, and not one
// around the middle, spreads the clients of a lost server best.
std::chrono::nanoseconds life::pause() {
  const milliseconds longest = std::clamp(options_.longest, milliseconds(0), longest_pause);
  milliseconds top = std::clamp(options_.pause, milliseconds(0), longest);
  for (std::uint32_t n = 0; n < tries_ && top < longest && top.count() != 0; ++n) top = std::min(2 * top, longest);
  const auto range = static_cast<std::uint64_t>(std::chrono::nanoseconds(top).count());
  return std::chrono::nanoseconds(drawn() % (range + 1));
}

// SplitMix64. It needs no quality beyond an even spread over many clients.
std::uint64_t life::drawn() noexcept {
  std::uint64_t z = seed_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace parley
