"""The programs of websocket-rs's guides, written with Parley. Usage: guides_websocket_rs_test.py
<folder of the programs> <echo_server>
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import Program  # noqa: E402

PROGRAMS, ECHO_SERVER = pathlib.Path(sys.argv[1]), sys.argv[2]


class Guides(unittest.TestCase):
    def setUp(self):
        self.server = Program([ECHO_SERVER])
        self.addCleanup(self.server.kill)
        self.url = self.server.line_with(r"listening on (\S+)")[1]

    def tearDown(self):
        self.server.expect_clean_end(self.server.stop())

    def prints(self, name, *lines, urls=None, closed=1):
        """Checks the output of a program, and that it closes each of its connections."""
        program = Program([PROGRAMS / f"guide_websocket_rs_{name}", *(urls or [self.url])])
        self.addCleanup(program.kill)
        program.expect_clean_end(program.wait())
        self.assertEqual(program.output, list(lines))
        for _ in range(closed):
            self.assertEqual(self.server.next_line(), "closed with 1000")

    def test_hello_in_every_way(self):
        for name in ("basic_sync", "basic_async", "quick_sync", "quick_async", "context_async"):
            with self.subTest(name):
                self.prints(name, "Hello")

    def test_connecting(self):
        self.prints("parameters", closed=0)
        self.prints("parameters", urls=["ws://localhost:1"], closed=0)
        without_a_url = Program([PROGRAMS / "guide_websocket_rs_parameters"])
        self.addCleanup(without_a_url.kill)
        without_a_url.expect_clean_end(without_a_url.wait())
        self.prints("connect_sync", closed=2)
        self.prints("connect_async", closed=2)
        self.prints("patterns", closed=2)

    def test_text_and_binary(self):
        self.prints("messages_sync", "Received: Hello, World!")
        self.prints("messages_async", "Received: Hello, World!")
        self.prints("migration_old", "binary: hello")
        self.prints("migration_new", "the first of 5 bytes is 104")

    def test_three_messages_and_their_answers(self):
        lines = [f"Sent: {word}, Received: {word}" for word in ("Hello", "World", "Goodbye")]
        self.prints("echo_sync", *lines)
        self.prints("echo_async", *lines)

    def test_requests(self):
        self.prints("request_response", "created 7")

    def test_a_stream_ends_with_its_connection(self):
        self.prints("streaming", "Received: 1.5", "Received: 1.25", "Received: 1.75", "Error: closed by the other end with 1000")

    def test_many_at_once(self):
        self.prints("batch")
        urls = [self.url + path for path in ("/a", "/b", "/c")]
        self.prints("concurrent", *(f"{url}: Hello" for url in urls), urls=urls, closed=3)

    def test_errors(self):
        self.prints("errors", "Hello")
        program = Program([PROGRAMS / "guide_websocket_rs_errors", "ws://127.0.0.1:1/"])
        self.addCleanup(program.kill)
        program.expect_clean_end(program.wait())
        self.assertEqual(program.output, ["WebSocket error: the server could not be reached at 127.0.0.1:1: Connection refused: disconnected"])
        program = Program([PROGRAMS / "guide_websocket_rs_errors", "nonsense"])
        self.addCleanup(program.kill)
        program.expect_clean_end(program.wait())
        self.assertIn("Unexpected error: ", program.output[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], warnings="ignore")
