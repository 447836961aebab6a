"""websocket_rs_test.py <venv> <lobby_server>: websocket-rs, unmodified, with Parley's server.
install.py makes the environment.
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import Failed, Program, Server  # noqa: E402


def main(venv, lobby_server):
    server = Server([lobby_server])
    guests = Program([pathlib.Path(venv) / "bin" / "python", HERE / "websocket_rs" / "guests.py", server.url],
                     {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    try:
        if guests.wait() != 0 or guests.output[-1] != "done":
            raise Failed(guests.said())
        server.expect_clean_end(server.stop())
    finally:
        guests.kill()
        server.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
