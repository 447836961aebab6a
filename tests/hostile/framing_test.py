"""WebSocket frames that RFC 6455 forbids, messages that are too large, and the opcode that does not belong to the session."""

import struct

import arena
from arena import MARK, MODES, WITH_SESSIONS
from websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

LIMIT = 64 * 1024  # of a payload, unless another limit is given
ENVELOPE = 8 * 1024


class FramingTest(arena.Arena):
    def test_frames_that_rfc_6455_forbids_are_1002(self):
        good = b'{"event_name":"Lobby.Add","payload":{"numbers":[1]}}'
        for name, data in [
            ("not masked", frame(TEXT, good, mask=None)),
            ("RSV1, compressed", frame(TEXT, good, rsv=4)),
            ("RSV2", frame(TEXT, good, rsv=2)),
            ("RSV3", frame(TEXT, good, rsv=1)),
            ("RSV1 on a ping", frame(PING, b"x", rsv=4)),
            ("reserved opcode 3", frame(3, good)),
            ("reserved opcode 7", frame(7, good)),
            ("reserved opcode 11", frame(11, b"")),
            ("reserved opcode 15", frame(15, b"")),
            ("a ping of 126 bytes", frame(PING, bytes(126))),
            ("a ping in fragments", frame(PING, b"x", fin=False)),
            ("a close in fragments", frame(CLOSE, b"", fin=False)),
            ("a continuation of nothing", frame(CONTINUATION, good)),
            ("a message inside a message", frame(TEXT, good[:9], fin=False) + frame(TEXT, good)),
            ("a close of one byte", frame(CLOSE, b"\x03")),
            ("a length of 16 bits that 7 hold", frame(TEXT, good, form=16)),
            ("a length of 64 bits that 16 hold", frame(TEXT, good, form=64)),
            ("a length of 2^63", frame(TEXT, b"", length=1 << 63)),
            ("HTTP", b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"),
        ]:
            for mode in MODES:
                if mode == "fbs" and b"Lobby" in data:
                    continue
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    guest.socket.send(data)
                    code, _ = guest.closing()
                    self.assertIn(code, (1002, 1009) if "2^63" in name else (1002,))

    def test_close_codes_that_must_not_be_sent_are_1002(self):
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
            with self.case("close", code):
                guest = self.guest("json")
                guest.socket.send(frame(CLOSE, struct.pack("!H", code)))
                self.closed(guest, 1002)

    def test_other_close_codes_are_repeated(self):
        for code in (1000, 1001, 1003, 1007, 1011, 3000, 4001, 4999):
            with self.case("close", code):
                guest = self.guest("json")
                guest.socket.send(frame(CLOSE, struct.pack("!H", code) + b"why not"))
                self.closed(guest, code)
        with self.case("close without a code"):
            guest = self.guest("json")
            guest.socket.send(frame(CLOSE))
            self.assertIn(guest.closing()[0], (1000, 1005))

    def test_text_that_is_not_utf_8_is_1007(self):
        for name, bad in [
            ("a stray byte", b"\x80"), ("latin-1", b"\xe4rger"), ("overlong", b"\xc0\xaf"), ("a surrogate", b"\xed\xa0\x80"),
            ("beyond", b"\xf4\x90\x80\x80"),
            ("cut short", b"\xe2\x82"), ("0xff", b"\xff"),
        ]:
            for mode in ("json", "plain"):
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    guest.socket.send(frame(TEXT, b'{"event_name":"Talk.Say","payload":{"text":"' + bad + b'"}}'))
                    self.closed(guest, 1007)
                with self.case(name, "at the end, in", mode):
                    guest = self.guest(mode)
                    guest.socket.send(frame(TEXT, b"{" + bad))
                    self.closed(guest, 1007)
                with self.case(name, "across fragments, in", mode):
                    guest = self.guest(mode)
                    guest.socket.send(frame(TEXT, b"{" + bad[:1], fin=False) + frame(CONTINUATION, bad[1:] + b"}"))
                    self.closed(guest, 1007)
        with self.case("the reason of a close"):
            guest = self.guest("json")
            guest.socket.send(frame(CLOSE, struct.pack("!H", 1000) + b"\xff"))
            self.assertIn(guest.closing()[0], (1002, 1007))  # RFC 6455 section 7.1.7 permits either code

    def test_the_other_opcode_is_1003_before_and_after_hello(self):
        for mode, opcode in [("json", BINARY), ("fbs", TEXT)]:
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.socket.send(frame(opcode, b"{}"))
                self.closed(guest, 1003)
            with self.case("nothing, in", mode):
                guest = self.guest(mode)
                guest.socket.send(frame(opcode, b""))
                self.closed(guest, 1003)
        for mode, opcode in [("json", BINARY), ("fbs", TEXT)]:
            with self.case("before hello, in", mode):
                guest = self.guest(mode, greet=False)
                guest.socket.send(frame(opcode, guest.hello()))
                self.closed(guest, 1003)

    def test_in_plain_mode_the_other_opcode_is_an_error_like_any_other(self):
        for content in (b"{}", b"", b"\x00\xff", b'{"event_name":"Talk.Whisper","payload":{"text":"unheard"},"to":"all"}'):
            with self.case("in plain, with", content):
                guest = self.guest("plain")
                guest.socket.send(frame(BINARY, content))
                self.kept(guest, "bad_frame")

    def test_fragments_are_put_together(self):
        for mode in MODES:
            with self.case("in single bytes, with pings between, in", mode):
                guest = self.guest(mode)
                call = guest.call("Lobby.Add", {"numbers": [391, 29]}, 99)
                pieces = [frame(guest.opcode, call[:1], fin=False)]
                for i in range(1, len(call)):
                    pieces.append(frame(PING, b"%d" % i) if i % 16 == 0 else b"")
                    pieces.append(frame(CONTINUATION, call[i:i + 1], fin=False))
                guest.socket.send(b"".join(pieces) + frame(CONTINUATION, b""))
                while (answer := guest.next())["kind"] == "websocket pong":
                    pass
                self.assertEqual((answer["re"], answer["payload"]), (99, {"value": 420}))
            with self.case("of nothing, in", mode):
                guest = self.guest(mode)
                guest.socket.send(frame(guest.opcode, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 900 + frame(CONTINUATION,
                                                                                                                           b""))
                if mode == "fbs":
                    self.closed(guest, 4001)
                else:
                    self.kept(guest, "bad_frame")

    def test_a_frame_in_single_bytes_of_tcp_is_understood(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                for byte in frame(guest.opcode, guest.call("Lobby.Add", {"numbers": [1, 2]}, 99)):
                    guest.socket.send(bytes([byte]))
                self.assertEqual(guest.next()["payload"], {"value": 3})

    def test_a_payload_over_its_limit_is_too_large_and_a_message_far_over_it_closes(self):
        # Talk.Echo accepts 200,000 bytes. This server therefore accepts messages of that size plus
        # 8 KiB for the envelope.
        largest = 200_000 + ENVELOPE

        def text(length):
            return {"text": "a" * length}

        for mode in MODES:
            around = len(self.guest(mode).payload("Talk.Whisper", text(0)))
            for name, size, fits in [("just fits", 4096, True), ("one too many", 4097, False), ("far too many", LIMIT, False)]:
                line = text(size - around)
                with self.case("max_bytes of an event", name, "in", mode, heard=[("Talk.Whisper", line)] if fits else ()):
                    guest = self.guest(mode)
                    guest.send(guest.event("Talk.Whisper", line))
                    if fits:
                        guest.fence()
                    else:
                        self.kept(guest, "too_large")
            with self.case("a call over the server's limit, in", mode):
                guest = self.guest(mode)
                guest.send(guest.call("Probe.Count", {"name": "a" * LIMIT}, 50))
                self.kept(guest, "too_large", 50)
                guest.send(guest.call("Lobby.Add", {"numbers": [1]}, 51))
                self.assertEqual(guest.next()["payload"], {"value": 1})
            with self.case("a larger limit of the method, in", mode):
                guest = self.guest(mode)
                guest.send(guest.call("Talk.Echo", text(150_000), 50))
                self.assertEqual(guest.next()["payload"], text(150_000))
            with self.case("as long as any message may be, in", mode):
                guest = self.guest(mode)
                guest.send(self.padded(guest, "Probe.Count", largest))
                self.kept(guest, "too_large", 50)
            with self.case("one byte longer, in", mode):
                guest = self.guest(mode)
                guest.send(self.padded(guest, "Probe.Count", largest + 1))
                self.closed(guest, 1009)
            with self.case("in fragments that are each small, in", mode):
                guest = self.guest(mode)
                data = frame(guest.opcode, bytes(1024), fin=False) + frame(CONTINUATION, bytes(1024), fin=False) * 1000
                guest.socket.send_while_open(data)
                self.closed(guest, 1009)
            with self.case("promised, but not sent, in", mode):
                guest = self.guest(mode)
                guest.socket.send(frame(guest.opcode, b"", length=1 << 40))
                self.closed(guest, 1009)
            with self.case("a gigabyte, in", mode):
                guest = self.guest(mode)
                guest.socket.send(frame(guest.opcode, b"{", length=1 << 30))
                self.closed(guest, 1009)

    @staticmethod
    def padded(guest, method, size):
        """A call whose whole message has this size."""
        short = guest.call(method, b"" if guest.mode == "fbs" else b'{"name":""}', 50)
        if guest.mode == "fbs":
            return short + bytes(size - len(short))
        return short.replace(b'""', b'"' + b"a" * (size - len(short)) + b'"')

    def test_the_members_of_a_json_envelope_are_at_most_4096_bytes_together(self):
        for mode in ("json", "plain"):
            for name, size, fits in [("just fits", 4096, True), ("one too many", 4097, False)]:
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    payload = b'{"numbers":[1,2]}'
                    frame_of = b'{"event_name":"Lobby.Add","id":50,"pad":"%s","payload":' + payload + b"}"
                    content = frame_of % (b"a" * (size + len(payload) - len(frame_of) + 2))
                    self.assertEqual(len(content) - len(payload), size)
                    guest.send(content)
                    if fits:
                        self.assertEqual(guest.next()["payload"], {"value": 3})
                    else:
                        self.kept(guest, "bad_frame", 50)

    def test_pings_of_websocket_are_answered_and_pongs_that_answer_nothing_ignored(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.socket.send(frame(PING, b"one") + frame(PONG, b"none") * 100 + frame(PING, bytes(125)) + frame(PING))
                self.assertEqual([guest.socket.receive_message() for _ in range(3)], [(PONG, b"one"), (PONG, bytes(125)), (PONG, b"")])
                guest.fence()

    def test_what_follows_a_close_frame_is_not_acted_upon(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                event = guest.event("Talk.Whisper", {"text": MARK}, "all")
                guest.socket.send(frame(CLOSE, struct.pack("!H", 1000)) + frame(guest.opcode, event) * 100)
                self.closed(guest, 1000)

    def test_a_client_may_vanish_in_the_middle_of_a_frame(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.socket.send(frame(guest.opcode, guest.event("Talk.Whisper", {"text": MARK}, "all"))[:-3])
                guest.vanish()


class SmallLimitTest(arena.Arena):
    """The server accepts payloads of 300 bytes. Talk.Echo has a larger limit of its own, so only
    messages that exceed that one close the connection."""

    options = ("--max-message", "300")

    def test_the_limit_is_said_in_welcome_and_kept(self):
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode)
                self.assertEqual(guest.welcome["payload"]["limits"]["max_message"], 300)
                guest.send(guest.call("Probe.Count", {"name": "a" * 300}, 50))
                self.kept(guest, "too_large", 50)
                guest.send(guest.call("Probe.Count", {"name": "a" * 200}, 51))
                self.assertEqual(int(guest.next()["payload"]["nodes"]), 1)
        with self.case("in plain"):
            guest = self.guest("plain")
            guest.send(guest.call("Probe.Count", {"name": "a" * 300}, 50))
            self.kept(guest, "too_large", 50)


if __name__ == "__main__":
    arena.main()
