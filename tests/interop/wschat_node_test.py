"""wschat_node_test.py <wschat_server>: a client that uses npm's `ws`, in Parley's chat. Without
`ws` the exit status is 77, which ctest shows as skipped.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import SKIPPED, Failed, Program, Server  # noqa: E402
from wschat_wire import SEND_BACK, Client, message  # noqa: E402


def expect(is_there, wanted):
    if is_there != wanted:
        raise Failed(f"{is_there!r} instead of {wanted!r}")


def chat(node, environment):
    server = Server([sys.argv[1]])
    guest = None
    try:
        anna = Client(server.port, "anna")
        anna.settle()
        guest = Program([node, HERE / "wschat_node.cjs", f"ws://127.0.0.1:{server.port}", "noder"], environment)
        expect(anna.text(), message("noder", "hello from node ✓", 0, 17))
        anna.say("say 'hi'", SEND_BACK)
        expect(anna.text(), message("anna", "say 'hi'"))
        expect(guest.next_line(), "anna: say 'hi'")
        expect(guest.wait(), 0)
        anna.close()
        server.expect_clean_end(server.stop())
    finally:
        server.kill()
        if guest:
            guest.kill()


def main():
    node = shutil.which("node") or shutil.which("nodejs")
    # The folder of Debian's node-ws. Another node on the PATH does not search there.
    places = os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), "/usr/share/nodejs", "/usr/lib/nodejs"]))
    environment = {**os.environ, "NODE_PATH": places}
    if not node or subprocess.run([node, "-e", "require('ws')"], env=environment, capture_output=True, check=False).returncode != 0:
        print("skipped: no node with a module `ws`: apt install node-ws, or npm install ws")
        sys.exit(SKIPPED)
    chat(node, environment)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        print(failed)
        sys.exit(1)
