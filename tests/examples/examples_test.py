"""The examples work as they print. Usage: examples_test.py <lobby_server> <lobby_client> <tokens>
<datadivr_server> <datadivr_client> <raw> <reconnect_client>
"""

import pathlib
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import Program, Server  # noqa: E402

LOBBY_SERVER, LOBBY_CLIENT, TOKENS, DATADIVR_SERVER, DATADIVR_CLIENT, RAW, RECONNECT_CLIENT = sys.argv[1:8]


class Examples(unittest.TestCase):
    def start(self, program):
        self.addCleanup(program.kill)
        return program

    def test_the_lobby_lets_every_encoding_hear_every_other(self):
        server = self.start(Server([LOBBY_SERVER]))
        formats = ("binary", "json", "plain")
        listeners = []
        for spoken in formats:
            listener = self.start(Program([LOBBY_CLIENT, "--url", server.url, "--name", f"ear_{spoken}", "--format", spoken,
                                           "--wait", str(len(formats))]))
            listener.line_with("asked for 391 \\+ 29 and got 420")
            listeners.append(listener)
        names = []
        for spoken in formats:
            speaker = self.start(Program([LOBBY_CLIENT, "--url", server.url, "--name", "mouth", "--format", spoken,
                                          "--say", f"hello in {spoken}", "--wait", "1"]))
            speaker.expect_clean_end(speaker.wait())
            names += re.findall("is connected as (.+)", "\n".join(speaker.output)) or [".+"]  # a plain client does not learn its own id
        self.assertEqual(len(set(names)), len(formats), "clients cannot be told apart")
        for listener in listeners:
            for spoken, name in zip(formats, names):
                listener.line_with(f'hears "hello in {spoken}" from {name}$')
            listener.expect_clean_end(listener.wait())
        server.expect_clean_end(server.stop())

    def test_datadivr_sums_describes_and_passes_on(self):
        server = self.start(Server([DATADIVR_SERVER, "--project"]))
        listener = self.start(Program([DATADIVR_CLIENT, "--url", server.url, "--to", "others", "--wait", "1", "--node", "1"]))
        mine = listener.line_with("I am (.+)")[1]
        for expected in ("391 \\+ 29 = 420", "and 2.5", "and 3.5", "and 4.5", "refused: Error: could not convert to float",
                         'node 1: {"name": "Boris", "x": -0.25}'):
            listener.line_with(expected)
        speaker = self.start(Program([DATADIVR_CLIENT, "--url", server.url, "--to", mine, "--say", "you!", "--node", "2"]))
        theirs = speaker.line_with("I am (.+)")[1]
        speaker.line_with('node 2: {"error": "Node data not found"}')
        listener.line_with(f"{theirs}: you!")
        for client in (speaker, listener):
            client.expect_clean_end(client.wait())
        server.expect_clean_end(server.stop())

    def test_raw_speaks_json_by_hand(self):
        server = self.start(Server([LOBBY_SERVER]))
        program = self.start(Program([RAW, server.url]))
        for expected in ('asked: .*"value":420.*"re":1', 'pipelined: .*"re":2', 'pipelined: .*"re":3', 'pipelined: .*"re":4', 'binary: .*"error"'):
            program.line_with(expected)
        program.expect_clean_end(program.wait())
        rest = "\n".join(program.output)
        for expected in ('to all, so to me: .*"hello"', "then: deadline exceeded", 'heard: .*"hello"', "closed with 1000 that was it"):
            self.assertRegex(rest, expected)
        server.expect_clean_end(server.stop())

    def test_a_second_signal_while_a_server_ends_finds_no_dead_server(self):
        for command in (LOBBY_SERVER, DATADIVR_SERVER):
            with self.subTest(command):
                server = self.start(Server([command]))
                while server.process.poll() is None:
                    server.process.send_signal(signal.SIGTERM)
                self.assertIn(server.wait(), (0, -signal.SIGTERM), server.said())
                self.assertNotRegex(server.said(), "Sanitizer|runtime error")

    def test_reconnect_says_afterwards_what_was_typed_meanwhile(self):
        server = self.start(Server([LOBBY_SERVER]))
        client = self.start(Program([RECONNECT_CLIENT, server.url], stdin=subprocess.PIPE))
        client.line_with("^connected$")

        def say(text):
            client.process.stdin.write(text + "\n")
            client.process.stdin.flush()

        say("one")
        client.line_with("^heard: one$")
        server.kill()
        client.line_with("^no connection .*attempt 1 in")
        say("two")
        server = self.start(Program([LOBBY_SERVER, "--port", str(server.port)]))
        client.line_with("^connected again; [01] lines")
        client.line_with("^heard: two$")
        client.process.stdin.close()
        client.expect_clean_end(client.wait())
        server.expect_clean_end(server.stop())

    def test_tokens_waits_in_every_way(self):
        program = self.start(Program([TOKENS]))
        program.expect_clean_end(program.wait())
        told = [line.split(":")[0] for line in program.output]
        self.assertEqual(told, ["blocking", "callback", "future", "coroutine", "raced", "deadline"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[8:], warnings="ignore")
