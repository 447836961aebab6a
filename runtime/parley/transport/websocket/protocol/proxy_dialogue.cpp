#include "parley/transport/websocket/protocol/proxy_dialogue.hpp"

#include "parley/core/base64.hpp"
#include "parley/transport/status.hpp"
#include "parley/transport/websocket/protocol/http_head.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace parley::transport {
namespace {

// ---- SOCKS5.

namespace socks {
constexpr char version = 5;
constexpr char no_credentials = 0;
constexpr char user_and_password = 2;
constexpr char no_method = '\xFF';
constexpr char auth_version = 1;
constexpr char connect = 1;
constexpr char ipv4 = 1;
constexpr char name = 3;
constexpr char ipv6 = 4;

error refused(unsigned char reply) {
  const std::string text = "the proxy refused with SOCKS reply " + std::to_string(reply);
  switch (reply) {
    case 2:  // its rules forbid it
      return {errc::denied, text};
    case 7:  // it does not support CONNECT
    case 8:  // it does not support this kind of address
      return {errc::unimplemented, text};
    case 1:  // 1: general failure; 3 to 6: network or host unreachable, refused, TTL expired
    case 3:
    case 4:
    case 5:
    case 6:
      return {errc::disconnected, text};
    default:
      return {errc::bad_frame, "the proxy does not speak SOCKS5"};
  }
}
}  // namespace socks

class socks5_dialogue final : public proxy_dialogue {
 public:
  socks5_dialogue(const proxy_url& proxy, const host_and_port& server) : request_(request_to(server)), offers_both_(proxy.has_credentials) {
    if (!proxy.has_credentials) return;
    credentials_ = {socks::auth_version, static_cast<char>(proxy.user.size())};
    credentials_ += proxy.user;
    credentials_ += static_cast<char>(proxy.password.size());
    credentials_ += proxy.password;
  }

  std::string opening() override {
    std::string text{socks::version, static_cast<char>(offers_both_ ? 2 : 1), socks::no_credentials};
    if (offers_both_) text += socks::user_and_password;
    return text;
  }

  result<step> hear(std::string_view bytes) override {
    step now;
    while (!now.done && now.taken < bytes.size()) {
      heard_ += bytes[now.taken++];
      result<void> sound = look(now);
      if (!sound) return sound.error();
    }
    return now;
  }

 private:
  enum class expects { method, verdict, reply };

  static std::string request_to(const host_and_port& server) {
    std::string text{socks::version, socks::connect, 0};
    std::array<char, 16> octets{};
    if (::inet_pton(AF_INET, server.host.c_str(), octets.data()) == 1) {
      (text += socks::ipv4).append(octets.data(), 4);
    } else if (::inet_pton(AF_INET6, server.host.c_str(), octets.data()) == 1) {
      (text += socks::ipv6).append(octets.data(), octets.size());
    } else {
      (text += socks::name) += static_cast<char>(server.host.size());  // at most 253 in a url
      text += server.host;
    }
    (text += static_cast<char>(server.port >> 8)) += static_cast<char>(server.port);
    return text;
  }

  // Called after each byte, so that an error is reported before the rest of the answer arrives.
  result<void> look(step& now) {
    if (heard_.size() == 1) {
      const char version = expecting_ == expects::verdict ? socks::auth_version : socks::version;
      if (heard_[0] != version) return foreign();
      return {};
    }
    switch (expecting_) {
      case expects::method:
        return choose(heard_[1], now);
      case expects::verdict:
        if (heard_[1] != 0) return error{errc::unauthenticated, "the proxy refused user and password"};
        return ask(now);
      case expects::reply:
        return look_at_reply(now);
    }
    return {};
  }

  result<void> choose(char method, step& now) {
    if (method == socks::no_method)
      return error{errc::unauthenticated, offers_both_ ? "the proxy supports neither user and password nor access without them"
                                                       : "the proxy requires authentication"};
    if (method == socks::no_credentials) return ask(now);
    if (method != socks::user_and_password || !offers_both_) return foreign();
    now.say += std::exchange(credentials_, {});
    expect(expects::verdict);
    return {};
  }

