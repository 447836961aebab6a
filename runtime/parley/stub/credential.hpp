// What a client shows to prove who it is. Does not use Asio.
#pragma once

#include <string>
#include <string_view>

namespace parley {

// A secret and its kind. Parley never prints or logs it, and the memory is overwritten when the
// object is destroyed or assigned to. There is no operator<< and no comparison, so that neither
// happens by accident.
class credential {
 public:
  credential() = default;
  // `scheme` is a scheme of HTTP authentication (RFC 9110 section 11.1). It is kept in lower case.
  credential(std::string_view scheme, std::string secret);
  // A token (RFC 6750).
  static credential bearer(std::string token) { return {"bearer", std::move(token)}; }
  // A name and a password (RFC 7617). The name has no colon.
  static credential basic(std::string_view user, std::string_view password);

  credential(const credential&) = default;
  credential(credential&& other) noexcept;
  credential& operator=(credential other) noexcept;
  ~credential();

  const std::string& scheme() const noexcept { return scheme_; }
  // As it travels: the token, or with `basic` the base64 of "name:password".
  const std::string& secret() const noexcept { return secret_; }
  // The parts of a `basic` credential. Empty for every other scheme, and if the secret is malformed.
  std::string user() const;
  std::string password() const;
  // False: nothing is shown.
  explicit operator bool() const noexcept { return !scheme_.empty(); }

 private:
  std::string scheme_;
  std::string secret_;
};

}  // namespace parley
