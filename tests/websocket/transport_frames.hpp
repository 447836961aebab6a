// Frames as bytes, in either role, and random sequences of frames.
#pragma once

#include <cstdint>
#include <cstring>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace parley::transport::testing {

// `first` is the first byte of the frame.
inline std::string frame(unsigned first, std::string_view payload, bool masked = true, std::string_view key = "\x11\x22\xF3\x44") {
  std::string out(1, static_cast<char>(first));
  const unsigned bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(bit | payload.size());
  } else if (payload.size() <= 0xFFFF) {
    out += static_cast<char>(bit | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size());
  } else {
    out += static_cast<char>(bit | 127);
    for (int i = 7; i >= 0; --i) out += static_cast<char>(payload.size() >> (8 * i));
  }
  if (masked) out += key;
  for (std::size_t i = 0; i < payload.size(); ++i) out += masked ? static_cast<char>(payload[i] ^ key[i % 4]) : payload[i];
  return out;
}

// Random messages, fragments, control frames and errors.
inline std::string random_frames(std::mt19937& random, bool server) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const auto text = [&] {
    static constexpr std::string_view parts[] = {"a", "bc", "ü", "€", "😀", "0123456789", "\n"};
    std::string out;
    for (unsigned n = below(below(10) ? 8 : 60); n > 0; --n) out += parts[below(std::size(parts))];
    return out;
  };
  const auto bytes = [&] {
    std::string out(below(10) ? below(40) : below(300), '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  };
  const auto put = [&](unsigned first, std::string_view payload) {
    const auto word = static_cast<std::uint32_t>(random());
    std::string key(4, '\0');
    std::memcpy(key.data(), &word, 4);
    return frame(first, payload, server, key);
  };
  const auto control = [&] { return put(below(2) ? 0x89 : 0x8A, bytes().substr(0, below(126))); };
  std::string out;
  for (unsigned n = 1 + below(12); n > 0; --n) {
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
        out += put(0x81, text());
        break;
      case 3:
        out += put(0x82, bytes());
        break;
      case 4:
        out += control();
        break;
      default: {
        const bool is_text = below(2) == 0;
        const std::string content = is_text ? text() : bytes();
        const std::size_t cut = content.empty() ? 0 : random() % content.size();
        out += put(is_text ? 0x01 : 0x02, content.substr(0, cut));
        if (below(2)) out += control();
        if (below(2)) out += put(0x00, "");
        out += put(0x80, content.substr(cut));
      }
    }
  }
  if (below(3) == 0) out += put(0x88, "\x03\xE8" + text().substr(0, 0));
  if (below(3) == 0) out[random() % out.size()] ^= static_cast<char>(1u << below(8));
  return out;
}

}  // namespace parley::transport::testing
