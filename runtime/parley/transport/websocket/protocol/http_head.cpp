#include "parley/transport/websocket/protocol/http_head.hpp"

#include "parley/core/ascii.hpp"

#include <algorithm>
#include <array>

namespace parley::transport {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::size_t max_subprotocols = 32;

// Removes the next item from a list and returns it. Empty items count, though RFC 9110 section
// 5.6.1 permits ignoring them.
std::string_view next_piece(std::string_view& list) noexcept {
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::string_view piece = trimmed(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return piece;
}

// `lines` is everything after the first line. Returns false if a line is not a valid header: no
// colon, a folded line, spaces around the name, or control characters.
bool parse_headers(std::string_view lines, std::vector<header>& out) {
  while (!lines.empty() && !lines.starts_with(line_end)) {
    const std::size_t end = lines.find(line_end);
    if (end == lines.npos) return false;
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + line_end.size());
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon))) return false;
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!is_field_value(value)) return false;
    out.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  return true;
}

std::size_t count(const std::vector<header>& headers, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(headers.begin(), headers.end(), [&](const header& h) { return same_ignoring_case(h.name, name); }));
}

bool is_key(std::string_view key) noexcept {
  // 16 bytes in base64: 22 characters and "==".
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
         });
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Refused";
  }
}

}  // namespace

head_reader::state head_reader::take(std::string_view bytes, std::size_t& taken) {
  // The empty line may have begun in earlier bytes.
  const std::size_t from = head_.size() < head_end.size() - 1 ? 0 : head_.size() - (head_end.size() - 1);
  const std::size_t had = head_.size();
  const std::size_t room = limit_ - had;
  head_.append(bytes.substr(0, room));
  const std::size_t found = head_.find(head_end, from);
  if (found != head_.npos) {
    head_.resize(found + head_end.size());
    taken = head_.size() - had;
    return state::complete;
  }
  taken = std::min(bytes.size(), room);
  return head_.size() >= limit_ ? state::too_large : state::more;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_websocket_header(std::string_view name) noexcept {
  constexpr std::string_view prefix = "sec-websocket-";
  return name.size() >= prefix.size() && same_ignoring_case(name.substr(0, prefix.size()), prefix);
}

bool is_field_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
  });
}

std::string joined(const std::vector<header>& headers, std::string_view name) {
  std::string all;
  for (const header& h : headers) {
    if (!same_ignoring_case(h.name, name)) continue;
    if (!all.empty()) all += ", ";
    all += h.value;
  }
  return all;
}

bool lists_token(std::string_view list, std::string_view token) {
  while (!list.empty())
    if (same_ignoring_case(next_piece(list), token)) return true;
  return false;
}

std::optional<http_fault> parse_request(std::string_view head, http_request& out) {
  const std::string_view line = head.substr(0, head.find(line_end));
  const std::size_t first = line.find(' ');
  const std::size_t second = first == line.npos ? line.npos : line.find(' ', first + 1);
  if (second == line.npos) return http_fault{400, "malformed request line"};
  const std::string_view method = line.substr(0, first);
  const std::string_view resource = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!is_token(method) || !is_field_value(resource)) return http_fault{400, "malformed request line"};
  if (version == "HTTP/1.0")
    return http_fault{400, "HTTP/1.1 is required (RFC 6455 4.1); configure a proxy in between to use it (nginx: proxy_http_version 1.1)"};
  if (version != "HTTP/1.1") return http_fault{400, "malformed request line"};
  if (!parse_headers(head.substr(line.size() + line_end.size()), out.headers)) return http_fault{400, "malformed header"};
  if (method != "GET" && method != "HEAD") return http_fault{405, "only GET is served here, and HEAD for pages"};
  if (!resource.starts_with('/')) return http_fault{400, "the request target must be a path"};
  for (const std::string_view once : {"host", "origin", "sec-websocket-key", "sec-websocket-version", "content-length"})
    if (count(out.headers, once) > 1) return http_fault{400, "a header that may appear only once is repeated"};
  if (count(out.headers, "host") == 0) return http_fault{400, "the Host header is missing"};
  const std::string length = joined(out.headers, "content-length");
  if (count(out.headers, "transfer-encoding") != 0 || !(length.empty() || length == "0")) return http_fault{400, "no body is allowed"};
  out.head = method == "HEAD";
  const std::size_t mark = std::min(resource.find('?'), resource.size());
  out.path = resource.substr(0, mark);
  if (mark < resource.size()) out.query = resource.substr(mark + 1);
  out.host = joined(out.headers, "host");
  out.origin = joined(out.headers, "origin");
  return std::nullopt;
}

