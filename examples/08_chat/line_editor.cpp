#include "line_editor.hpp"

#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cwchar>
#include <utility>

namespace {

// Replaces C0, DEL and C1 (which arrives as C2 80 to C2 9F) in UTF-8 by spaces.
std::string harmless(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) ++i;
    clean += c1 || c < 0x20 || c == 0x7f ? ' ' : text[i];
  }
  return clean;
}

void write_all(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

struct line_editor::terminal {
  explicit terminal(std::string shown) : prompt(std::move(shown)) {
    std::setlocale(LC_CTYPE, "");
    if (nl_langinfo(CODESET) != std::string_view("UTF-8")) std::setlocale(LC_CTYPE, "C.UTF-8");  // the text is UTF-8 in any case
    edit = el_init("chat", stdin, stdout, stderr);
    past = history_init();
    HistEvent event;
    history(past, &event, H_SETSIZE, 200);
    el_set(edit, EL_CLIENTDATA, this);
    el_set(
        edit, EL_PROMPT, +[](EditLine* e) { return self(e)->prompt.data(); });
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_HIST, history, past);
    el_set(edit, EL_GETCFN, &read_character);
    el_set(edit, EL_UNBUFFERED, 1);  // raw mode, and the first prompt
  }
  ~terminal() {
    el_set(edit, EL_UNBUFFERED, 0);
    el_end(edit);
    history_end(past);
  }
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  static terminal* self(EditLine* e) {
    terminal* of = nullptr;
    el_get(e, EL_CLIENTDATA, &of);
    return of;
  }

  // Reads one character. A key is several characters that arrive together. After a single Escape
  // the wait for the others is this short.
  static int read_character(EditLine* e, wchar_t* out) {
    constexpr int patience = 100;  // milliseconds
    std::mbstate_t state{};
    for (pollfd input{STDIN_FILENO, POLLIN, 0};;) {
      if (poll(&input, 1, patience) <= 0) return 0;
      char byte = 0;
      if (::read(STDIN_FILENO, &byte, 1) <= 0) {
        self(e)->ended = true;  // the terminal was closed
        return 0;
      }
      constexpr char end_of_input = 4;  // Ctrl-D; after other input on the line it is an ordinary key
      const LineInfoW* line = el_wline(e);
      if (byte == end_of_input && line->lastchar == line->buffer) {
        self(e)->ended = true;
        return 0;
      }
      const std::size_t read = std::mbrtowc(out, &byte, 1, &state);
      if (read != static_cast<std::size_t>(-1) && read != static_cast<std::size_t>(-2)) return 1;
      if (read == static_cast<std::size_t>(-1)) state = {};  // not UTF-8, so it is ignored
    }
  }

  // Takes one key. Returns true if it completed a line.
  bool read_key(std::string& line) {
    int size = 0;
    const char* text = el_gets(edit, &size);
    if (!text || size <= 0 || (text[size - 1] != '\n' && text[size - 1] != '\r')) return false;
    line.assign(text, static_cast<std::size_t>(size) - 1);
    if (!line.empty()) {
      HistEvent event;
      history(past, &event, H_ENTER, line.c_str());
    }
    el_set(edit, EL_UNBUFFERED, 0);
    el_set(edit, EL_UNBUFFERED, 1);  // the next prompt
    return true;
  }

  // The number of rows from the prompt down to the cursor.
  int row() const {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
    const LineInfoW* line = el_wline(edit);
    int column = static_cast<int>(prompt.size());
    for (const wchar_t* c = line->buffer; c != line->cursor; ++c) {
      const int width = std::max(wcwidth(*c), 0);
      if (column % size.ws_col + width > size.ws_col) ++column;  // a wide character does not fit into the last column
      column += width;
    }
    return column / size.ws_col;
  }

  // Moves the cursor to the start of the prompt and clears the screen from there.
  void clear() const {
    const int up = row();
    write_all(up > 0 ? "\x1b[" + std::to_string(up) + "A\r\x1b[J" : std::string("\r\x1b[J"));
  }
  void show() const { el_set(edit, EL_REFRESH); }

  std::string prompt;
  EditLine* edit = nullptr;
  History* past = nullptr;
  bool ended = false;
};

line_editor::line_editor(std::string prompt) {
  if (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0) terminal_ = std::make_unique<terminal>(std::move(prompt));
}

line_editor::~line_editor() {
  if (terminal_) terminal_->clear();  // a line that was not sent is dropped
}

std::vector<std::string> line_editor::read() {
  std::vector<std::string> lines;
  if (!terminal_) {
    read_plainly(lines);
    return lines;
  }
  // Keys that were typed ahead wait in the terminal and are read one at a time.
  std::string line;
  if (terminal_->read_key(line)) lines.push_back(std::move(line));
  ended_ = terminal_->ended;
  return lines;
}

void line_editor::read_plainly(std::vector<std::string>& lines) {
  char block[4096];
  const ssize_t size = ::read(STDIN_FILENO, block, sizeof block);
  if (size <= 0) {
    ended_ = true;
    if (!unfinished_.empty()) lines.push_back(std::exchange(unfinished_, {}));
    return;
  }
  unfinished_.append(block, static_cast<std::size_t>(size));
  for (std::size_t end; (end = unfinished_.find('\n')) != std::string::npos; unfinished_.erase(0, end + 1)) {
    std::string line = unfinished_.substr(0, end);
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
  }
}

void line_editor::print(std::string_view text) {
  if (!terminal_) return write_all(harmless(text) + '\n');
  terminal_->clear();
  write_all(harmless(text) + "\r\n");
  terminal_->show();
}

void line_editor::resized() {
  if (!terminal_) return;
  terminal_->clear();
  el_resize(terminal_->edit);
  terminal_->show();
}

void line_editor::suspend() {
  if (!terminal_) return static_cast<void>(raise(SIGSTOP));
  const LineInfoW* line = el_wline(terminal_->edit);
  const std::wstring typed(line->buffer, line->lastchar);
  terminal_->clear();
  el_set(terminal_->edit, EL_UNBUFFERED, 0);
  raise(SIGSTOP);
  el_set(terminal_->edit, EL_UNBUFFERED, 1);
  el_winsertstr(terminal_->edit, typed.c_str());
  terminal_->show();
}
