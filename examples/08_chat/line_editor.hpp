// The line that somebody types, and lines that come in meanwhile.
//
//   line_editor editor{"> "};
//   poll(editor.descriptor());                 // readable: somebody typed, or a file or pipe goes on
//   for (const std::string& line : editor.read()) act_on(line);
//   editor.print("anna: hello");               // above what is being typed, which stays as it is
//   if (editor.ended()) leave();               // end of input: Ctrl-D on an empty line, or of the file
//
// In a terminal lines are edited as in a shell, with history and UTF-8, by libedit; anything else is read and written as it is. One thread, one
// editor for a program. The destructor gives the terminal back as it was.
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
  // What is complete, without line ends. Blocks unless there is something to read.
  std::vector<std::string> read();
  bool ended() const noexcept { return ended_; }

  // One line. Control characters are shown as spaces, so that nobody who is far away moves the cursor.
  void print(std::string_view text);
  // The terminal has another size (SIGWINCH).
  void resized();
  // Stops the program (SIGTSTP) with the terminal as it was, and goes on when it is told to.
  void suspend();

 private:
  struct terminal;
  void read_plainly(std::vector<std::string>& lines);

  std::unique_ptr<terminal> terminal_;  // null: input or output is none
  std::string unfinished_;
  bool ended_ = false;
};
