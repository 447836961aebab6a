"""The opposite direction: servers that send wrong answers to our client. The client ends on its own with an error, and without a report
of a sanitizer."""

import base64
import contextlib
import hashlib
import json
import os
import socket
import struct
import sys
import unittest

import arena
import flat
from guests import NUMBERS, RE, SEQ, binary_frame, method_id
from programs import PATIENCE, Program
from websocket import BINARY, CLOSE, TEXT, Closed, Socket, frame

FBS, JSON = "parley.v1.fbs", "parley.v1.json"
ID = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e"
ADD, SAY = method_id("Lobby.Add"), method_id("Lobby.Say")


class Accepted(Socket):
    """The server's end of one connection. It reads like a client, except for the masks."""

    def __init__(self, connected):
        self.socket = connected
        self.socket.settimeout(PATIENCE)
        self.unread = bytearray()

    def receive_request(self):
        while b"\r\n\r\n" not in self.unread:
            self.unread += self.socket.recv(65536)
        text, _, rest = bytes(self.unread).partition(b"\r\n\r\n")
        self.unread = bytearray(rest)
        return {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in text.decode().split("\r\n")[1:]}

    def accept(self, asked, subprotocol=None, key=None, more=()):
        key = asked["sec-websocket-key"] if key is None else key
        mark = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {mark}", *more]
        if subprotocol is not None:
            lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def receive_frame(self):
        first, second = self.receive(2)
        if not second & 0x80:
            raise AssertionError("the client did not mask")
        length = second & 0x7F
        if length > 125:
            length = struct.unpack("!H" if length == 126 else "!Q", self.receive(2 if length == 126 else 8))[0]
        mask = self.receive(4)
        return first & 0x0F, bytes(b ^ mask[i % 4] for i, b in enumerate(self.receive(length)))

    def receive_until_end(self):
        """Returns the frames that the client still sends, and the code of its close frame."""
        frames = []
        try:
            while True:
                opcode, content = self.receive_frame()
                if opcode == CLOSE:
                    code = struct.unpack_from("!H", content)[0] if content else 1005
                    self.send_while_open(frame(CLOSE, content[:2], mask=None))
                    self.close()  # the server has to close TCP first
                    return frames, code
                frames.append(content)
        except Closed:
            return frames, None


