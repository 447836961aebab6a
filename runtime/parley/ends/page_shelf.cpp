#include "parley/ends/page_shelf.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace parley {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_kept = 64 * 1024 * 1024;
constexpr std::string_view plain_text = "text/plain; charset=utf-8";

std::vector<transport::header> headers_of(std::string_view type) {
  return {{"Content-Type", std::string(type)},
          {"Cache-Control", "no-store"},
          {"X-Content-Type-Options", "nosniff"},
          {"Content-Security-Policy", "default-src 'self'; connect-src 'self'"},
          {"Referrer-Policy", "no-referrer"}};
}

bool is_sound_type(std::string_view type) {
  return !type.empty() && std::all_of(type.begin(), type.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string_view type_of(const fs::path& file) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> types{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".txt", plain_text},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".ico", "image/x-icon"},
      {".webp", "image/webp"},
      {".wasm", "application/wasm"},
      {".woff2", "font/woff2"},
  }};
  const std::string ending = file.extension().string();
  const auto found = std::find_if(types.begin(), types.end(), [&](const auto& one) { return one.first == ending; });
  return found == types.end() ? "application/octet-stream" : found->second;
}

// The form in which browsers send the name of a file (the path percent-encode set of the URL
// standard, and the percent sign itself).
std::string as_sent(std::string_view name) {
  constexpr std::string_view encoded = " \"#<>?^`{}%";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && encoded.find(c) == encoded.npos) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 0xF];
    }
  }
  return out;
}

[[noreturn]] void unusable(const std::string& what, std::string_view why) {
  throw std::invalid_argument("the page " + what + " cannot be served: " + std::string(why));
}

buffer content_of(const fs::path& file) {
  std::error_code ec;
  const std::uintmax_t size = fs::file_size(file, ec);
  if (ec) unusable(file.string(), ec.message());
  if (size > max_page) unusable(file.string(), "it has more than 4 MiB");
  std::string content(static_cast<std::size_t>(size), '\0');
  std::ifstream in(file, std::ios::binary);
  if (!in.read(content.data(), static_cast<std::streamsize>(content.size()))) unusable(file.string(), "it cannot be read");
  return buffer(std::move(content));
}

}  // namespace

page_answer answer_with(page made) {
  if (made.body.size() > max_page) return answer_with(500, "the page is too large");
  if (made.status < 200 || made.status > 599 || !is_sound_type(made.type)) return answer_with(500, "the page is not valid");
  return {made.status, headers_of(made.type), buffer(std::move(made.body))};
}

page_answer answer_with(int status, std::string_view text) { return {status, headers_of(plain_text), buffer(std::string(text))}; }

void page_shelf::add_entry(std::string path, entry made) {
  // Characters that a request line can carry, without a query and a fragment.
  const bool sound = path.starts_with('/') && path.find_first_of("?#") == path.npos &&
                     std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (!sound) unusable('"' + path + '"', "a path begins with '/', and is percent-encoded");
  if (!pages_.emplace(path, std::move(made)).second) unusable('"' + path + '"', "there are two pages with this path");
}

void page_shelf::add(std::string path, page_function made) {
  if (!made) unusable('"' + path + '"', "it has no function");
  add_entry(std::move(path), [made = std::move(made)](const page_request& asked) { return answer_with(made(asked)); });
}

void page_shelf::keep(std::string path, const std::string& folder) {
  while (path.ends_with('/')) path.pop_back();
  std::error_code ec;
  std::size_t kept = 0;
  fs::recursive_directory_iterator at(folder, fs::directory_options::none, ec);
  for (const fs::recursive_directory_iterator end; !ec && at != end; at.increment(ec)) {
    const fs::directory_entry& one = *at;
    if (one.path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
      continue;
    }
    if (one.is_symlink() || !one.is_regular_file()) continue;
    const buffer content = content_of(one.path());
    kept += content.size();
    if (kept > max_kept) unusable('"' + folder + '"', "its files have more than 64 MiB");
    const auto shown = [headers = headers_of(type_of(one.path())), content](const page_request&) {
      return page_answer{200, headers, content};
    };
    const std::string name = one.path().lexically_relative(folder).generic_string();
    std::string selected = path;
    for (std::size_t from = 0; from <= name.size();) {
      const std::size_t slash = std::min(name.find('/', from), name.size());
      selected += '/' + as_sent(std::string_view(name).substr(from, slash - from));
      from = slash + 1;
    }
    add_entry(selected, shown);
    if (name != "index.html") continue;
    add_entry(path + '/', shown);
    // Relative links of the page need the slash.
    if (path.empty()) continue;
    page_answer moved = answer_with(308, "");
    moved.headers.push_back({"Location", path + '/'});
    add_entry(path, [moved = std::move(moved)](const page_request&) { return moved; });
  }
  if (ec) unusable('"' + folder + '"', ec.message());
}

bool page_places::take(transport::page_request& ask) {
  constexpr std::size_t most = 64;
  if (taken_->fetch_add(1) >= most) {
    --*taken_;
    ask.reject(503, "too many pages are being sent", std::chrono::seconds(1));
    return false;
  }
  ask.hold(std::shared_ptr<void>(nullptr, [taken = taken_](void*) { --*taken; }));
  return true;
}

page_answer page_shelf::answer(const page_request& asked, const std::function<void()>& threw) const {
  try {
    return pages_.find(asked.path)->second(asked);
  } catch (...) {
    threw();
    return answer_with(500, "the page failed");
  }
}

}  // namespace parley
