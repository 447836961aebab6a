#include "parley/server/authentication.hpp"

#include "parley/core/random.hpp"
#include "parley/core/wipe.hpp"
#include "parley/ends/address.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace parley {
namespace {

// How long an expired credential is still accepted, so that another one that is on its way arrives.
constexpr std::chrono::seconds grace{5};

// The address whose failed checks are counted. Empty: they are not.
std::string counted_address(const transport::request& ask) {
  if (!ask.behind_proxy) return customer_of(ask.remote);
  return ask.behind_proxy->is_loopback() ? std::string() : ask.behind_proxy->customer().text();
}

}  // namespace

shared_checks::shared_checks(authenticator asked)
    : check(std::make_shared<const authenticator>(std::move(asked))), failed(random_number()) {}

// A request while it is checked.
struct authentication::asked_request {
  std::shared_ptr<transport::request> ask;
  std::shared_ptr<running_check> check;
  std::unique_ptr<transport::alarm> too_late;
};

// What is known about the connection of a client.
struct authentication::visitor {
  std::string path, query, origin, remote;
  std::string customer;  // empty: its failures are not counted
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const peer_certificate> certificate;
  bool carries_credentials = false;

  std::shared_ptr<running_check> checking{};
  std::unique_ptr<transport::alarm> too_late{};
  std::unique_ptr<transport::alarm> expiry{};

  static visitor from(const transport::request& ask, bool carries) {
    visitor one{ask.path, ask.query, ask.origin, ask.remote, counted_address(ask), {}, ask.certificate, carries};
    for (const transport::header& h : ask.headers) one.headers.emplace_back(h.name, h.value);
    return one;
  }
};

authentication::authentication(shared_checks& all, asio::any_io_executor on, std::shared_ptr<transport::clock> clock,
                               std::chrono::milliseconds limit, std::function<std::shared_ptr<void>()> owner)
    : all_(all), on_(std::move(on)), clock_(std::move(clock)), limit_(limit), owner_(std::move(owner)) {}

authentication::~authentication() = default;

bool authentication::is_barred(const transport::request& ask) const {
  const std::string customer = counted_address(ask);
  return !customer.empty() && all_.failed.is_barred(customer, clock_->now());
}

bool authentication::is_barred(const conversation& with) const {
  const auto found = visitors_.find(&with);
  return found != visitors_.end() && !found->second->customer.empty() && all_.failed.is_barred(found->second->customer, clock_->now());
}

std::shared_ptr<running_check> authentication::make_check(const visitor& about, credential shown, shown_by how,
                                                          std::optional<principal> before) const {
  showing what{.credential = std::move(shown),
               .how = how,
               .path = about.path,
               .query = about.query,
               .origin = about.origin,
               .remote = about.remote,
               .headers = how == shown_by::again ? decltype(about.headers){} : about.headers};
  return std::make_shared<running_check>(all_.check, std::move(what), about.certificate, std::move(before));
}

// A stranger that is refused has guessed nothing.
void authentication::count(const std::string& customer, const check_outcome& outcome, bool shown) const {
  if (shown && !customer.empty() && outcome.is == check_outcome::kind::refused) all_.failed.count(customer, clock_->now());
}

void authentication::check_upgrade(const std::shared_ptr<transport::request>& ask, shown_credential shown, running_check::done then) {
  const bool shows = static_cast<bool>(shown.credential);
  const visitor about = visitor::from(*ask, true);
  const auto check = make_check(about, std::move(shown.credential), shown.how, std::nullopt);
  auto& entry = requests_[ask.get()];
  entry = std::make_unique<asked_request>(asked_request{ask, check, clock_->make_alarm(on_)});
  // Both end the check: the transport, if it has a limit of its own, and the alarm.
  const auto end = [this, key = ask.get(), owner = owner_] {
    const auto keep = owner();
    const auto found = keep ? requests_.find(key) : requests_.end();
    if (!keep || found == requests_.end()) return std::unique_ptr<asked_request>();
    auto ended = std::move(found->second);
    requests_.erase(found);
    return ended;
  };
  ask->on_abandoned = [end] {
    if (const auto ended = end()) ended->check->give_up();
  };
  entry->too_late->set(saturating_add(clock_->now(), limit_), [end, then] {
    const auto ended = end();
    if (!ended) return;
    ended->check->give_up();
    then({.text = "auth.check did not answer within handshake_timeout"});
  });
  check->start(on_, [this, end, then = std::move(then), customer = about.customer, shows](check_outcome outcome) {
    const auto ended = end();
    if (!ended) return;
    ended->ask->on_abandoned = nullptr;
    count(customer, outcome, shows);
    then(std::move(outcome));
  });
}