class ClientTest(unittest.TestCase):
    @contextlib.contextmanager
    def client(self, mode):
        """Returns a connected lobby client, and its request. The client must end with status 1 and
        an error message."""
        listening = socket.create_server(("127.0.0.1", 0))
        listening.settimeout(PATIENCE)
        program = Program([os.environ["LOBBY_CLIENT"], "--url", f"ws://127.0.0.1:{listening.getsockname()[1]}/ws", "--name", "a",
                           "--format", mode, "--wait", "1"])
        connection = Accepted(listening.accept()[0])
        try:
            yield connection, connection.receive_request(), program
        finally:
            connection.close()
            listening.close()
            program.kill()

    def ends(self, program, words="."):
        """Expects an end without a crash. The status depends on whether the client had connected."""
        status = program.wait()
        self.assertIn(status, (0, 1), program.said())
        self.assertNotRegex(program.said(), "Sanitizer|runtime error")
        self.assertRegex(program.said(), words)

    def test_a_subprotocol_that_was_not_offered_or_none_fails_and_nothing_is_sent(self):
        for mode, answer in [("binary", None), ("binary", "chat"), ("binary", JSON), ("json", None), ("json", FBS), ("plain", JSON),
                             ("plain", "chat")]:
            with self.subTest(f"{answer} to a client in {mode}"), self.client(mode) as (server, asked, program):
                self.assertEqual("sec-websocket-protocol" in asked, mode != "plain")
                server.accept(asked, answer)
                frames, _ = server.receive_until_end()
                self.assertEqual(frames, [])
                self.ends(program, "lobby_client: ")

    def test_an_upgrade_that_is_none_fails(self):
        for name, answer in [
            ("200", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            ("a redirect", b"HTTP/1.1 301 Moved\r\nLocation: ws://127.0.0.1:1/\r\n\r\n"),
            ("garbage", b"\xff" * 1000 + b"\r\n\r\n"), ("SSH", b"SSH-2.0-x\r\n\r\n"),
            ("a head without end", b"HTTP/1.1 101 x\r\n" + b"a" * 70_000), ("nothing", b""),
        ]:
            with self.subTest(name), self.client("json") as (server, _, program):
                server.send_while_open(answer)
                server.close()
                self.ends(program, "lobby_client: ")
        with self.subTest("a wrong accept"), self.client("json") as (server, asked, program):
            server.accept(asked, JSON, key="dGhlIHNhbXBsZSBub25jZQ==")
            server.receive_until_end()
            self.ends(program, "lobby_client: ")
        with self.subTest("an extension nobody offered"), self.client("json") as (server, asked, program):
            server.accept(asked, JSON, more=["Sec-WebSocket-Extensions: permessage-deflate"])
            server.receive_until_end()
            self.ends(program, "lobby_client: ")

    def test_a_welcome_that_is_none_fails(self):
        welcome = {"revision": 1, "features": [], "client_id": ID, "outcome": "new", "received": 0, "next": 1, "policy": "degrade",
                   "heartbeat_ms": 20000}
        changed = [{"revision": 0}, {"client_id": 7}, {"client_id": ""}, {"outcome": "better"}, {"outcome": "exact"}, {"features": 1},
                   {"limits": []},
                   {"heartbeat_ms": -1}, {"policy": 1}, {"mismatched": []}, {"missing": {}}]
        for change in changed:
            with self.subTest(str(change)), self.client("json") as (server, asked, program):
                server.accept(asked, JSON)
                server.receive_frame()
                server.send(frame(TEXT, json.dumps({"event_name": "$welcome", "payload": {**welcome, **change}}).encode(), mask=None))
                frames, code = server.receive_until_end()
                self.assertEqual(frames, [])
                self.assertIn(code, (4001, 4002, 4003))
                self.ends(program, "lobby_client: ")
        whole = bytes.fromhex(next(v["fbs"] for v in arena.vectors("greetings.txt") if v["name"] == "welcome"))
        for name, content in [("nothing", b""), ("a head", binary_frame(NUMBERS["welcome"])), ("0xff", b"\xff" * 100),
                              ("half of it", binary_frame(NUMBERS["welcome"], payload=whole[:100])),
                              ("an event", binary_frame(1, SEQ, 3, SAY)),
                              ("hello", binary_frame(NUMBERS["hello"]))]:
            with self.subTest(f"{name}, in binary"), self.client("binary") as (server, asked, program):
                server.accept(asked, FBS)
                server.receive_frame()
                server.send(frame(BINARY, content, mask=None))
                frames, code = server.receive_until_end()
                self.assertEqual(frames, [])
                self.assertIn(code, (4001, 4002))
                self.ends(program, "lobby_client: ")

    def test_frames_that_a_server_must_not_send_close_or_are_passed_over(self):
        welcome = flat.write("Welcome", {"revision": 1, "client_id": ID, "outcome": 1, "next": 1, "policy": 2, "heartbeat_ms": 20000})
        answer = binary_frame(3, RE | SEQ, method=ADD, number=1, payload=flat.write("Sum", {"value": 420}))
        line = binary_frame(1, SEQ, 3, SAY, payload=flat.write("Line", {"text": "end"}), peer=bytes.fromhex(ID.replace("-", "")))
        for name, content, code in [
            ("seven bytes", answer[:7], 4001), ("zeros", bytes(64), 4001), ("0xff", b"\xff" * 64, 4001),
            ("a reserved bit", b"\x01\x90\x03\x01" + bytes(4), 4001),
            ("an answer to nothing", binary_frame(3, RE | SEQ, method=ADD, number=99), 4001),
            ("a second welcome", binary_frame(NUMBERS["welcome"]), 4001),
            ("a call, which it does not take", binary_frame(2, SEQ, method=ADD, number=1), 4001),
            ("an unknown kind", binary_frame(0x7E), 4001),
            ("the answer once more", answer, None), ("an unknown kind that may be ignored", binary_frame(0x7E, 0x40), None),
            ("an event it does not know", binary_frame(1, SEQ, 3, 12345), None),
            ("an event that cannot be read", binary_frame(1, SEQ, 3, SAY, payload=b"\xff" * 40), None),
            ("goaway", binary_frame(NUMBERS["goaway"]), None),
        ]:
            with self.subTest(name), self.client("binary") as (server, asked, program):
                server.accept(asked, FBS)
                server.receive_frame()
                server.send(frame(BINARY, binary_frame(NUMBERS["welcome"], payload=welcome), mask=None))
                server.receive_frame()
                server.send(frame(BINARY, answer, mask=None) + frame(BINARY, content, mask=None) + frame(BINARY, line, mask=None))
                _, found = server.receive_until_end()
                if code:
                    self.assertEqual(found, code)
                    self.ends(program)
                else:
                    self.ends(program, 'hears "end"')

    def test_a_message_over_the_clients_limit_is_1009(self):
        with self.subTest("promised"), self.client("plain") as (server, asked, program):
            server.accept(asked)
            server.send(frame(TEXT, b"", length=1 << 40, mask=None))
            while (got := server.receive_frame())[0] != CLOSE:
                pass
            self.assertEqual(struct.unpack_from("!H", got[1])[0], 1009)
            server.close()
            self.ends(program, "lobby_client: ")

    def test_an_error_of_the_servers_before_welcome_is_the_reason(self):
        with self.client("json") as (server, asked, program):
            server.accept(asked, JSON)
            server.receive_frame()
            why = b'{"event_name":"error","code":"denied","message":"not you"}'
            server.send(frame(TEXT, why, mask=None) + frame(CLOSE, struct.pack("!H", 4005), mask=None))
            server.receive_until_end()
            self.ends(program, "lobby_client: ")


if __name__ == "__main__":
    os.environ["LOBBY_CLIENT"] = sys.argv.pop(1)
    unittest.main(verbosity=2)
