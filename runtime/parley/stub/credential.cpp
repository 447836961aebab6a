#include "parley/stub/credential.hpp"

#include "parley/core/base64.hpp"
#include "parley/core/bytes.hpp"
#include "parley/core/wipe.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace parley {
namespace {

// The decoded "name:password" of a basic credential. Its owner wipes it.
std::string login_of(const credential& shown) {
  std::vector<std::byte> bytes;
  if (shown.scheme() != "basic" || !from_base64(shown.secret(), bytes)) return {};
  std::string text(as_text(bytes));
  wipe(bytes);
  if (text.find(':') == text.npos) wipe(text);
  return text;
}

}  // namespace

credential::credential(std::string_view scheme, std::string secret) : scheme_(scheme), secret_(std::move(secret)) {
  std::transform(scheme_.begin(), scheme_.end(), scheme_.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  wipe(secret);  // a short string is copied when it is moved
}

credential credential::basic(std::string_view user, std::string_view password) {
  std::string login;
  login.reserve(user.size() + 1 + password.size());  // so that no shorter copy of the password remains
  login.append(user).append(1, ':').append(password);
  std::string secret;
  to_base64(as_bytes(login), secret);
  wipe(login);
  return {"basic", std::move(secret)};
}

credential::credential(credential&& other) noexcept : scheme_(std::move(other.scheme_)), secret_(std::move(other.secret_)) {
  other.scheme_.clear();
  wipe(other.secret_);
}

credential& credential::operator=(credential other) noexcept {
  scheme_.swap(other.scheme_);
  secret_.swap(other.secret_);
  if (secret_.empty()) wipe(secret_);  // a short secret leaves its bytes in the string that it was swapped out of
  return *this;
}

credential::~credential() { wipe(secret_); }

std::string credential::user() const {
  std::string login = login_of(*this);
  std::string user = login.substr(0, login.find(':'));
  wipe(login);
  return user;
}

std::string credential::password() const {
  std::string login = login_of(*this);
  std::string password = login.empty() ? std::string() : login.substr(login.find(':') + 1);
  wipe(login);
  return password;
}

}  // namespace parley
