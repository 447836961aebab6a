#include "parley/server/running_check.hpp"

#include "parley/stub/serve.hpp"

#include <exception>
#include <utility>

namespace parley {
namespace {

check_outcome thrown_by_check(const std::exception_ptr& thrown) { return {.text = text_of_thrown("auth.check", thrown)}; }

std::string text_of(const error& why) { return why.message.empty() ? why.code.message() : why.message; }

}  // namespace

check_outcome judged(result<principal> answer, std::chrono::system_clock::time_point now) {
  using kind = check_outcome::kind;
  if (!answer)
    return {.is = kind::refused, .unauthenticated = answer.error().code == errc::unauthenticated, .text = text_of(answer.error())};
  if (!is_principal_name(answer->name))
    return {.text = "auth.check has returned a name that is longer than 128 bytes, not UTF-8, or has control characters"};
  if (answer->expires && *answer->expires <= now)
    return {.is = kind::refused, .unauthenticated = true, .text = "auth.check has returned a principal that has expired"};
  return {.is = kind::good, .who = std::move(*answer)};
}

running_check::running_check(std::shared_ptr<const authenticator> check, showing what, std::shared_ptr<const peer_certificate> certificate,
                             std::optional<principal> before)
    : check_(std::move(check)), certificate_(std::move(certificate)), before_(std::move(before)), what_(std::move(what)) {
  what_.certificate = certificate_.get();
  what_.before = before_ ? &*before_ : nullptr;
}

void running_check::start(const asio::any_io_executor& on, done then) {
  asked_reply::start(
      on, [this] { return (*check_)(what_); },
      [then = std::move(then)](const std::exception_ptr& thrown, result<principal> answer) {
        then(thrown ? thrown_by_check(thrown) : judged(std::move(answer), std::chrono::system_clock::now()));
      });
}

}  // namespace parley
