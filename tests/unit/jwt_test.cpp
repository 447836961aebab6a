// JSON Web Tokens: which are accepted, and everything that must be refused, as a table of attacks.
#include "parley/jwt.hpp"

#include "tokens.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace parley {
namespace {

using namespace std::chrono_literals;
using parley::testing::base64url;
using parley::testing::hmac_sha256;
using parley::testing::signing_key;
using parley::testing::token;
using parley::testing::unsigned_token;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using kind = signing_key::kind;

const std::string secret = "0123456789abcdef0123456789abcdef";
const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000));
std::string in(long seconds) { return std::to_string(1'800'000'000 + seconds); }

// Claims that are good, with other members instead of some of them.
std::string claims(std::string_view more = "", std::string_view exp = "") {
  return R"({"sub":"ada","iss":"https://id.example.org","aud":["lobby","x"],"roles":["trader","admin"],"exp":)" +
         (exp.empty() ? in(600) : std::string(exp)) + std::string(more) + '}';
}

struct Jwt : ::testing::Test {
  static jwt_options options(jwt_keys keys) {
    return {.keys = std::move(keys), .issuer = "https://id.example.org", .audience = "lobby", .roles_claim = "roles"};
  }
  std::string set() const {
    return "{\"keys\":[{" + rsa.jwk() + "},{" + p256.jwk() + R"(,"kid":"e"},{)" + ed25519.jwk() + R"(},{"kty":"oct","kid":"h","k":")" +
           base64url(secret) + "\"}]}";
  }
  result<principal> check(std::string_view text) const { return verify.check(text, now); }
  std::string fault(std::string_view text) const {
    const auto checked = check(text);
    if (checked) return "accepted";
    EXPECT_EQ(checked.error().code, errc::unauthenticated);
    // Nothing of the token is in the log.
    for (std::size_t i = 0; i + 12 < text.size(); i += 12)
      EXPECT_EQ(checked.error().message.find(text.substr(i, 12)), std::string::npos) << checked.error().message;
    return checked.error().message;
  }

  const signing_key rsa{kind::rsa}, p256{kind::p256}, ed25519{kind::ed25519};
  const std::string good = token(R"({"alg":"ES256"})", claims(), p256);
  jwt verify{options(jwt_keys::from_text(set()))};
};

TEST_F(Jwt, Is_accepted_with_each_algorithm) {
  for (const std::string& text :
       {token(R"({"alg":"RS256","typ":"JWT"})", claims(), rsa), good, token(R"({"alg":"ES256","kid":"e"})", claims(), p256),
        token(R"({"alg":"EdDSA"})", claims(), ed25519), token(R"({"alg":"HS256","kid":"h"})", claims(), secret)}) {
    const auto who = check(text);
    ASSERT_TRUE(who) << who.error().message;
    EXPECT_EQ(who->name, "ada");
    EXPECT_THAT(who->roles, ElementsAre("trader", "admin"));
    EXPECT_EQ(who->expires, now + 660s);
  }
}

// The attacks. Each is a token that must be refused, and a part of the reason for the log.
TEST_F(Jwt, Is_refused_for_every_known_trick) {
  const std::string h = base64url(R"({"alg":"ES256"})"), c = base64url(claims()), s = good.substr(good.rfind('.') + 1);
  const std::string signature(p256.sign(h + '.' + c));
  const auto es = [&](std::string_view header, std::string_view body) { return token(header, body, p256); };
  struct attack {
    const char* name;
    std::string text;
    const char* reason;
  };
  const std::vector<attack> attacks = {
      // About the algorithm.
      {"none", unsigned_token(R"({"alg":"none"})", claims()) + '.', "a part is empty"},
      {"none with a signature", unsigned_token(R"({"alg":"none"})", claims()) + '.' + s, "no key"},
      {"None in another case", unsigned_token(R"({"alg":"nOnE"})", claims()) + '.' + s, "no key"},
      {"no alg", es("{}", claims()), "no key"},
      {"alg is not a text", es(R"({"alg":5})", claims()), "header is malformed"},
      {"alg is a list", es(R"({"alg":["ES256"]})", claims()), "header is malformed"},
      {"the alg of another key", es(R"({"alg":"RS256"})", claims()), "no key"},
      {"a stronger alg of the same kind", es(R"({"alg":"ES512"})", claims()), "no key"},
      {"RSA with another padding", token(R"({"alg":"PS256"})", claims(), rsa), "no key"},
      {"the public key as a secret", token(R"({"alg":"HS256"})", claims(), rsa.public_pem()), "no key"},
      {"the public key as a secret without its last line", token(R"({"alg":"HS256"})", claims(), rsa.public_pem().substr(0, 400)),
       "no key"},
      {"an empty secret", token(R"({"alg":"HS256"})", claims(), std::string_view()), "no key"},
      {"alg twice", es(R"({"alg":"none","alg":"ES256"})", claims()), "header is malformed"},
      // About keys.
      {"an own key in the header",
       token(R"({"alg":"ES256","jwk":{)" + signing_key(kind::p256).jwk() + "}}", claims(), signing_key(kind::p256)), "no key"},
      {"a url of keys", token(R"({"alg":"ES256","jku":"https://evil.example/keys"})", claims(), signing_key(kind::p256)), "no key"},
      {"the kid of another key", es(R"({"alg":"ES256","kid":"h"})", claims()), "no key"},
      {"a kid that is a path", es(R"({"alg":"ES256","kid":"../../dev/null"})", claims()), "no key"},
      {"a kid that is not a text", es(R"({"alg":"ES256","kid":1})", claims()), "header is malformed"},
      // About the signature.
      {"tampered claims", h + '.' + base64url(claims(R"(,"x":1)")) + '.' + s, "no key"},
      {"a tampered header", base64url(R"({"alg":"ES256","x":1})") + '.' + c + '.' + s, "no key"},
      {"an empty signature", h + '.' + c + '.', "a part is empty"},
      {"a signature of zeros", h + '.' + c + '.' + base64url(std::string(64, '\0')), "no key"},
      {"a signature of zeros that is too long", h + '.' + c + '.' + base64url(std::string(65, '\0')), "no key"},
      {"half a signature", h + '.' + c + '.' + base64url(signature.substr(0, 32)), "no key"},
      {"a signature in DER", h + '.' + c + '.' + base64url(std::string("\x30\x06\x02\x01\x01\x02\x01\x01", 8)), "no key"},
      {"a MAC that is too short",
       unsigned_token(R"({"alg":"HS256"})", claims()) + '.' +
           base64url(hmac_sha256(secret, unsigned_token(R"({"alg":"HS256"})", claims())).substr(0, 16)),
       "no key"},
      {"a signature with padding", good + '=', "not base64url"},
      {"bits behind the signature", good.substr(0, good.size() - 1) + static_cast<char>(good.back() + 1), "refused"},
      // About the form.
      {"nothing", "", "three parts"},
      {"one part", h, "three parts"},
      {"two parts", h + '.' + c, "three parts"},
      {"four parts", good + '.' + s, "three parts"},
      {"five parts", "a.b.c.d.e", "three parts"},
      {"the other alphabet", h + '.' + c + ".++++", "not base64url"},
      {"a space", ' ' + good, "not base64url"},
      {"a line end", good + '\n', "not base64url"},
      {"too long", es(R"({"alg":"ES256"})", claims(",\"x\":\"" + std::string(8192, 'x') + '"')), "8 KiB"},
      {"a header that is not JSON", es("alg", claims()), "header is malformed"},
      {"a header that is a list", es(R"(["ES256"])", claims()), "header is malformed"},
      {"claims that are not JSON", es(R"({"alg":"ES256"})", "sub"), "claims are malformed"},
      {"claims that are a list", es(R"({"alg":"ES256"})", "[]"), "claims are malformed"},
      {"claims that end early", es(R"({"alg":"ES256"})", claims().substr(0, 40)), "claims are malformed"},
      {"claims with more behind them", es(R"({"alg":"ES256"})", claims() + "{}"), "claims are malformed"},
      {"claims that are not UTF-8", es(R"({"alg":"ES256"})", claims(",\"x\":\"\xff\"")), "claims are malformed"},
      {"claims that are nested deeply", es(R"({"alg":"ES256"})", claims(",\"x\":" + std::string(200, '[') + std::string(200, ']'))),
       "claims are malformed"},
      {"the name twice", es(R"({"alg":"ES256"})", claims(R"(,"sub":"root")")), "claims are malformed"},
      // About the claims.
      {"crit", es(R"({"alg":"ES256","crit":["exp"]})", claims()), "crit"},
      {"crit that is empty", es(R"({"alg":"ES256","crit":[]})", claims()), "crit"},
      {"an unencoded payload", es(R"({"alg":"ES256","b64":false,"crit":["b64"]})", claims()), "crit"},
      {"expired", es(R"({"alg":"ES256"})", claims("", in(-61))), "expired"},
      {"expired just now", es(R"({"alg":"ES256"})", claims("", in(-60))), "expired"},
      {"no exp", es(R"({"alg":"ES256"})", R"({"sub":"ada","iss":"https://id.example.org","aud":"lobby"})"), "no `exp`"},
      {"exp as a text", es(R"({"alg":"ES256"})", claims("", "\"" + in(600) + "\"")), "claims are malformed"},
      {"exp null", es(R"({"alg":"ES256"})", claims("", "null")), "claims are malformed"},
      {"exp negative", es(R"({"alg":"ES256"})", claims("", "-1")), "expired"},
      {"not valid yet", es(R"({"alg":"ES256"})", claims(",\"nbf\":" + in(61))), "nbf"},
      {"nbf as a text", es(R"({"alg":"ES256"})", claims(R"(,"nbf":"0")")), "claims are malformed"},
      {"another issuer",
       es(R"({"alg":"ES256"})", R"({"sub":"ada","iss":"https://id.example.org.evil.example","aud":"lobby","exp":)" + in(9) + '}'), "iss"},
      {"no issuer", es(R"({"alg":"ES256"})", R"({"sub":"ada","aud":"lobby","exp":)" + in(9) + '}'), "iss"},
      {"issuers", es(R"({"alg":"ES256"})", R"({"sub":"ada","iss":["https://id.example.org"],"aud":"lobby","exp":)" + in(9) + '}'),
       "malformed"},
      {"another audience", es(R"({"alg":"ES256"})", R"({"sub":"ada","iss":"https://id.example.org","aud":"lobby2","exp":)" + in(9) + '}'),
       "aud"},
      {"no audience", es(R"({"alg":"ES256"})", R"({"sub":"ada","iss":"https://id.example.org","exp":)" + in(9) + '}'), "aud"},
      {"an audience that is an object",
       es(R"({"alg":"ES256"})", R"({"sub":"ada","iss":"https://id.example.org","aud":{"lobby":1},"exp":)" + in(9) + '}'), "malformed"},
      {"no name", es(R"({"alg":"ES256"})", R"({"iss":"https://id.example.org","aud":"lobby","exp":)" + in(9) + '}'), "name_claim"},
      {"an empty name", es(R"({"alg":"ES256"})", R"({"sub":"","iss":"https://id.example.org","aud":"lobby","exp":)" + in(9) + '}'),
       "name_claim"},
      {"a name that is a number", es(R"({"alg":"ES256"})", R"({"sub":1,"iss":"https://id.example.org","aud":"lobby","exp":)" + in(9) + '}'),
       "malformed"},
      {"a long name",
       es(R"({"alg":"ES256"})",
          R"({"iss":"https://id.example.org","aud":"lobby","exp":)" + in(9) + ",\"sub\":\"" + std::string(129, 'a') + "\"}"),
       "128 bytes"},
      {"a name with a line end",
       es(R"({"alg":"ES256"})", R"({"iss":"https://id.example.org","aud":"lobby","exp":)" + in(9) + R"(,"sub":"a\nb"})"), "control"},
      {"roles that are numbers",
       es(R"({"alg":"ES256"})", R"({"sub":"ada","iss":"https://id.example.org","aud":"lobby","roles":[1],"exp":)" + in(9) + '}'),
       "malformed"},
  };
  for (const attack& one : attacks) {
    SCOPED_TRACE(one.name);
    EXPECT_THAT(fault(one.text), HasSubstr(one.reason));
  }
}

TEST_F(Jwt, Respects_the_leeway) {
  EXPECT_TRUE(check(token(R"({"alg":"ES256"})", claims("", in(-59)), p256)));
  EXPECT_TRUE(check(token(R"({"alg":"ES256"})", claims(",\"nbf\":" + in(60)), p256)));
  EXPECT_TRUE(check(token(R"({"alg":"ES256"})", claims("", in(0) + ".5e0"), p256)));
  jwt_options exact = options(jwt_keys::from_text(set()));
  exact.leeway = 0s;
  EXPECT_FALSE(jwt(exact).check(token(R"({"alg":"ES256"})", claims("", in(0)), p256), now));
}

TEST_F(Jwt, Of_a_far_future_expires_as_late_as_clocks_can_say) {
  const auto who = check(token(R"({"alg":"ES256"})", claims("", "1e300"), p256));
  ASSERT_TRUE(who);
  EXPECT_GT(*who->expires, now + std::chrono::hours(24 * 365 * 100));
}

TEST_F(Jwt, Gives_claims_that_have_one_value) {
  const auto who =
      check(token(R"({"alg":"ES256"})", claims(R"(,"tenant":"red","level":7,"vip":true,"list":[1],"nothing":null,"iat":5)"), p256));
  ASSERT_TRUE(who);
  const std::map<std::string, std::string, std::less<>> expected{
      {"iss", "https://id.example.org"}, {"tenant", "red"}, {"level", "7"}, {"vip", "true"}};
  EXPECT_EQ(who->claims, expected);
}

TEST_F(Jwt, Takes_roles_and_name_from_the_claims_of_the_options) {
  jwt_options other = options(jwt_keys::from_text(set()));
  other.roles_claim = "scope";
  other.name_claim = "email";
  const auto who = jwt(other).check(token(R"({"alg":"ES256"})", claims(R"(,"scope":"read  write","email":"ada@example.org")"), p256), now);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->name, "ada@example.org");
  EXPECT_THAT(who->roles, ElementsAre("read", "write"));
  other.roles_claim.clear();
  EXPECT_THAT(jwt(other).check(token(R"({"alg":"ES256"})", claims(R"(,"email":"ada@example.org")"), p256), now)->roles, IsEmpty());
}

TEST_F(Jwt, For_an_audience_is_refused_if_none_is_expected) {
  jwt_options any = options(jwt_keys::from_text(set()));
  any.audience.clear();
  EXPECT_FALSE(jwt(any).check(good, now));
  EXPECT_TRUE(
      jwt(any).check(token(R"({"alg":"ES256"})", R"({"sub":"ada","iss":"https://id.example.org","exp":)" + in(9) + '}', p256), now));
}

TEST_F(Jwt, Is_taken_from_every_source_and_refused_without_one) {
  jwt_options today = options(jwt_keys::hs256(secret));
  const jwt ask(today);
  const long seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const std::string text = token(R"({"alg":"HS256"})", claims("", std::to_string(seconds + 600)), secret);
  for (const char* scheme : {"bearer", "cookie", "ticket"}) {
    showing shown;
    shown.credential = credential(scheme, text);
    reply<principal> answer = ask(shown);
    ASSERT_FALSE(answer.is_later());
    EXPECT_TRUE(answer.now()) << scheme;
  }
  EXPECT_EQ(ask(showing{}).now().error().code, errc::unauthenticated);
}

TEST_F(Jwt, Follows_new_keys_at_once_on_all_threads) {
  const signing_key next(kind::p256);
  const jwt copy = verify;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) (void)copy.check(good, now);
    });
  for (int n = 0; n < 20; ++n) verify.use(jwt_keys::from_text('{' + next.jwk() + '}'));
  for (std::thread& one : threads) one.join();
  EXPECT_FALSE(copy.check(good, now));
  EXPECT_TRUE(copy.check(token(R"({"alg":"ES256"})", claims(), next), now));
}

// ---- Keys.

struct JwtKeys : Jwt {
  static std::string fault_of(std::string_view text) {
    const auto keys = jwt_keys::read_text(text);
    if (keys) return "usable";
    EXPECT_EQ(keys.error().code, errc::invalid);
    return keys.error().message;
  }
  bool accepts(jwt_keys keys, std::string_view text) const { return jwt(options(std::move(keys))).check(text, now).has_value(); }
};

TEST_F(JwtKeys, Are_read_from_PEM) {
  EXPECT_TRUE(accepts(jwt_keys::from_text(p256.public_pem()), good));
  const jwt_keys three = jwt_keys::from_text("# the keys\n" + rsa.public_pem() + p256.public_pem() + ed25519.public_pem());
  EXPECT_TRUE(accepts(three, good));
  EXPECT_TRUE(accepts(three, token(R"({"alg":"RS256"})", claims(), rsa)));
  EXPECT_TRUE(accepts(three, token(R"({"alg":"EdDSA"})", claims(), ed25519)));
}

TEST_F(JwtKeys, Are_read_from_a_single_JSON_key) {
  EXPECT_TRUE(accepts(jwt_keys::from_text('{' + p256.jwk() + '}'), good));
  EXPECT_TRUE(accepts(jwt_keys::from_text('{' + p256.jwk() + R"(,"use":"sig","key_ops":["verify"],"alg":"ES256","x5t":"y"})"), good));
}

TEST_F(JwtKeys, For_something_else_are_left_out) {
  const std::string others = "{" + p256.jwk() + R"(,"use":"enc"},{)" + p256.jwk() + R"(,"key_ops":["encrypt"]},{)" + p256.jwk() +
                             R"(,"alg":"ES384"},{)" + p256.jwk() + R"(,"alg":"RS256"},{)" + signing_key(kind::p384).jwk() +
                             R"(},{"kty":"new"},{},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},)" +
                             R"({"kty":"OKP","crv":"Ed25519","x":"AA"},{"kty":"RSA","n":"","e":"AQAB"})";
  EXPECT_THAT(fault_of("{\"keys\":[" + others + "]}"), HasSubstr("no key for"));
  EXPECT_FALSE(accepts(jwt_keys::from_text("{\"keys\":[" + others + ",{" + rsa.jwk() + "}]}"), good));
  EXPECT_TRUE(accepts(jwt_keys::from_text("{\"keys\":[" + others + ",{" + p256.jwk() + "}]}"), good));
}

TEST_F(JwtKeys, That_are_dangerous_or_damaged_are_refused) {
  EXPECT_THAT(fault_of(""), HasSubstr("neither a JSON Web Key nor PEM"));
  EXPECT_THAT(fault_of("[]"), HasSubstr("neither"));
  EXPECT_THAT(fault_of("{\"keys\":[{]}"), HasSubstr("not a JSON Web Key Set"));
  EXPECT_THAT(fault_of("{\"keys\":[5]}"), HasSubstr("a key is not an object"));
  EXPECT_THAT(fault_of("{\"keys\":[]}"), HasSubstr("no key for"));
  EXPECT_THAT(fault_of("{\"keys\":[{" + p256.jwk() + ",\"kty\":\"RSA\"}]}"), HasSubstr("a member appears twice"));
  EXPECT_THAT(fault_of("{\"keys\":[{" + p256.jwk() + ",\"d\":\"AA\"}]}"), HasSubstr("private key"));
  EXPECT_THAT(fault_of(p256.private_pem()), HasSubstr("private key"));
  EXPECT_THAT(fault_of('{' + signing_key(kind::small_rsa).jwk() + '}'), HasSubstr("fewer than 2048 bits"));
  EXPECT_THAT(fault_of(signing_key(kind::small_rsa).public_pem()), HasSubstr("fewer than 2048 bits"));
  EXPECT_THAT(fault_of(signing_key(kind::p384).public_pem()), HasSubstr("neither RSA nor P-256 nor Ed25519"));
  EXPECT_THAT(fault_of(R"({"kty":"oct","k":"c2hvcnQ"})"), HasSubstr("fewer than 32 bytes"));
  EXPECT_THAT(fault_of("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), HasSubstr("damaged"));
  std::string nine = "{\"keys\":[";
  for (int i = 0; i < 9; ++i) nine += (i == 0 ? "{" : ",{") + p256.jwk() + '}';
  EXPECT_THAT(fault_of(nine + "]}"), HasSubstr("more than 8 keys"));
  EXPECT_THROW(jwt_keys::hs256("short"), std::invalid_argument);
  EXPECT_THROW(jwt_keys::from_text("{}"), std::invalid_argument);
}

TEST_F(JwtKeys, Of_a_file_name_it_when_they_are_wrong) {
  std::string folder = (std::filesystem::temp_directory_path() / "parley-jwt-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string file = folder + "/keys.json";
  EXPECT_THAT(jwt_keys::read_file(file).error().message, AllOf(HasSubstr(file), HasSubstr("cannot be read")));
  std::ofstream(file) << set();
  EXPECT_TRUE(accepts(jwt_keys::from_file(file), good));
  std::ofstream(file) << "{}";
  EXPECT_THAT(jwt_keys::read_file(file).error().message, HasSubstr(file));
  EXPECT_THROW(jwt_keys::from_file(folder), std::invalid_argument);
  std::filesystem::remove_all(folder);
}

// Random damage is refused and does no harm.
TEST_F(Jwt, Survives_random_damage) {
  std::mt19937 random(7);
  for (int round = 0; round < 5'000; ++round) {
    std::string text = good;
    for (unsigned changes = 1 + static_cast<unsigned>(random() % 3); changes != 0; --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.erase(at, 1 + random() % 5);
          break;
        default:
          text.insert(at, 1, static_cast<char>(random() % 256));
      }
      if (text.empty()) break;
    }
    if (text != good) { EXPECT_FALSE(check(text)) << round; }
  }
  const std::string keys = set();
  for (int round = 0; round < 2'000; ++round) {
    std::string text = keys;
    text[random() % text.size()] = static_cast<char>(random() % 256);
    (void)jwt_keys::read_text(text);
  }
}

}  // namespace
}  // namespace parley
