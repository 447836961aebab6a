"""The programs of the chat family's guides, written with Parley. Usage: guides_wschat_test.py
<api_usage> <chat> <example> <server> <test_client>
"""

import pathlib
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "interop")]

from programs import PATIENCE, Program, sanitizer_environment  # noqa: E402
from wschat_wire import SEND_BACK, Client, message  # noqa: E402

API_USAGE, CHAT, EXAMPLE, SERVER, TEST_CLIENT = sys.argv[1:6]


class Guides(unittest.TestCase):
    def setUp(self):
        self.server = Program([SERVER, "0"])
        self.addCleanup(self.server.kill)
        self.port = int(self.server.line_with(r"listening on port (\d+)")[1])
        self.url = f"ws://127.0.0.1:{self.port}/"
        self.anna = Client(self.port, "anna")
        self.addCleanup(self.anna.close)
        self.anna.settle()

    def tearDown(self):
        self.server.expect_clean_end(self.server.stop())

    def typing(self, *command):
        """A program with keyboard input."""
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=sanitizer_environment())

        def end():
            if program.poll() is None:
                program.kill()
            program.communicate()

        self.addCleanup(end)
        return program

    def type(self, program, line):
        program.stdin.write(line + "\n")
        program.stdin.flush()

    def ended(self, program):
        rest, _ = program.communicate(timeout=PATIENCE)
        self.assertEqual(program.returncode, 0)
        return rest

    def test_api_usage(self):
        program = self.typing(API_USAGE, self.url)
        self.assertEqual(self.anna.text(), message("MyUser", "Hello, world!"))
        self.anna.say("welcome")
        self.assertIn("welcome", program.stdout.readline())
        self.type(program, "")
        self.ended(program)

    def test_example(self):
        program = self.typing(EXAMPLE, self.url)
        for text in ("Hello from Python!", "This is a test message", "WebSocket client working great!"):
            self.assertEqual(self.anna.text(), message("PythonBot", text))
        self.anna.say("heard")
        lines = [program.stdout.readline() for _ in range(6)]
        self.assertEqual(lines[:2], ["Connecting to server...\n", "Connected! Sending messages...\n"])
        self.assertIn("Received: heard\n", lines)
        self.type(program, "")
        self.assertEqual(self.ended(program), "Done!\n")

    def test_test_client(self):
        program = self.typing(TEST_CLIENT, self.url)
        self.type(program, "typed")
        self.assertEqual(self.anna.text(), message("ttchef", "typed"))
        self.anna.say("printed whole")
        self.assertIn('user: {name: "anna"}', program.stdout.readline())
        self.ended(program)

    def test_chat_in_test_mode_hears_five_lines(self):
        program = Program([CHAT, "-p", str(self.port), "--name", "bob", "-m", "one shot"])
        self.addCleanup(program.kill)
        self.assertEqual(self.anna.text(), message("bob", "one shot"))
        for i in range(5):
            self.anna.say(f"line {i}")
        self.assertEqual([program.line_with("line").string for _ in range(5)], [f"anna: line {i}" for i in range(5)])
        program.expect_clean_end(program.wait())

    def test_chat_in_test_mode_ends_at_a_silent_server(self):
        program = Program([CHAT, "-p", str(self.port), "-n", "bob", "-m", "one shot", "-w", "0"])
        self.addCleanup(program.kill)
        self.assertEqual(self.anna.text(), message("bob", "one shot"))
        program.expect_clean_end(program.wait())

    def test_chat_in_test_mode_ends_with_its_server(self):
        server = Program([SERVER, "0"])
        self.addCleanup(server.kill)
        program = Program([CHAT, "-p", server.line_with(r"listening on port (\d+)")[1], "-n", "bob", "-m", "one shot"])
        self.addCleanup(program.kill)
        server.line_with("name to: bob")
        server.expect_clean_end(server.stop())
        program.expect_clean_end(program.wait())

    def test_chat_interactively(self):
        program = self.typing(CHAT, "--host", "127.0.0.1", "--port", str(self.port), "-n", "bob")
        for text in ("first", "second"):
            self.type(program, text)
            self.assertEqual(self.anna.text(), message("bob", text))
        self.anna.say("hello")
        self.assertEqual([program.stdout.readline() for _ in range(3)][2], "anna: hello\n")
        self.ended(program)

    def test_server(self):
        boris = Client(self.port)
        self.addCleanup(boris.close)
        boris.say("who am I", SEND_BACK)
        self.assertEqual([boris.text(), self.anna.text()], [message("Anonym", "who am I")] * 2)
        boris.say("renamed", 6, "boris")
        self.assertEqual([boris.text(), self.anna.text()], [message("boris", "renamed")] * 2)
        boris.close()
        for expected in ("name to: anna", "name to: boris", "Client disconnected"):
            self.server.line_with(expected)

    def test_ten_clients_and_no_more(self):
        nine = [Client(self.port, f"guest {i}") for i in range(9)]
        for one in nine:
            self.addCleanup(one.close)
        self.assertTrue(Client(self.port).answer.startswith("HTTP/1.1 503"))
        nine[0].say("still fine")
        self.assertEqual(self.anna.text(), message("guest 0", "still fine"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
