"""raw_test.py <python|node> <raw_guest>: raw connections to a foreign echo server. The exit status
is 77 if the server is not installed.
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from conversation_test import Node, Python  # noqa: E402
from programs import Program, sanitizer_environment  # noqa: E402


def echo_server(who):
    """Starts the server and returns its url."""
    foreign = {"python": Python, "node": Node}[who]()
    script = {"python": "echo_server.py", "node": "echo_server.cjs"}[who]
    server = Program([foreign.command()[0], HERE / "raw" / script], foreign.environment())
    return server, server.line_with(r"listening on (\S+)")[1]


def run_guest(guest, **environment):
    program = Program([guest], {**sanitizer_environment(), **environment})
    try:
        program.expect_clean_end(program.wait())
        print(program.output[-1])
    finally:
        program.kill()


if __name__ == "__main__":
    echo, url = echo_server(sys.argv[1])
    try:
        run_guest(sys.argv[2], ECHO_URL=url)
    finally:
        echo.kill()
