"""wschat_client_test.py <wschat_client> <lobby_client>

Parley's client with a server that behaves like the chat family's C server: masked frames, and no
answers to pings or close frames.
"""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import PATIENCE, Program  # noqa: E402
from wschat_wire import PING, OriginalServer, frame, message  # noqa: E402

CLIENT, LOBBY_CLIENT = sys.argv[1:3]


class ChatClient(unittest.TestCase):
    def server(self, glued=b""):
        server = OriginalServer(glued)
        self.addCleanup(server.stop)
        return server

    def client(self, server, *options):
        program = Program([CLIENT, "--url", server.url, *options])
        self.addCleanup(program.kill)
        return program

    def heard(self, server, count):
        return [server.heard.get(timeout=PATIENCE) for _ in range(count)]

    def test_it_says_its_name_first_and_then_all_it_has_to_say(self):
        server = self.server()
        texts = [f"line {i}" for i in range(20)]
        client = self.client(server, "--name", "Py", *(word for text in texts for word in ("--say", text)))
        client.expect_clean_end(client.wait())
        self.assertEqual(self.heard(server, 22), [message("Py", "null", 5), *(message("Py", text) for text in texts), None])
        self.assertEqual(server.control, [], "it takes control frames for messages")

    def test_masked_frames_are_understood_and_names_are_told(self):
        server = self.server()
        listener = self.client(server, "--name", "ann", "--wait", "2")
        listener.line_with("here as ann")
        self.assertEqual(self.heard(server, 1), [message("ann", "null", 5)])
        speaker = self.client(server, "--name", "bob", "--say", "Grüße ✓", "--say", "x" * 255, "--back", "--wait", "2")
        self.assertEqual(listener.line_with(": ").string, "bob: Grüße ✓")
        self.assertEqual(listener.next_line(), "bob: " + "x" * 255)
        self.assertEqual(speaker.line_with(": ").string, "bob: Grüße ✓")
        for client in (listener, speaker):
            client.expect_clean_end(client.wait())

    def test_it_writes_only_what_the_server_can_read(self):
        server = self.server()
        client = self.client(server, "--name", 'a "b"', "--say", 'say "hi" \\ \n there', "--say", "€" * 100)
        client.expect_clean_end(client.wait())
        self.assertEqual(self.heard(server, 3),
                         [message("a 'b'", "null", 5, 4), message("a 'b'", "say 'hi' /  there"), message("a 'b'", "€" * 85)])

    def test_frames_with_the_handshake_pings_and_pieces_lose_nothing(self):
        whole = message("eve", "three").encode()
        server = self.server(frame(message("eve", "one")) + frame(b"?", PING) + frame(message("eve", "two")) +
                             frame(whole[:10], final=False) + frame(whole[10:], opcode=0))
        client = self.client(server, "--wait", "3")
        self.assertEqual([client.line_with("eve: ").string for _ in range(3)], ["eve: one", "eve: two", "eve: three"])
        client.expect_clean_end(client.wait())

    def test_broken_messages_are_passed_over(self):
        garbage = ["", "{", "hello", "[" * 100, '{"user": {"name": "x"}}', '{"message": {"text": "' + "y" * 5000, "\0" * 64]
        server = self.server(b"".join(map(frame, [*garbage, message("eve", "good")])))
        client = self.client(server, "--wait", "1")
        self.assertEqual(client.line_with(": ").string, "eve: good")
        client.expect_clean_end(client.wait())

    def test_a_server_that_goes_is_told(self):
        server = self.server()
        client = self.client(server, "--wait", "1")
        client.line_with("here as")
        self.heard(server, 1)
        server.stop()
        self.assertEqual(client.wait(), 1)
        self.assertIn("the connection was lost", client.said())

    def test_a_client_that_speaks_no_dialect_refuses_masked_frames(self):
        server = self.server(frame(message("eve", "hidden")))
        client = Program([LOBBY_CLIENT, "--url", server.url, "--format", "plain"])
        self.addCleanup(client.kill)
        self.assertEqual(client.wait(), 1)
        self.assertIn("lobby_client: ", client.said())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
