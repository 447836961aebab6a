"""conversation_test.py <node|python|chromium> <plain|json> <lobby_server> <lobby_client>

Runs a lobby with a foreign client, which holds the conversation of conversation.mjs, and Parley's binary client, which joins when the
other prints `ready`. If the foreign program is not installed, the exit status is 77, which ctest shows as skipped.
"""

import functools
import http.server
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import PATIENCE, SKIPPED, Failed, Program, Server  # noqa: E402


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


class Foreign:
    """A program that reports its progress by printing."""

    origin = None

    def start(self, url, mode):
        self.program = Program([*self.command(), url, mode], self.environment())

    def environment(self):
        return dict(os.environ)

    def next_word(self):
        return self.program.next_line()

    def finish(self):
        if (status := self.program.wait()) != 0:
            raise Failed(f"{self.program.name} ended with {status}:\n{self.program.said()}")

    def kill(self):
        if hasattr(self, "program"):
            self.program.kill()


class Node(Foreign):
    def __init__(self):
        self.node = shutil.which("node") or shutil.which("nodejs") or skip("no node")
        found = subprocess.run([self.node, "-e", "require('ws')"], env=self.environment(), cwd=HERE, capture_output=True, check=False)
        if found.returncode != 0:
            skip("Node finds no module `ws`: apt install node-ws, or npm install ws")

    def environment(self):
        # The folder of Debian's node-ws. Another node on the PATH does not search there.
        places = [os.environ.get("NODE_PATH"), "/usr/share/nodejs", "/usr/lib/nodejs"]
        return {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, places))}

    def command(self):
        return [self.node, HERE / "node_client.cjs"]


class Python(Foreign):
    def __init__(self):
        for python in dict.fromkeys([sys.executable, "/usr/bin/python3", shutil.which("python3")]):
            if python and subprocess.run([python, "-c", "import websockets"], capture_output=True, check=False).returncode == 0:
                self.python = python
                return
        skip("no Python with `websockets`: apt install python3-websockets, or pip install websockets")

    def command(self):
        return [self.python, HERE / "python_client.py"]


class PageServer(http.server.SimpleHTTPRequestHandler):
    """Serves this folder, and receives the reports of the page."""

    words = queue.Queue()

    def do_POST(self):
        self.words.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Chromium:
    def __init__(self):
        self.chromium = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])),
                             None) or skip("no chromium")
        handler = functools.partial(PageServer, directory=str(HERE))
        PageServer.extensions_map[".mjs"] = "text/javascript"
        self.pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.pages.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self.pages.server_port}"
        self.profile = tempfile.TemporaryDirectory(prefix="parley-page-", ignore_cleanup_errors=True)

    def start(self, url, mode):
        page = f"{self.origin}/page.html?{urllib.parse.urlencode({'url': url, 'mode': mode})}"
        self.program = Program(
            [self.chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
             "--no-first-run",
             "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-extensions", "--no-proxy-server", f"--user-data-dir={self.profile.name}", page],
            dict(os.environ, HOME=self.profile.name))

    def next_word(self):
        try:
            return PageServer.words.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failed(f"the page told nothing:\n{self.program.said()}") from None

    def finish(self):
        self.program.stop()

    def kill(self):
        if hasattr(self, "program"):
            self.program.kill()
        self.pages.shutdown()
        self.pages.server_close()
        self.profile.cleanup()


def hold(foreign, mode, lobby_server, lobby_client):
    running = []
    try:
        server = Server([lobby_server, *(["--origin", foreign.origin] if foreign.origin else [])])
        running.append(server)
        foreign.start(server.url, mode)
        if (word := foreign.next_word()) != "ready":
            raise Failed(f"before the third guest: {word}")

        # She receives her own line to all, and then the line that is addressed to her alone.
        anna = Program([lobby_client, "--url", server.url, "--name", "anna", "--format", "binary", "--say", "Grüße aus C++ ✓", "--wait",
                        "2"])
        running.append(anna)
        if (word := foreign.next_word()) != "done":
            raise Failed(f"with the third guest: {word}")
        foreign.finish()
        anna.expect_clean_end(anna.wait())
        heard = "\n".join(anna.output)
        if "got 420" not in heard or 'hears "welcome, 世界" from' not in heard:
            raise Failed(f"anna did not hear what was said to her:\n{heard}")
        server.expect_clean_end(server.stop())
    finally:
        foreign.kill()
        for program in running:
            program.kill()


def main():
    who, mode, lobby_server, lobby_client = sys.argv[1:]
    foreign = {"node": Node, "python": Python, "chromium": Chromium}[who]()
    hold(foreign, mode, lobby_server, lobby_client)
    print(f"{who}, {mode}: all was said and heard")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        print(failed)
        sys.exit(1)
