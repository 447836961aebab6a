#include "parley/dialects/wschat_reader.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>
#include <utility>

namespace parley::wschat {
namespace {

// A cursor over one frame. Every function stops at the end and reports it. The frame is read a
// bounded number of times.
class cursor {
 public:
  cursor(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  // Calls `member(name)` for each member, which reads its value. Like the family's programs, it is
  // not strict about commas.
  template <class Member>
  bool object(Member member) {
    if (!take('{')) return false;
    while (true) {
      while (take(',')) {}
      if (take('}')) return true;
      std::string name;
      if (!string(name, ":") || !take(':') || !member(std::string_view(name))) return false;
    }
  }

  bool value(std::optional<std::string>& out) {
    if (next() != '"') return skip();
    std::string found;
    if (!string(found, "}")) return false;
    if (!out) out = std::move(found);
    return true;
  }

  bool value(std::optional<double>& out) {
    if (next() == '"' || next() == '{' || next() == '[') return skip();
    const std::string_view word = scalar();
    double number = 0;
    const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failed == std::errc() && end == word.data() + word.size() && std::isfinite(number) && !out) out = number;
    return !word.empty();
  }

  // Returns the next character that is not a space, or 0 at the end.
  char next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool skip() {
    if (next() == '"') {
      std::string passed;
      return string(passed, "}");
    }
    if (next() != '{' && next() != '[') return !scalar().empty();
    for (std::size_t depth = 0; at_ < text_.size();) {
      const char c = text_[at_];
      if (c == '"') {
        if (!pass_string()) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') {
        if (++depth > max_depth_) return false;
      } else if (c == '}' || c == ']') {
        if (--depth == 0) return true;
      }
    }
    return false;
  }

 private:
  static bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool take(char wanted) {
    if (next() != wanted) return false;
    ++at_;
    return true;
  }

  std::string_view scalar() {
    next();
    const std::size_t begin = at_;
    while (at_ < text_.size() && !is_space(text_[at_]) && std::string_view(",:{}[]\"").find(text_[at_]) == std::string_view::npos) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  // An unescaped quote ends a string only if something may follow it: a character of `closing`, or
  // the next member.
  bool ends_here(std::string_view closing) const {
    std::size_t after = at_ + 1;
    const auto space = [&] {
      while (after < text_.size() && is_space(text_[after])) ++after;
    };
    space();
    if (after == text_.size() || closing.find(text_[after]) != std::string_view::npos) return true;
    if (text_[after] != ',' || closing == ":") return false;
    ++after;
    space();
    return after == text_.size() || text_[after] == '"' || text_[after] == '}';
  }

  bool string(std::string& out, std::string_view closing) {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' && ends_here(closing)) {
        ++at_;
        return true;
      }
      ++at_;
      if (c == '\\' && at_ < text_.size()) escape(out);
      else out += c;
    }
    return false;
  }

  bool pass_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') ++at_;
      else if (text_[at_] == '"') return ++at_, true;
    }
    return false;
  }

  // Reads the character after a backslash. A backslash that escapes nothing is kept, because the C
  // programs write it so.
  void escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = text_[at_];
    std::uint32_t unit = 0;
    if (const std::size_t known = letters.find(c); known != std::string_view::npos) {
      ++at_;
      out += meanings[known];
    } else if (c == 'u' && hex(at_ + 1, unit)) {
      at_ += 5;
      std::uint32_t low = 0;
      if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_, 2) == "\\u" && hex(at_ + 2, low) && low >= 0xDC00 && low < 0xE000) {
        at_ += 6;
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      }
      append(out, unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit);
    } else {
      out += '\\';
    }
  }

  bool hex(std::size_t from, std::uint32_t& unit) const {
    if (text_.size() < 4 || from > text_.size() - 4) return false;
    const char* const begin = text_.data() + from;
    return std::from_chars(begin, begin + 4, unit, 16).ptr == begin + 4;
  }

  static void append(std::string& out, std::uint32_t point) {
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | (point >> shift & 0x3F)); };
    if (point < 0x80) return void(out += static_cast<char>(point));
    if (point < 0x800) {
      out += static_cast<char>(0xC0 | point >> 6);
      return tail(0);
    }
    if (point < 0x10000) {
      out += static_cast<char>(0xE0 | point >> 12);
    } else {
      out += static_cast<char>(0xF0 | point >> 18);
      tail(12);
    }
    tail(6);
    tail(0);
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
};

}  // namespace

bool read_line(std::string_view frame, std::size_t max_depth, line_read& out) {
  cursor in(frame, max_depth);
  return in.object([&](std::string_view part) {
    if (part == "user" && in.next() == '{')
      return in.object([&](std::string_view member) { return member == "name" ? in.value(out.name) : in.skip(); });
    if (part != "message" || in.next() != '{' || std::exchange(out.has_message, true)) return in.skip();
    return in.object([&](std::string_view member) {
      if (member == "text") return in.value(out.text);
      if (member == "text_len") return in.value(out.text_len);
      if (member == "info") return in.value(out.info);
      return in.skip();
    });
  });
}

}  // namespace parley::wschat