void authentication::let_in(const conversation& with, const transport::request& ask, bool carries_credentials) {
  visitors_[&with] = std::make_unique<visitor>(visitor::from(ask, carries_credentials));
}

authentication::visitor& authentication::of(const conversation& with) { return *visitors_.at(&with); }

bool authentication::carries_credentials(const conversation& with) const {
  const auto found = visitors_.find(&with);
  return found != visitors_.end() && found->second->carries_credentials;
}

void authentication::check_hello(conversation& with, wire::auth shown, running_check::done then) {
  visitor& about = of(with);
  credential what(shown.scheme, std::move(shown.credential));
  wipe(shown.credential);
  const bool shows = static_cast<bool>(what);
  about.checking = make_check(about, std::move(what), shows ? shown_by::hello : shown_by::nobody, std::nullopt);
  about.headers = {};  // they are not needed any more
  const auto check = about.checking;
  check->start(on_, [this, key = &with, owner = owner_, then = std::move(then), shows](check_outcome outcome) {
    const auto keep = owner();
    const auto found = keep ? visitors_.find(key) : visitors_.end();
    if (!keep || found == visitors_.end()) return;
    found->second->checking.reset();
    count(found->second->customer, outcome, shows);
    then(std::move(outcome));
  });
}

void authentication::check_again(conversation& with, wire::auth shown, running_check::done then) {
  visitor& about = of(with);
  credential what(shown.scheme, std::move(shown.credential));
  wipe(shown.credential);
  about.checking = make_check(about, std::move(what), shown_by::again, with.principal());
  about.too_late = clock_->make_alarm(on_);
  const auto finish = [this, key = &with, owner = owner_, then = std::move(then)](check_outcome outcome, bool late) {
    const auto keep = owner();
    const auto found = keep ? visitors_.find(key) : visitors_.end();
    if (!keep || found == visitors_.end()) return;
    if (const auto check = std::exchange(found->second->checking, nullptr); check && late) check->give_up();
    if (found->second->too_late) found->second->too_late->clear();
    count(found->second->customer, outcome, true);
    then(std::move(outcome));
  };
  about.too_late->set(saturating_add(clock_->now(), limit_),
                      [finish] { finish({.text = "auth.check did not answer within handshake_timeout"}, true); });
  const auto check = about.checking;
  check->start(on_, [finish](check_outcome outcome) { finish(std::move(outcome), false); });
}

std::uint32_t authentication::watch(conversation& with) {
  const auto found = visitors_.find(&with);
  if (found == visitors_.end()) return 0;
  visitor& about = *found->second;
  const auto& expires = with.principal().expires;
  if (!expires) {
    if (about.expiry) about.expiry->clear();
    return 0;
  }
  // `welcome` cannot say more than 49 days. A longer credential counts as one of 49 days.
  const auto now = std::chrono::system_clock::now();
  const auto most = std::chrono::milliseconds(std::numeric_limits<std::uint32_t>::max());
  const auto left = *expires - now >= most ? most : std::chrono::duration_cast<std::chrono::milliseconds>(*expires - now);
  if (!about.expiry) about.expiry = clock_->make_alarm(on_);
  about.expiry->set(saturating_add(clock_->now(), std::chrono::milliseconds(left + grace)), [weak = with.weak_from_this()] {
    if (const auto end = weak.lock()) end->close(session::close_code::credential_expired, "the credential has expired");
  });
  return static_cast<std::uint32_t>(std::max<std::int64_t>(left.count(), 1));
}

void authentication::forget(const conversation& with) {
  const auto found = visitors_.find(&with);
  if (found == visitors_.end()) return;
  const auto gone = std::move(found->second);
  visitors_.erase(found);
  if (gone->checking) gone->checking->give_up();
}

void authentication::stop() {
  for (auto& [key, one] : std::exchange(requests_, {})) {
    one->ask->on_abandoned = nullptr;
    one->check->give_up();
    one->ask->reject(503, "stopping");
  }
  for (auto& [key, one] : visitors_)
    if (const auto check = std::exchange(one->checking, nullptr)) check->give_up();
}

}  // namespace parley
