#include "parley/ends/arrival_limits.hpp"

#include "parley/core/ascii.hpp"
#include "parley/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace parley {
namespace {

using transport::arrival;
using transport::host_address;

constexpr std::size_t places = 64 * 1024;
constexpr std::chrono::seconds between_lines{10};

constexpr std::string_view too_many_of_address = "too many connections from this address";
constexpr std::string_view too_fast = "too many new connections";
constexpr std::string_view too_fast_of_address = "too many new connections from this address";

hash_key new_key() {
  hash_key key;
  fill_random(std::as_writable_bytes(std::span(&key, 1)));
  return key;
}

// Rounded up, so that the client does not come too early.
std::chrono::seconds retry_after(std::chrono::nanoseconds wait) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1));
}

bool is_port(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

result<> check_limits(const limit_options& options, std::string_view where) {
  const auto invalid = [&](std::string_view name, std::string_view why) {
    return error{errc::invalid, std::string(where) + "::" + std::string(name) + ": " + std::string(why)};
  };
  const std::pair<limit, rate_limit> rates[] = {{limit::handshakes, options.handshakes},
                                                {limit::handshakes_per_address, options.handshakes_per_address},
                                                {limit::messages, options.messages},
                                                {limit::bytes, options.bytes}};
  for (const auto& [which, terms] : rates) {
    const std::string_view name = limit_names[static_cast<std::size_t>(which)];
    if (!std::isfinite(terms.per_second) || !std::isfinite(terms.burst) || terms.per_second < 0)
      return invalid(name, "a rate is a number that is not negative");
    if (terms.per_second > 0 && terms.burst < 1) return invalid(name, "the burst must be at least 1");
  }
  if (options.close_after < std::chrono::seconds(0) || options.close_after > std::chrono::hours(24))
    return invalid("close_after", "it is between 0 and 24 hours");
  for (const std::string& entry : options.trusted_proxies)
    if (entry != "unix" && !transport::address_block::parse(entry))
      return invalid("trusted_proxies", "\"" + entry + "\" is not an address, not a block such as \"10.0.0.0/8\", and not \"unix\"");
  return {};
}

std::optional<std::string> limit_counts::count(limit which, time_point now, std::string_view whom) {
  one& here = counts_[static_cast<std::size_t>(which)];
  const std::uint64_t all = here.all.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::lock_guard lock(mutex_);
  if (here.reported_at != time_point::min() && now - here.reported_at < between_lines) return std::nullopt;
  here.reported_at = now;
  const std::uint64_t times = all - std::min(all, std::exchange(here.reported, all));
  return "limits." + std::string(limit_names[static_cast<std::size_t>(which)]) + " was reached " +
         (times <= 1 ? "" : std::to_string(times) + " times, the last time ") + "by " + std::string(whom);
}

// --- Rates by address.

struct address_rates::table {
  const hash_key key = new_key();
  std::mutex guard;
  std::vector<time_point> filled = std::vector<time_point>(places);

  time_point& of(const host_address& from) { return filled[keyed_hash(key, from.customer().bytes()) % places]; }
};

address_rates::table& address_rates::made() const {
  std::call_once(once_, [this] { table_ = std::make_shared<table>(); });
  return *table_;
}

std::chrono::nanoseconds address_rates::take(const host_address& from, time_point now) {
  if (!rate_.limits()) return {};
  table& all = made();
  const std::lock_guard lock(all.guard);
  return rate_.try_take(all.of(from), now) - now;
}

std::chrono::nanoseconds address_rates::wait(const host_address& from, time_point now) const {
  if (!rate_.limits()) return {};
  table& all = made();
  const std::lock_guard lock(all.guard);
  time_point untouched = all.of(from);
  return rate_.try_take(untouched, now) - now;
}

// --- New clients.

// How many clients of each address are connected. The places of clients outlive the server.
struct arrival_limits::population {
  const hash_key key = new_key();
  std::vector<std::atomic<std::uint32_t>> counts = std::vector<std::atomic<std::uint32_t>>(places);

  std::size_t place_of(const host_address& from) const { return keyed_hash(key, from.customer().bytes()) % places; }
};

arrival_limits::arrival_limits(const limit_options& options)
    : per_address_(options.per_address),
      loopback_too_(options.loopback_too),
      handshakes_(options.handshakes),
      rates_(options.handshakes_per_address) {
  for (const std::string& entry : options.trusted_proxies) {
    if (entry == "unix") trusts_unix_ = true;
    else if (const auto block = transport::address_block::parse(entry)) proxies_.push_back(*block);
  }
}

arrival_limits::population& arrival_limits::populated() {
  std::call_once(once_, [this] { population_ = std::make_shared<population>(); });
  return *population_;
}

bool arrival_limits::is_trusted(const host_address& from) const noexcept {
  if (from == host_address()) return trusts_unix_;
  return std::any_of(proxies_.begin(), proxies_.end(), [&](const transport::address_block& block) { return block.contains(from); });
}

arrival arrival_limits::arrive(const host_address& from, time_point now) {
  const bool proxy = is_trusted(from);
  if (!proxy && !apply_to(from)) return {};
  if (handshakes_.limits()) {
    const std::lock_guard lock(mutex_);
    const auto wait = handshakes_.try_take(handshakes_filled_, now) - now;
    if (wait.count() > 0) return {503, too_fast, retry_after(wait)};
  }
  return proxy ? arrival{} : admit(from, now);
}

arrival arrival_limits::ask(transport::any_request& asked, time_point now, host_address& client) {
  client = client_of(asked);
  if (client != asked.from) asked.behind_proxy = client;
  return is_trusted(asked.from) && apply_to(client) ? admit(client, now) : arrival{};
}

host_address arrival_limits::client_of(const transport::any_request& asked) const {
  if (asked.behind_proxy) return *asked.behind_proxy;
  if (!is_trusted(asked.from)) return asked.from;
  std::string list;
  for (const transport::header& one : asked.headers)
    if (same_ignoring_case(one.name, "x-forwarded-for")) (list += list.empty() ? "" : ",") += one.value;
  return forwarded_for(list, asked.from, [this](const host_address& one) { return is_trusted(one); });
}

arrival arrival_limits::admit(const host_address& from, time_point now) {
  if (const auto wait = rates_.take(from, now); wait.count() > 0) return {429, too_fast_of_address, retry_after(wait)};
  if (per_address_ == 0) return {};
  population& all = populated();
  const std::size_t place = all.place_of(from);
  if (all.counts[place].fetch_add(1) >= per_address_) {
    --all.counts[place];
    return {429, too_many_of_address, std::chrono::seconds(1)};
  }
  // Not a null pointer, so that it does not look like an arrival without a place.
  return {.place = std::shared_ptr<void>(&all.counts[place], [held = population_, place](void*) { --held->counts[place]; })};
}

limit arrival_limits::limit_of(const arrival& refused) noexcept {
  if (refused.text == too_fast) return limit::handshakes;
  return refused.text == too_fast_of_address ? limit::handshakes_per_address : limit::per_address;
}

std::optional<host_address> parse_forwarded(std::string_view entry) noexcept {
  entry = trimmed(entry);
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    if (end == entry.npos) return std::nullopt;
    const std::string_view rest = entry.substr(end + 1);
    if (!rest.empty() && !(rest.starts_with(':') && is_port(rest.substr(1)))) return std::nullopt;
    const auto inside = host_address::parse(entry.substr(1, end - 1));
    return inside && entry.substr(1, end - 1).find(':') != entry.npos ? inside : std::nullopt;
  }
  if (const auto whole = host_address::parse(entry)) return whole;
  const std::size_t colon = entry.find(':');
  if (colon == entry.npos || !is_port(entry.substr(colon + 1))) return std::nullopt;
  return host_address::parse(entry.substr(0, colon));
}

}  // namespace parley
