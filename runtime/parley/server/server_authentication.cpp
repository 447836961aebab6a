// What a loop does about the outcomes of checks: who is let in, turned away, or somebody else from
// now on. authentication.hpp runs the checks.
#include "parley/server/server_core.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace parley {
namespace {

namespace close_code = session::close_code;
using kind = check_outcome::kind;

// The texts that clients get are fixed.
constexpr std::string_view refused_text = "the credential is missing, wrong, or has expired";
constexpr std::string_view denied_text = "this client may not connect";
constexpr std::string_view broken_text = "the credential could not be checked";
constexpr std::string_view too_often_text = "too many credentials of this address were refused";

std::string_view text_of(const check_outcome& outcome) noexcept {
  if (outcome.is == kind::broken) return broken_text;
  return outcome.unauthenticated ? refused_text : denied_text;
}

}  // namespace

void server_loop::upgrade_checked(const entrance& at, transport::request& ask, const admission& to, check_outcome outcome) {
  if (!server_.accepts_clients() || stopping_) return reject(ask, 503, "stopping");
  if (outcome.is == kind::good) {
    counts_.auth_accepted += 1;
    return let_in(at, ask, to, std::move(outcome.who));
  }
  const bool broken = outcome.is == kind::broken;
  (broken ? counts_.auth_broken : counts_.auth_refused) += 1;
  const int status = broken ? 503 : outcome.unauthenticated ? 401 : 403;
  upgrade_refused(status, outcome.text, ask.remote);
  if (broken) server_.log(log_level::error, outcome.text);
  ask.reject(status, text_of(outcome));
}

void server_loop::greeted(conversation& end, wire::auth shown) {
  if (!may_check(end, shown)) return;
  auth_->check_hello(end, std::move(shown), [this, &end](check_outcome outcome) { hello_checked(end, std::move(outcome)); });
}

void server_loop::hello_checked(conversation& end, check_outcome outcome) {
  if (outcome.is != kind::good) return turn_away(end, outcome);
  counts_.auth_accepted += 1;
  end.set_principal(std::move(outcome.who));
  end.welcome(server_.clock()->now(), auth_->watch(end));
}

void server_loop::shown(conversation& end, wire::auth another) {
  if (!may_check(end, another)) return;
  auth_->check_again(end, std::move(another), [this, &end](check_outcome outcome) { credential_checked(end, std::move(outcome)); });
}

// The handlers see the new principal from here on. What arrived before was handled as the old one.
void server_loop::credential_checked(conversation& end, check_outcome outcome) {
  if (outcome.is == kind::good && outcome.who.name != end.principal().name)
    outcome = {.is = kind::refused, .text = "another credential of a client was of another principal"};
  if (outcome.is != kind::good) return turn_away(end, outcome);
  if (!end.open()) return;
  counts_.auth_accepted += 1;
  const std::uint64_t roles_before = end.roles();
  end.set_principal(std::move(outcome.who));
  if (server_.has_several_loops() && end.roles() != roles_before) {
    server_.directory().add(end.session().client_id(), {this, end.speaks(), end.roles()});
    server_.users().remove(end.principal().name, {this, end.speaks(), roles_before});
    server_.users().add(end.principal().name, {this, end.speaks(), end.roles()});
  }
  end.renewed(auth_->watch(end));
  handlers_.for_each([&](handler& h) {
    try {
      const watchdog::running handler_of(watchdog_, "principal_changed()");
      h.principal_changed(*end.peer());
    } catch (...) { server_.log(log_level::error, "a handler failed in principal_changed()"); }
  });
}

bool server_loop::may_check(conversation& end, const wire::auth& shown) {
  if (auth_->is_barred(end)) {
    end.close(close_code::policy, too_often_text);
    return false;
  }
  if (shown.scheme.empty() && shown.credential.empty()) return true;
  if (shown.scheme.empty() || shown.credential.empty()) {
    end.close(close_code::credential_refused, "the credential has no scheme or no secret");
    return false;
  }
  if (auth_->carries_credentials(end)) return true;
  end.close(close_code::credential_refused, plain_text_refusal);
  return false;
}

void server_loop::turn_away(conversation& end, const check_outcome& outcome) {
  const bool broken = outcome.is == kind::broken;
  (broken ? counts_.auth_broken : counts_.auth_refused) += 1;
  if (server_.options().log)
    server_.log(broken ? log_level::error : log_level::info, "the credential of a client from " +
                                                                 (end.connection() ? end.connection()->remote() : std::string("unknown")) +
                                                                 (broken ? " could not be checked: " : " was refused: ") + outcome.text);
  end.close(broken ? close_code::try_again_later : close_code::credential_refused, text_of(outcome));
}

}  // namespace parley