bool asks_for_websocket(const http_request& asked) {
  return lists_token(joined(asked.headers, "upgrade"), "websocket") && lists_token(joined(asked.headers, "connection"), "upgrade");
}

std::optional<http_fault> parse_upgrade(const http_request& asked, upgrade_request& out) {
  if (asked.head) return http_fault{405, "only GET is served here"};
  if (!asks_for_websocket(asked))
    return http_fault{426, "only WebSocket is served here; a proxy in between must forward the headers Upgrade and Connection"};
  if (joined(asked.headers, "sec-websocket-version") != "13") return http_fault{426, "only WebSocket version 13 is supported"};
  out.key = joined(asked.headers, "sec-websocket-key");
  if (!is_key(out.key)) return http_fault{400, "the Sec-WebSocket-Key header is missing or malformed"};

  const std::string offered = joined(asked.headers, "sec-websocket-protocol");
  for (std::string_view list = offered; !list.empty();) {
    const std::string_view name = next_piece(list);
    if (name.empty()) continue;
    if (!is_token(name)) return http_fault{400, "malformed subprotocol"};
    if (std::find(out.subprotocols.begin(), out.subprotocols.end(), name) != out.subprotocols.end())
      return http_fault{400, "a subprotocol is offered twice"};
    if (out.subprotocols.size() == max_subprotocols) return http_fault{400, "too many subprotocols are offered"};
    out.subprotocols.emplace_back(name);
  }
  return std::nullopt;
}

bool parse_upgrade_response(std::string_view head, upgrade_response& out) {
  const std::string_view line = head.substr(0, head.find(line_end));
  // "HTTP/1.1 101", followed by a space if there is a reason phrase.
  if (!line.starts_with("HTTP/1.1 ") || line.size() < 12 || (line.size() > 12 && line[12] != ' ')) return false;
  out.status = 0;
  for (const char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return false;
    out.status = out.status * 10 + (c - '0');
  }
  return is_field_value(line) && parse_headers(head.substr(line.size() + line_end.size()), out.headers);
}

result<> check_offer(const connect_options& options) {
  const auto invalid = [](std::string text) { return parley::error{errc::invalid, std::move(text)}; };
  for (auto name = options.subprotocols.begin(); name != options.subprotocols.end(); ++name) {
    if (!is_token(*name)) return invalid("a subprotocol's name is not a token (RFC 9110 5.6.2)");
    if (std::find(options.subprotocols.begin(), name, *name) != name) return invalid("a subprotocol is offered twice");
  }
  static constexpr std::array own{"host", "upgrade", "connection", "origin", "content-length", "transfer-encoding"};
  for (const header& h : options.headers) {
    if (!is_token(h.name) || !is_field_value(h.value)) return invalid("a header is malformed");
    const bool of_handshake = is_websocket_header(h.name) ||
                              std::any_of(own.begin(), own.end(), [&](std::string_view name) { return lists_token(h.name, name); });
    if (of_handshake) return invalid("a header belongs to the handshake itself");
  }
  if (!is_field_value(options.origin)) return invalid("the origin is malformed");
  return {};
}

std::string http_answer(const http_fault& fault, std::string_view server_name) {
  std::string out = "HTTP/1.1 " + std::to_string(fault.status) + ' ';
  out += reason_phrase(fault.status);
  if (!server_name.empty()) (out += "\r\nServer: ") += server_name;
  if (fault.status == 401) out += "\r\nWWW-Authenticate: Bearer";
  if (fault.status == 405) (out += "\r\nAllow: ") += fault.allow;
  if (fault.retry_after.count() > 0) out += "\r\nRetry-After: " + std::to_string(fault.retry_after.count());
  if (fault.status == 426) out += "\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
  out += fault.status == 426 ? "\r\nConnection: Upgrade, close" : "\r\nConnection: close";
  out += "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " + std::to_string(fault.text.size()) + "\r\n\r\n";
  out += fault.text;
  return out;
}

std::string http_answer_head(int status, const std::vector<header>& headers, std::size_t length, std::string_view server_name) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + ' ';
  out += reason_phrase(status);
  if (!server_name.empty()) (out += "\r\nServer: ") += server_name;
  for (const header& h : headers) ((out += "\r\n" + h.name) += ": ") += h.value;
  return out + "\r\nConnection: close\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

}  // namespace parley::transport
