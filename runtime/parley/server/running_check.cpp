#include "parley/server/running_check.hpp"

#include "parley/stub/serve.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/utf8.hpp"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

namespace parley {
namespace {

bool is_name(std::string_view name) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return name.size() <= wire::max_name && is_utf8(name) && std::none_of(name.begin(), name.end(), control);
}

check_outcome thrown_by_check(const std::exception_ptr& thrown) { return {.text = text_of_thrown("auth.check", thrown)}; }

std::string text_of(const error& why) { return why.message.empty() ? why.code.message() : why.message; }

}  // namespace

check_outcome judged(result<principal> answer, std::chrono::system_clock::time_point now) {
  using kind = check_outcome::kind;
  if (!answer)
    return {.is = kind::refused, .unauthenticated = answer.error().code == errc::unauthenticated, .text = text_of(answer.error())};
  if (!is_name(answer->name))
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
