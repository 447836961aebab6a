"""wschat_server_test.py <wschat_server> <wschat_client> [server option]...

Parley's server with bytes as the chat family's clients send them: every flag, every division, and
the input on which the original crashed or lost messages.
"""

import json
import pathlib
import socket
import sys
import unittest
from random import Random

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import Program, Server  # noqa: E402
from wschat_wire import (  # noqa: E402
    BINARY, CHANGE_USERNAME, CLOSE, HANDSHAKE, NO_BROADCAST, PING, PONG, SEND_BACK, TEXT, Client, Lost, Stream, frame, message)

SERVER, CLIENT = sys.argv[1:3]
OPTIONS = sys.argv[3:]


class ChatServer(unittest.TestCase):
    def setUp(self):
        self.server = Server([SERVER, *OPTIONS, "--parley-port", "0"])
        self.addCleanup(self.server.kill)
        self.parley_url = self.server.line_with(r"on (ws://\S+)")[1]

    def tearDown(self):
        self.server.expect_clean_end(self.server.stop())

    def client(self, name=None):
        client = Client(self.server.port, name)
        self.addCleanup(client.close)
        return client

    def everybody(self, *names):
        """Connects clients with these names. Each has sent its name."""
        clients = [self.client(name) for name in names]
        for client in clients:
            client.say("here", SEND_BACK)
        for i, client in enumerate(clients):
            heard = {json.loads(client.text())["user"]["name"] for _ in clients}
            self.assertEqual(heard, set(names), names[i])
        return clients

    def still_fine(self, speaker, *listeners):
        speaker.say("still fine", SEND_BACK)
        for client in (speaker, *listeners):
            self.assertIn('"text": "still fine"', client.text())

    # ---- The handshake.

    def test_the_answer_is_short_and_nothing_comes_with_it(self):
        noisy = self.client("noisy")
        noisy.settle()
        late = self.client()
        self.assertTrue(late.answer.startswith("HTTP/1.1 101 Switching Protocols\r\n"), late.answer)
        self.assertIn("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", late.answer)
        self.assertLess(len(late.answer), 1024)
        for i in range(5):
            noisy.settle(f"noise {i}")
        late.say("null", CHANGE_USERNAME | NO_BROADCAST, "late")
        self.assertEqual([json.loads(late.text())["message"]["text"] for _ in range(5)], [f"noise {i}" for i in range(5)])

    # ---- Messages and their receivers.

    def test_flags_route_and_rename_as_they_were_measured(self):
        # info: whether others receive, whether the sender receives, whether the name is changed
        measured = {0: (True, False, False), 1: (False, False, False), 2: (True, True, False), 3: (False, False, False),
                    4: (True, False, True), 5: (False, False, True), 6: (True, True, True), 7: (False, False, True)}
        for info, (others, back, renamed) in measured.items():
            with self.subTest(info=info):
                sender, anna, boris = self.everybody("old", "anna", "boris")
                known_as = "new" if renamed else "old"
                sender.say(f"with {info}", info, "new")
                sender.say("marker", SEND_BACK, "liar")
                for listener, receives in ((anna, others), (boris, others), (sender, back)):
                    if receives:
                        self.assertEqual(listener.text(), message(known_as, f"with {info}"))
                    self.assertEqual(listener.text(), message(known_as, "marker"))
                for client in (sender, anna, boris):
                    client.close()

    def test_who_never_said_a_name_is_anonym_whatever_it_claims(self):
        anna = self.everybody("anna")[0]
        nameless = self.client()
        nameless.say("who am I", 0, "king")
        self.assertEqual(anna.text(), message("Anonym", "who am I"))

    def test_text_len_is_the_senders_own(self):
        anna, boris = self.everybody("anna", "boris")
        boris.send(frame(message("b", "grün", 0, 4)))  # with the length as Python and JavaScript count it
        self.assertEqual(anna.text(), message("boris", "grün", 0, 4))
        boris.send(frame(message("b", "x", 0, "1.23457e+06")))
        self.assertEqual(anna.text(), message("boris", "x", 0, "1.23457e+06"))

    # ---- Divided bytes.

    def test_bytes_may_be_cut_and_glued_anywhere(self):
        listener, helper = self.everybody("listener", "helper")
        said = (HANDSHAKE + frame(message("cut", "null", 5)) + frame(message("cut", "one ✓", 0)) + frame(b"?", PING) +
                frame(message("cut", "t" * 130, SEND_BACK)))
        told = [message("cut", "one ✓"), message("cut", "t" * 130)]

        def deliver(cut):
            stream = Stream(socket.create_connection(("127.0.0.1", self.server.port)))
            stream.send(said[:cut])
            overheard = helper.after_a_ping()  # meanwhile the server reads what was sent
            stream.send(said[cut:])
            self.assertTrue(stream.head().startswith("HTTP/1.1 101"))
            frames = [stream.any_frame() for _ in range(2)]
            self.assertIn((PONG, b"?", False), frames, cut)
            self.assertIn((TEXT, told[1].encode(), False), frames, cut)
            self.assertEqual([listener.text() for _ in told], told, cut)
            while len(overheard) < len(told):
                overheard.append(helper.text())
            self.assertEqual(overheard, told, cut)
            stream.close()

        for cut in range(1, len(said) + 1):
            deliver(cut)

    def test_frames_that_come_byte_by_byte_are_whole(self):
        anna, boris = self.everybody("anna", "boris")
        for byte in frame(message("b", "slowly", 0)) + frame(message("b", "but surely", 0)):
            boris.send(bytes([byte]))
        self.assertEqual([anna.text(), anna.text()], [message("boris", "slowly"), message("boris", "but surely")])

    def test_a_message_in_fragments_is_one_message(self):
        anna, boris = self.everybody("anna", "boris")
        whole = message("b", "in pieces").encode()
        boris.send(frame(whole[:20], final=False) + frame(b"", PING) + frame(whole[20:], opcode=0))
        self.assertEqual(anna.text(), message("boris", "in pieces"))
        self.assertEqual(boris.any_frame()[0], PONG)

    # ---- Input on which the original crashed, or lost messages.

    def test_long_texts_are_cut_and_nobody_crashes(self):
        anna, boris = self.everybody("anna", "boris")
        for size in (255, 256, 300, 4000, 60_000):
            boris.say("x" * size)
            self.assertEqual(anna.text(), message("boris", "x" * min(size, 255)))
        boris.say("€" * 100)
        self.assertEqual(anna.text(), message("boris", "€" * 85))
        boris.say("null", 5, "€" * 30)
        boris.say("long name")
        self.assertEqual(anna.text(), message("€" * 21, "long name"))

    def test_every_frame_fits_into_the_familys_room(self):
        anna, boris = self.everybody("anna", "boris")
        boris.say("n" * 4000, CHANGE_USERNAME, "n" * 4000)
        self.assertLess(len(anna.text().encode()) + 4, 4096)

    def test_a_change_of_name_without_a_name_changes_nothing(self):
        anna, boris = self.everybody("anna", "boris")
        boris.send(frame('{"message": {"text": "x","text_len": 1,"info": 4}}'))
        self.assertEqual(anna.text(), message("boris", "x"))
        boris.send(frame('{"user": {"name": 5},"message": {"text": "y","text_len": 1,"info": 4}}'))
        self.assertEqual(anna.text(), message("boris", "y"))

    def test_members_may_be_missing(self):
        anna, boris = self.everybody("anna", "boris")
        boris.send(frame('{"user": {"name": "b"},"message": {"text": "no info"}}'))
        self.assertEqual(anna.text(), message("boris", "no info"))
        boris.send(frame('{"user": {"name": "b"}}'))
        boris.send(frame('{"message": {"info": 0}, "more": {"of": ["this", {"and": "that"}]}}'))
        self.assertEqual(anna.text(), message("boris", ""))

    def test_quotes_and_escapes_arrive_in_a_form_that_everybody_reads(self):
        anna, boris = self.everybody("anna", "boris")
        texts = {'say "hi"': "say 'hi'", "back\\slash": "back/slash", "two\nlines\n": "twolines", "grün ✓ 😀": "grün ✓ 😀"}
        for text, arrives in texts.items():  # as Python writes it, with escapes for everything beyond ASCII
            boris.send(frame(json.dumps({"user": {"name": "b"}, "message": {"text": text, "text_len": len(text), "info": 0}})))
            self.assertEqual(json.loads(anna.text())["message"]["text"], arrives)
        boris.send(frame(message("b", 'a "raw" quote')))  # as the C client does
        self.assertEqual(json.loads(anna.text())["message"]["text"], "a 'raw' quote")

    def test_bytes_that_are_not_utf8_are_dropped(self):
        anna, boris = self.everybody("anna", "boris")
        boris.send(frame(message("b", "LATIN").encode().replace(b"LATIN", b"caf\xe9 \xe2\x82")))
        self.assertEqual(json.loads(anna.text())["message"]["text"], "caf ")
        self.still_fine(boris, anna)

    def test_garbage_is_passed_over_in_silence(self):
        anna, boris = self.everybody("anna", "boris")
        for garbage in ("", "[ID]boris", "hello\n", "{", "[" * 4000, '{"a":' * 500, "null", '{"user"', "\0" * 100, '{"message": []}'):
            boris.send(frame(garbage))
        boris.send(frame(message("b", "in a binary frame"), opcode=BINARY))
        self.still_fine(boris, anna)
        self.assertTrue(anna.is_silent())

    def test_a_length_that_is_not_true_ends_that_connection_alone(self):
        anna, boris, eve = self.everybody("anna", "boris", "eve")
        for claimed in (2**63 - 1, 2**64 - 1, 2**32):
            liar = self.client("liar")
            liar.send(frame("x", claimed=claimed))
            self.assertEqual(liar.end(), [], "no close frame: it would be taken for a message")
        eve.send(frame(message("e", "bare"), masked=False))
        self.assertEqual(eve.end(), [])
        self.still_fine(boris, anna)

    # ---- Control frames.

    def test_pings_and_closes_are_answered(self):
        anna, boris = self.everybody("anna", "boris")
        boris.send(frame(b"are you there", PING))
        self.assertEqual(boris.any_frame(), (PONG, b"are you there", False))
        boris.send(frame(b"\x03\xe8bye", CLOSE))
        opcode, content, _ = boris.any_frame()
        self.assertEqual((opcode, content[:2]), (CLOSE, b"\x03\xe8"))
        self.assertRaises(Lost, boris.any_frame)
        self.still_fine(anna)

    def test_who_goes_without_a_word_is_missed_by_nobody(self):
        anna, boris, eve = self.everybody("anna", "boris", "eve")
        eve.say("and gone")
        eve.close()
        self.assertEqual([anna.text(), boris.text()], [message("eve", "and gone")] * 2)
        self.still_fine(boris, anna)

    def test_a_server_that_stops_ends_the_stream_and_says_nothing(self):
        anna, = self.everybody("anna")
        self.server.process.terminate()
        self.assertEqual(anna.end(), [])

    # ---- Other clients in the room.

    def test_parleys_own_clients_are_in_the_same_room(self):
        anna, = self.everybody("anna")
        ours = Program([CLIENT, "--url", f"ws://127.0.0.1:{self.server.port}/", "--name", "ours", "--say", "Grüße", "--say", 'and "more"',
                        "--wait", "1"])
        self.addCleanup(ours.kill)
        self.assertEqual([anna.text(), anna.text()], [message("ours", "Grüße"), message("ours", "and 'more'")])
        anna.say("hello yourself")
        self.assertEqual(ours.line_with(": ").string, "anna: hello yourself")
        ours.expect_clean_end(ours.wait())

    def test_a_page_from_elsewhere_is_not_let_in(self):
        stream = Stream(socket.create_connection(("127.0.0.1", self.server.port)))
        self.addCleanup(stream.close)
        stream.send(HANDSHAKE.replace(b"\r\n\r\n", b"\r\nOrigin: https://elsewhere.example\r\n\r\n"))
        self.assertTrue(stream.head().startswith("HTTP/1.1 403"))

    # ---- Random input.

    def test_streams_with_bytes_changed_harm_nobody_else(self):
        anna, boris = self.everybody("anna", "boris")
        random = Random(20)
        for _ in range(150):
            stream = bytearray(b"".join(frame(message("eve", "m" * random.randrange(200), random.randrange(8))) for _ in range(4)))
            for _ in range(random.randrange(1, 6)):
                at = random.randrange(len(stream))
                if random.random() < 0.7:
                    stream[at] = random.randrange(256)
                else:
                    del stream[at:at + random.randrange(20)]
            eve = self.client()
            eve.send(stream)
            eve.close()
        boris.say("who is left", SEND_BACK)
        for client in (anna, boris):  # every message that was relayed is JSON
            while json.loads(client.text())["message"]["text"] != "who is left":
                pass


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
