#include "parley/client/credentials.hpp"

#include <exception>

namespace parley {
namespace {

constexpr std::chrono::seconds longest_answer{10};
// Nothing is worth asking for in the last moment.
constexpr std::chrono::seconds last_moment{2};

std::string text_of(const std::exception_ptr& thrown) {
  std::string text = "client_options::credentials failed";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) { text.append(": ").append(e.what()); } catch (...) {
  }
  return text;
}

}  // namespace

// What the source sees, which lives until it has answered.
struct credentials::question final : asked_reply<credential> {
  question(std::shared_ptr<const credential_source> from, std::string to, bool refused, bool expiring)
      : source(std::move(from)), url(std::move(to)), wanted{.url = url, .refused = refused, .expiring = expiring} {}
  const std::shared_ptr<const credential_source> source;
  const std::string url;
  const credential_wanted wanted;
};

void credentials::ask(std::string url, bool refused, bool expiring, then answered) {
  if (asked_) asked_->give_up();
  answered_ = std::move(answered);
  const auto next = std::make_shared<question>(source_, std::move(url), refused, expiring);
  asked_ = next;
  if (!too_late_) too_late_ = clock_->make_alarm(on_);
  too_late_->set(clock_->now() + longest_answer, [this] {
    if (asked_) asked_->give_up();
    finish(nullptr, error{errc::deadline_exceeded, "client_options::credentials did not answer within 10 s"});
  });
  next->start(
      on_, [raw = next.get()] { return (*raw->source)(raw->wanted); },
      [this](const std::exception_ptr& thrown, result<credential> answer) { finish(thrown, std::move(answer)); });
}

void credentials::finish(const std::exception_ptr& thrown, result<credential> answer) {
  asked_.reset();
  too_late_->clear();
  if (thrown) answer = error{errc::failed, text_of(thrown)};
  else if (answer && !*answer) answer = error{errc::unauthenticated, "client_options::credentials returned an empty credential"};
  if (const then next = std::exchange(answered_, nullptr)) next(std::move(answer));
}

void credentials::watch(std::chrono::milliseconds lifetime, std::function<void()> due) {
  if (lifetime <= lifetime.zero()) {
    if (renewal_) renewal_->clear();
    return;
  }
  due_ = std::move(due);
  const time_point now = clock_->now();
  expires_ = now + lifetime;
  wait_for(now + lifetime / 5 * 4);
}

void credentials::try_again() {
  const time_point now = clock_->now();
  if (expires_ - now > last_moment) wait_for(now + (expires_ - now) / 2);
}

void credentials::wait_for(time_point when) {
  if (!renewal_) renewal_ = clock_->make_alarm(on_);
  renewal_->set(when, [this] {
    if (const auto due = due_) due();
  });
}

void credentials::stop() {
  if (const auto asked = std::exchange(asked_, nullptr)) asked->give_up();
  answered_ = nullptr;
  if (too_late_) too_late_->clear();
  if (renewal_) renewal_->clear();
  due_ = nullptr;
}

std::string header_of(const credential& one) {
  std::string scheme = one.scheme();
  if (!scheme.empty() && scheme.front() >= 'a' && scheme.front() <= 'z') scheme.front() = static_cast<char>(scheme.front() - 32);
  return scheme + ' ' + one.secret();
}

wire::auth auth_of(const credential& one) { return {.scheme = one.scheme(), .credential = one.secret()}; }

}  // namespace parley
