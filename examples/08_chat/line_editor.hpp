// Edits the line that the user types, while other lines are printed above it.
//
//   line_editor editor{"> "};
//   poll(editor.descriptor());                 // readable: there is input
//   for (const std::string& line : editor.read()) act_on(line);
//   editor.print("anna: hello");               // above the edited line, which stays as it is
//   if (editor.ended()) leave();               // end of input: Ctrl-D on an empty line, or end of file
//
// In a terminal lines are edited as in a shell, with history and UTF-8, by libedit. Other input and
// output is read and written unchanged. One thread, and one editor for a program. The destructor
// restores the terminal.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

class line_editor {
 public:
  explicit line_editor(std::string prompt);
  ~line_editor();
  line_editor(const line_editor&) = delete;
  line_editor& operator=(const line_editor&) = delete;

  int descriptor() const noexcept { return 0; }
  // Returns the complete lines, without line ends. Blocks unless there is input.
  std::vector<std::string> read();
  bool ended() const noexcept { return ended_; }

  // Prints one line. Control characters are shown as spaces, so that other users cannot move the
  // cursor.
  void print(std::string_view text);
  // The size of the terminal has changed (SIGWINCH).
  void resized();
  // Restores the terminal, stops the program (SIGTSTP), and continues with it.
  void suspend();

 private:
  struct terminal;
  void read_plainly(std::vector<std::string>& lines);

  std::unique_ptr<terminal> terminal_;  // null if input or output is not a terminal
  std::string unfinished_;
  bool ended_ = false;
};
