#include "parley/dialects/wschat.hpp"

#include "parley/dialects/wschat_reader.hpp"
#include "parley/dialects/wschat_text.hpp"
#include "parley/wire/json.hpp"
#include "parley/wire/json_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace parley::wschat {
namespace {

constexpr std::string_view event = "message";
constexpr std::string_view anonym = "Anonym";
constexpr std::uint32_t change_of_name = 1 | 4;  // INFO_NO_BROADCAST and INFO_CHANGE_USERNAME

std::uint32_t in_range(std::optional<double> number, double largest) {
  return number && *number >= 0 && *number <= largest ? static_cast<std::uint32_t>(*number) : 0;
}

// Writes like printf's %g: at most six digits.
void write_number(std::uint32_t number, std::string& out) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<double>(number), std::chars_format::general, 6);
  out.append(digits.data(), end.ptr);
}

void write_line(std::string_view name, std::string_view text, std::uint32_t text_len, std::uint32_t info, std::string& out) {
  out.append(R"({"user": {"name": ")").append(name).append(R"("},"message": {"text": ")").append(text).append(R"(","text_len": )");
  write_number(text_len, out);
  out += R"(,"info": )";
  write_number(info, out);
  out += "}}";
}

// A payload in the JSON mapping of wschat.v1.Line, from any client.
struct line_sent {
  std::string name;
  std::string text;
  std::uint32_t text_len = 0;
  std::uint32_t info = 0;
};

std::uint32_t bit_of(std::string_view name) {
  if (name == "INFO_NO_BROADCAST") return 1;
  if (name == "INFO_SEND_BACK") return 2;
  return name == "INFO_CHANGE_USERNAME" ? 4 : 0;
}

void read_info(json::reader& in, std::uint32_t& out) {
  if (in.kind() == json::kind::string) {
    std::string_view name;
    if (in.read(name)) out = bit_of(name);
  } else {
    std::int32_t bits = 0;
    in.read(bits);
    out = static_cast<std::uint32_t>(std::max(bits, 0));
  }
}

template <class Member>
void read_object(json::reader& in, Member member) {
  if (in.kind() == json::kind::null) return void(in.read_null());
  if (!in.enter_object()) return;
  for (std::string_view name; in.next_member(name);) {
    if (in.kind() == json::kind::null || !member(name)) in.skip();
  }
}

bool read_payload(std::string_view payload, line_sent& out) {
  json::reader in(payload);
  read_object(in, [&](std::string_view part) {
    if (part == "user") read_object(in, [&](std::string_view member) { return member == "name" ? (in.read(out.name), true) : false; });
    else if (part == event)
      read_object(in, [&](std::string_view member) {
        if (member == "text") in.read(out.text);
        else if (member == "text_len") in.read(out.text_len);
        else if (member == "info") read_info(in, out.info);
        else return false;
        return true;
      });
    else return false;
    return true;
  });
  return in.finish();
}

class chat_format final : public wire::envelope_format {
 public:
  bool binary() const override { return false; }
  parley::format payload_format() const override { return parley::format::json; }
  bool has_session() const override { return false; }

  std::optional<wire::fault> read(bytes_view frame, side reader, const wire::read_limits& limits, wire::envelope& out) const override {
    out.clear();
    line_read said;
    if (!read_line(as_text(frame), limits.max_depth, said))
      return wire::fault{.code = errc::bad_frame, .text = "not a message of the family"};
    if (!said.has_message) return wire::fault{.code = errc::bad_frame, .text = "message: missing"};
    out.name = event;
    const std::string name = repaired(said.name.value_or(std::string()), max_name);
    if (reader == side::client) out.from = sender(name);

    const std::string text = repaired(said.text.value_or(std::string()), max_text);
    const bool changed = said.text && text.size() != said.text->size();
    json::writer json(out.text);
    json.open_object();
    if (said.name) {
      json.member("\"user\":");
      json.open_object();
      json.member("\"name\":");
      json.text(name);
      json.close_object();
    }
    json.member("\"message\":");
    json.open_object();
    json.member("\"text\":");
    json.text(text);
    json.member("\"text_len\":");
    json.number(changed ? static_cast<std::uint32_t>(text.size()) : in_range(said.text_len, std::numeric_limits<std::uint32_t>::max()));
    json.member("\"info\":");
    json.number(in_range(said.info, std::numeric_limits<std::int32_t>::max()));
    json.close_object();
    json.close_object();
    json.end();
    out.payload = as_bytes(out.text);
    out.has_payload = true;
    return std::nullopt;
  }

  bool write(const wire::envelope& e, side writer, bytes_view payload, std::string& out) const override {
    line_sent line;
    if (e.kind != wire::kind::event || e.name != event || !read_payload(as_text(payload), line)) return false;
    std::string name = for_the_family(line.name, max_name);
    if (name.empty() && writer == side::server) name = anonym;
    const std::string text = for_the_family(line.text, max_text);
    const bool counted = line.text_len != 0 && text.size() == line.text.size();
    write_line(name, text, counted ? line.text_len : static_cast<std::uint32_t>(text.size()), writer == side::server ? 0 : line.info, out);
    return true;
  }

 private:
  // The sender is always a client. The name "server" alone would mean the server.
  static std::string sender(const std::string& name) {
    if (name.empty()) return std::string(anonym);
    return name == "server" ? "id:server" : name;
  }
};

}  // namespace

const wire::envelope_format& format() {
  static const chat_format one;
  return one;
}

parley::dialect dialect() {
  return {.format = &format(),
          .pings = false,
          .error_answers = false,
          .silent_close = true,
          .max_frame = 4095,
          .gap = std::chrono::milliseconds(10),
          .quiet_start = std::chrono::seconds(1),
          .masked_frames = true,
          .any_text = true};
}

client_options named(std::string_view name) {
  client_options options{.dialect = dialect()};
  write_line(for_the_family(name, max_name), "null", 4, change_of_name, options.greeting);
  return options;
}

}  // namespace parley::wschat
