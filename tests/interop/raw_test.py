"""raw_test.py <python|node> <raw_guest> [make-certificates]: raw connections to a foreign echo server,
over TLS if the script for its certificates is given. The exit status is 77 if the server is not
installed.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from conversation_test import Node, Python  # noqa: E402
from programs import Program, sanitizer_environment  # noqa: E402


def echo_server(who, **environment):
    """Starts the server and returns its url."""
    foreign = {"python": Python, "node": Node}[who]()
    script = {"python": "echo_server.py", "node": "echo_server.cjs"}[who]
    server = Program([foreign.command()[0], HERE / "raw" / script], {**foreign.environment(), **environment})
    return server, server.line_with(r"listening on (\S+)")[1]


def run_guest(guest, **environment):
    program = Program([guest], {**sanitizer_environment(), **environment})
    try:
        program.expect_clean_end(program.wait())
        print(program.output[-1])
    finally:
        program.kill()


def test(who, guest, of_server, of_guest):
    echo, url = echo_server(who, **of_server)
    try:
        run_guest(guest, ECHO_URL=url, **of_guest)
    finally:
        echo.kill()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        test(sys.argv[1], sys.argv[2], {}, {})
    else:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.argv[3], folder], check=True)
            test(sys.argv[1], sys.argv[2], {"TLS_FOLDER": folder}, {"CA_FILE": f"{folder}/ca.pem"})
