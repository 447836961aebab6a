"""Programs that a test runs: they are started, read line by line, stopped, and checked after their end."""

import ctypes
import os
import queue
import re
import select
import signal
import socket
import subprocess
import threading
import time

# Seconds after which a test gives up waiting. Only a failing test waits that long.
PATIENCE = 60

# Text that only a sanitizer writes.
REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer|SUMMARY: \w+Sanitizer")

SKIPPED = 77  # the exit status that ctest shows as "skipped"


class Failed(Exception):
    """A program did not behave as expected."""


def sanitizer_environment():
    """Sets a small quarantine, so that the memory of a server can be measured, and makes every
    report fatal."""
    environment = dict(os.environ)
    environment["ASAN_OPTIONS"] = ":".join(filter(None, [environment.get("ASAN_OPTIONS"), "quarantine_size_mb=4", "abort_on_error=0"]))
    environment["UBSAN_OPTIONS"] = ":".join(filter(None, [environment.get("UBSAN_OPTIONS"), "print_stacktrace=1", "halt_on_error=1"]))
    return environment


_libc = ctypes.CDLL(None)


def _end_with_the_test():
    """Makes Linux kill the child if the test is killed."""
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Program:
    """A running program. Its output is read as it arrives, so the program never waits for the test."""

    def __init__(self, command, environment=None, stdin=subprocess.DEVNULL):
        self.name = os.path.basename(str(command[0]))
        self.lines = queue.Queue()
        self.output = []
        self.errors = []
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment or sanitizer_environment(), text=True, encoding="utf-8", errors="replace", preexec_fn=_end_with_the_test)
        self.readers = [threading.Thread(target=self._read, args=(self.process.stdout, self.output, self.lines), daemon=True),
                        threading.Thread(target=self._read, args=(self.process.stderr, self.errors, None), daemon=True)]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream, kept, lines):
        for line in stream:
            kept.append(line.rstrip("\n"))
            if lines is not None:
                lines.put(kept[-1])
        if lines is not None:
            lines.put(None)

    def next_line(self):
        """Returns the next line of output, or None when the program has closed its output."""
        try:
            return self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failed(f"{self.name} printed nothing for {PATIENCE} s") from None

    def line_with(self, pattern):
        """Returns the next line that matches. The lines before it are ignored."""
        while (line := self.next_line()) is not None:
            if found := re.search(pattern, line):
                return found
        raise Failed(f"{self.name} ended before it printed {pattern!r}:\n{self.said()}")

    def said(self):
        return "\n".join(self.output[-40:] + self.errors[-80:])

    def wait(self):
        """Returns the exit status, when the program has ended by itself."""
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end") from None
        for reader in self.readers:
            reader.join(PATIENCE)
        return status

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def expect_clean_end(self, status):
        """Expects that the program has ended with 0 and without a sanitizer's report."""
        reports = [line for line in self.errors if REPORT.search(line)]
        if status != 0 or reports:
            raise Failed(f"{self.name} ended with {status}:\n{self.said()}")

    def memory(self):
        """The resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Server(Program):
    """A server that prints `listening on ws://127.0.0.1:<port>/ws` once clients can connect."""

    def __init__(self, command):
        super().__init__([*command, "--port", "0"])
        found = self.line_with(r"listening on (ws://127\.0\.0\.1:(\d+)/\S*)")
        self.url = found[1]
        self.port = int(found[2])

def check(condition, what, said=""):
    if not condition:
        raise Failed(f"{what}\n{said}")


def run(*command, text="", environment=None):
    """Runs a program to its end. Returns its status, and its output with its errors."""
    done = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True, errors="replace", timeout=PATIENCE,
                          env=environment, check=False)
    return done.returncode, done.stdout + done.stderr


class OrderedServer(Program):
    """A server that takes orders on its standard input, and ends with it. It prints `listening on <scheme>://127.0.0.1:<port>/ws`."""

    def __init__(self, command):
        super().__init__(command, stdin=subprocess.PIPE)
        self.port = int(self.line_with(r"listening on wss?://127\.0\.0\.1:(\d+)/ws")[1])

    def order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.next_line()

    def end(self):
        self.process.stdin.close()
        self.expect_clean_end(self.wait())


def free_port():
    """Returns a port, for programs that cannot let the system choose one."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listens(program, port):
    """Returns True when the program listens. Returns False if it has ended, because another program
    took the port meanwhile."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if program.process.poll() is not None:
            return False
        with socket.socket() as one:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            select.select([], [one], [], PATIENCE)
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                return True
    raise Failed(f"{program.name} does not listen:\n{program.said()}")
