"""A program in a terminal: a pseudo-terminal, keys that are typed, and a screen that shows the output of the program."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

from programs import PATIENCE, REPORT, Failed, sanitizer_environment


class Screen:
    """The part of a terminal (ECMA-48, xterm) that line editors use. Unknown sequences are an
    error, because users would see them."""

    SEQUENCE = re.compile(r"\x1b\[([?>]?)([0-9;]*)([ -/]*)([@-~])|\x1b([()][A-Z0-9]|[=>78MDEc])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")

    def __init__(self, columns=80, rows=24):
        self.columns, self.rows = columns, rows
        self.lines = [[]]  # lists of characters; lines that were scrolled away remain at the front
        self.top = 0
        self.row = self.column = 0  # the row counts from `top`
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.unread = ""
        self.bells = 0

    def text(self):
        return ["".join(line).rstrip() for line in self.lines[self.top:]]

    def everything(self):
        return "\n".join("".join(line).rstrip() for line in self.lines)

    def cursor_line(self):
        return "".join(self._line()).rstrip()

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        if self.row >= rows:
            self.top += self.row - rows + 1
            self.row = rows - 1
        self.column = min(self.column, columns - 1)

    def feed(self, data):
        text = self.unread + self.decoder.decode(data)
        self.unread = ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
            elif found := self.SEQUENCE.match(text, at):
                self._obey(*found.groups()[:4])
                at = found.end()
            elif len(text) - at < 32:
                self.unread = text[at:]
                return
            else:
                raise Failed(f"a terminal does not know {text[at:at + 16]!r}")

    def _line(self):
        while len(self.lines) <= self.top + self.row:
            self.lines.append([])
        return self.lines[self.top + self.row]

    def _down(self):
        if self.row == self.rows - 1:
            self.top += 1
        else:
            self.row += 1

    def _put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._down()
        elif character == "\b":
            self.column = max(min(self.column, self.columns - 1) - 1, 0)
        elif character == "\t":
            self.column = min((self.column // 8 + 1) * 8, self.columns - 1)
        elif character == "\x07":
            self.bells += 1
        elif character >= " " and character != "\x7f":
            self._print(character)

    def _print(self, character):
        width = 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width == 0:
            line = self._line()
            if 0 < self.column <= len(line):
                line[self.column - 1] += character
            return
        if self.column + width > self.columns:  # only the next character moves to the next line
            self.column = 0
            self._down()
        line = self._line()
        line.extend(" " * (self.column + width - len(line)))
        line[self.column] = character
        if width == 2:
            line[self.column + 1] = ""
        self.column += width

    def _obey(self, private, numbers, _, command):
        if command is None or private or command in "mhlrtqn":  # colours, modes, reports: ignored
            return
        given = [int(n) if n else 0 for n in numbers.split(";")]
        n = max(given[0], 1)
        self.column = min(self.column, self.columns - 1)
        if command == "A":
            self.row = max(self.row - n, 0)
        elif command == "B":
            self.row = min(self.row + n, self.rows - 1)
        elif command == "C":
            self.column = min(self.column + n, self.columns - 1)
        elif command == "D":
            self.column = max(self.column - n, 0)
        elif command == "G":
            self.column = min(n, self.columns) - 1
        elif command in "Hf":
            self.row = min(n, self.rows) - 1
            self.column = min(max(given[1], 1) if len(given) > 1 else 1, self.columns) - 1
        elif command == "J":
            self._erase_line(given[0])
            if given[0] == 0:
                del self.lines[self.top + self.row + 1:]
            if given[0] == 2:
                del self.lines[self.top:]
        elif command == "K":
            self._erase_line(given[0])
        elif command == "P":
            del self._line()[self.column:self.column + n]
        elif command == "@":
            line = self._line()
            if self.column < len(line):
                line[self.column:self.column] = [" "] * n
                del line[self.columns:]
        elif command == "X":
            line = self._line()
            line[self.column:self.column + n] = [" "] * len(line[self.column:self.column + n])
        else:
            raise Failed(f"a terminal does not know CSI {numbers} {command}")

    def _erase_line(self, how):
        line = self._line()
        if how == 0:
            del line[self.column:]
        elif how == 1:
            line[:self.column + 1] = [" "] * min(self.column + 1, len(line))
        else:
            line.clear()


# The leader of the session outlives the program, because the settings of a terminal are lost when
# its leader ends. Child processes do not inherit a trap, but they would inherit an ignored signal.
LEADER = 'trap : INT; "${@:3}"; echo $? >&$1; eval "exec $1>&-"; read -r word <&$2'


class Terminal:
    """A program with a terminal as its input and output. Its error output is collected."""

    def __init__(self, command, environment=None, columns=80, rows=24, locale="C.UTF-8"):
        self.name = os.path.basename(str(command[0]))
        self.screen = Screen(columns, rows)
        self.errors = b""
        self.status = b""
        self.end, self.theirs = pty.openpty()
        self._tell_size()
        self.settings = termios.tcgetattr(self.theirs)
        environment = dict(environment or sanitizer_environment(), TERM="xterm")
        for name in ("COLUMNS", "LINES", "LANG", "LC_ALL", "LC_CTYPE"):
            environment.pop(name, None)
        if locale:
            environment["LC_ALL"] = locale
        self.errors_end, errors = os.pipe()
        self.status_end, status = os.pipe()
        hold, self.hold_end = os.pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", LEADER, "bash", str(status), str(hold), *map(str, command)], stdin=self.theirs, stdout=self.theirs, stderr=errors,
            env=environment, pass_fds=(status, hold), start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        for descriptor in (errors, status, hold):
            os.close(descriptor)

    def _tell_size(self):
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", self.screen.rows, self.screen.columns, 0, 0))

    def resize(self, columns, rows):
        self.screen.resize(columns, rows)
        self._tell_size()  # the kernel also sends SIGWINCH

    def type(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.end, data):]

    def _read(self, patience):
        """Reads output for at most `patience` seconds. Returns False if none arrived."""
        ends = [end for end in (self.end, self.errors_end, self.status_end) if end is not None]
        ready = select.select(ends, [], [], patience)[0]
        if self.end in ready:
            self.screen.feed(os.read(self.end, 65536))
        if self.errors_end in ready:
            data = os.read(self.errors_end, 65536)
            self.errors += data
            if not data:
                os.close(self.errors_end)
                self.errors_end = None
        if self.status_end in ready:
            data = os.read(self.status_end, 64)
            self.status += data
            if not data:
                os.close(self.status_end)
                self.status_end = None
        return bool(ready)

    def until(self, seen, what="it"):
        """Reads until seen(screen) is true."""
        end = time.monotonic() + PATIENCE
        while not seen(self.screen):
            if self.status_end is None and not self._read(0):
                raise Failed(f"{self.name} ended with {self.status.decode().strip()} before {what} was seen:\n{self.said()}")
            if time.monotonic() > end:
                raise Failed(f"{what} was never seen:\n{self.said()}")
            self._read(1)

    def until_text(self, text):
        self.until(lambda screen: text in screen.everything(), repr(text))

    def said(self):
        return self.screen.everything() + "\n--- errors:\n" + self.errors.decode(errors="replace")[-4000:]

    def wait(self):
        """Returns the exit status, when the program has ended by itself."""
        end = time.monotonic() + PATIENCE
        while self.status_end is not None:
            if time.monotonic() > end:
                raise Failed(f"{self.name} did not end:\n{self.said()}")
            self._read(1)
        while self._read(0):
            pass
        return int(self.status)

    def is_restored(self):
        return termios.tcgetattr(self.theirs) == self.settings

    def expect_clean_end(self, status, expected=0):
        if status != expected or REPORT.search(self.errors.decode(errors="replace")):
            raise Failed(f"{self.name} ended with {status}:\n{self.said()}")

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for descriptor in (self.end, self.theirs, self.errors_end, self.status_end, self.hold_end):
            if descriptor is not None:
                os.close(descriptor)