  result<void> ask(step& now) {
    now.say += request_;
    expect(expects::reply);
    return {};
  }

  result<void> look_at_reply(step& now) {
    const std::size_t size = heard_.size();
    if (size == 2 && heard_[1] != 0) return socks::refused(static_cast<unsigned char>(heard_[1]));
    if (size == 3 && heard_[2] != 0) return foreign();
    if (size < 5) return {};
    // The address that the proxy uses towards the server. Its value is not used, but its length is
    // needed to find the server's first byte.
    std::size_t address = 0;
    if (heard_[3] == socks::ipv4) address = 4;
    else if (heard_[3] == socks::ipv6) address = 16;
    else if (heard_[3] == socks::name) address = 1 + std::size_t{static_cast<unsigned char>(heard_[4])};
    else return foreign();
    now.done = size == 4 + address + 2;
    return {};
  }

  void expect(expects next) {
    expecting_ = next;
    heard_.clear();
  }
  static error foreign() { return {errc::bad_frame, "the proxy does not speak SOCKS5"}; }

  const std::string request_;
  const bool offers_both_;
  std::string credentials_;
  expects expecting_ = expects::method;
  std::string heard_;  // the incomplete answer, at most 262 bytes
};

// ---- HTTP CONNECT.

error refused(int status) { return {meaning_of(status, refuser::proxy), "the proxy refused with HTTP " + std::to_string(status)}; }

class http_dialogue final : public proxy_dialogue {
 public:
  http_dialogue(const proxy_url& proxy, const host_and_port& server, std::size_t max_head)
      : left_(max_head), head_(std::in_place, max_head) {
    const std::string authority = (server.literal_v6 ? '[' + server.host + ']' : server.host) + ':' + std::to_string(server.port);
    request_ = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (proxy.has_credentials) {
      request_ += "Proxy-Authorization: Basic ";
      to_base64(as_bytes(proxy.user + ':' + proxy.password), request_);
      request_ += "\r\n";
    }
    request_ += "\r\n";
  }

  std::string opening() override { return std::exchange(request_, {}); }

  result<step> hear(std::string_view bytes) override {
    step now;
    while (!now.done && now.taken < bytes.size()) {
      std::size_t used = 0;
      const auto state = head_->take(bytes.substr(now.taken), used);
      now.taken += used;
      if (state == head_reader::state::more) return now;
      if (state == head_reader::state::too_large) return error{errc::too_large, "the proxy's answer is too large"};
      const std::optional<int> status = status_of(head_->head());
      if (!status) return error{errc::bad_frame, "the proxy does not speak HTTP"};
      // Interim answers (RFC 9110 section 15.2) may precede the final one. One limit covers all of
      // them.
      if (*status >= 200 && *status < 300) now.done = true;
      else if (*status >= 200 || *status == 101) return refused(*status);
      else if (left_ <= head_->head().size()) return error{errc::too_large, "the proxy's answer is too large"};
      else head_.emplace(left_ -= head_->head().size());
    }
    return now;
  }

 private:
  // The status of "HTTP/1.1 200 ...". Many proxies send HTTP/1.0. The headers of a successful
  // answer have no meaning here, because it has no body (RFC 9110 section 9.3.6).
  static std::optional<int> status_of(std::string_view head) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    if (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")) return std::nullopt;
    const std::string_view digits = line.substr(9, 3);
    if (digits.size() != 3 || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    if (line.size() > 12 && line[12] != ' ') return std::nullopt;
    const int status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    if (status < 100) return std::nullopt;
    return status;
  }

  std::string request_;
  std::size_t left_;
  std::optional<head_reader> head_;
};

}  // namespace

std::unique_ptr<proxy_dialogue> make_proxy_dialogue(const proxy_url& proxy, const host_and_port& server, std::size_t max_head) {
  if (proxy.speaks == proxy_url::kind::socks5) return std::make_unique<socks5_dialogue>(proxy, server);
  return std::make_unique<http_dialogue>(proxy, server, max_head);
}

}  // namespace parley::transport
