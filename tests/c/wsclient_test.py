"""libwsclient.so, used by ctypes like the family's Python program, with a server that sends bytes:
divided anywhere, joined together, masked.

Usage: wsclient_test.py <libwsclient.so> <sanitizer runtime to load first, or nothing>
"""

import ctypes
import json
import os
import pathlib
import socket
import struct
import sys
import threading
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "interop")]

from programs import PATIENCE, SKIPPED  # noqa: E402
from wschat_wire import CLOSE, PING, PONG, TEXT, frame as wire_frame, message as chat  # noqa: E402

LIBRARY, RUNTIME = (sys.argv[1:] + [""])[:2]

JSON_CALLBACK, RAW_CALLBACK = 0, 1
OK, ERROR = 0, -1
SEND_FROM_TERMINAL = 64  # where the handle has this flag
ON_TEXT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)
ON_JSON = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p)


def load():
    library = ctypes.CDLL(LIBRARY)
    handle, text = ctypes.c_void_p, ctypes.c_char_p
    for name, returned, arguments in (
            ("wsInitClient", ctypes.c_int32, (handle, text, text, text)), ("wsDeinitClient", ctypes.c_int32, (handle,)),
            ("wsSendMessage", ctypes.c_int32, (handle, text)), ("wsSendMessageN", ctypes.c_int32, (handle, text, ctypes.c_size_t)),
            ("wsSetOnMessageCallback", ctypes.c_int32, (handle, ctypes.c_void_p, ctypes.c_int32)),
            ("wsClientListen", ctypes.c_int32, (handle,)), ("wsChangeUsername", ctypes.c_int32, (handle, text)),
            ("wsSendJson", ctypes.c_int32, (handle, handle)), ("wsJsonGet", handle, (handle, text)),
            ("wsJsonGetString", text, (handle, text)), ("wsJsonGetNumber", ctypes.c_double, (handle, text)),
            ("wsStringToJson", handle, (ctypes.POINTER(text),)), ("wsJsonFree", None, (handle,))):
        function = getattr(library, name)
        function.restype, function.argtypes = returned, arguments
    return library


LIB = None


def frame(content, opcode=TEXT, masked=False):
    """A frame of the family's C server, which is masked although RFC 6455 forbids that for servers."""
    return wire_frame(content, opcode, masked=masked)


class BareServer:
    """A server for one client, which sends and receives bytes."""

    ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"

    def __init__(self, glued=b""):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(PATIENCE)
        self.port = str(self.listening.getsockname()[1]).encode()
        self.glued = glued
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        import base64
        import hashlib
        self.peer, _ = self.listening.accept()
        self.peer.settimeout(PATIENCE)
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = b""
        while b"\r\n\r\n" not in self.request:
            self.request += self.peer.recv(4096)
        key = next(line.split(b":", 1)[1].strip() for line in self.request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.peer.sendall(self.ANSWER % accept + self.glued)
        self.ready.set()

    def send(self, *pieces):
        assert self.ready.wait(PATIENCE)
        for piece in pieces:
            self.peer.sendall(piece)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.peer.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def next_frame(self):
        """Returns (opcode, content). Raises EOFError at the end."""
        assert self.ready.wait(PATIENCE)
        first, second = self._exactly(2)
        assert second & 0x80, "a client's frame without a mask"
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self._exactly(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._exactly(8))[0]
        mask = self._exactly(4)
        return first & 0x0F, bytes(b ^ mask[i % 4] for i, b in enumerate(self._exactly(size)))

    def next_text(self):
        opcode, content = self.next_frame()
        assert opcode == TEXT, opcode
        return content.decode()

    def end(self):
        self.peer.close()

    def close(self):
        self.listening.close()
        if self.ready.is_set():
            self.peer.close()


class Client(unittest.TestCase):
    def server(self, **more):
        server = BareServer(**more)
        self.addCleanup(server.close)
        return server

    def connected(self, server, name=b"Py", on_json=None):
        handle = ctypes.create_string_buffer(256)
        heard = []
        if on_json:
            callback = ON_JSON(lambda _, time, root: heard.append(on_json(root)))
        else:
            callback = ON_TEXT(lambda _, time, message: heard.append(message))
        self.keep = getattr(self, "keep", []) + [callback]
        self.assertEqual(LIB.wsSetOnMessageCallback(handle, ctypes.cast(callback, ctypes.c_void_p), JSON_CALLBACK if on_json else RAW_CALLBACK), OK)
        self.assertEqual(LIB.wsInitClient(handle, b"127.0.0.1", server.port, name), OK)
        self.addCleanup(LIB.wsDeinitClient, handle)
        if name:
            self.assertEqual(server.next_text(), chat(name.decode(), "null", 5))
        return handle, heard

    def listen_for(self, handle, heard, count):
        while len(heard) < count:
            before = len(heard)
            self.assertEqual(LIB.wsClientListen(handle), OK)
            self.assertLessEqual(len(heard), before + 1, "one message each time")

    def test_says_its_name_and_what_it_is_told_to(self):
        server = self.server()
        handle, _ = self.connected(server)
        self.assertTrue(server.request.startswith(b"GET / HTTP/1.1\r\n"), server.request)
        self.assertNotIn(b"Extensions", server.request)
        for text in (chat("Py", "hi"), chat("Py", "gr\u00fc\u00dfe"), json.dumps({"quote": 'a "b" \\'}), "not even JSON", ""):
            self.assertEqual(LIB.wsSendMessage(handle, text.encode()), OK)
            self.assertEqual(server.next_text(), text)
        self.assertEqual(LIB.wsSendMessageN(handle, b"only this, not that", 9), OK)
        self.assertEqual(server.next_text(), "only this")
        self.assertEqual(LIB.wsChangeUsername(handle, b"Anna"), OK)
        self.assertEqual(server.next_text(), chat("Anna", "null", 5))

    def test_long_messages_travel_whole_in_both_directions(self):
        server = self.server()
        handle, heard = self.connected(server)
        for size in (4089, 4096, 65535, 65536, 300_000):
            self.assertEqual(LIB.wsSendMessage(handle, b"x" * size), OK)
            self.assertEqual(len(server.next_text()), size)
            server.send(frame("y" * size))
            self.listen_for(handle, heard, 1)
            self.assertEqual(heard.pop(), b"y" * size)

    def test_a_message_cut_anywhere_is_one_message(self):
        server = self.server()
        handle, heard = self.connected(server)
        text = chat("bob", "cut in two")
        for whole in (frame(text), frame(text, masked=True), frame("z" * 130)):
            for at in range(1, len(whole)):
                server.send(whole[:at], whole[at:])
                self.listen_for(handle, heard, 1)
                self.assertEqual([heard.pop()], [text.encode()] if b"z" not in whole[-3:] else [b"z" * 130])

    def test_messages_glued_together_and_to_the_handshake_are_all_heard(self):
        texts = [chat("bob", f"number {i}") for i in range(40)]
        glued = b"".join(frame(text, masked=i % 2 == 1) for i, text in enumerate(texts))
        server = self.server(glued=glued)
        handle, heard = self.connected(server)
        self.listen_for(handle, heard, len(texts))
        self.assertEqual(heard, [text.encode() for text in texts])
        server.send(glued)
        self.listen_for(handle, heard, 2 * len(texts))

    def test_pings_are_answered_and_no_messages(self):
        server = self.server()
        handle, heard = self.connected(server)
        server.send(frame(b"are you there", PING))
        self.assertEqual(server.next_frame(), (PONG, b"are you there"))
        server.send(frame(chat("bob", "first")))
        self.listen_for(handle, heard, 1)
        self.assertEqual(heard, [chat("bob", "first").encode()])

    def test_fragments_are_one_message(self):
        server = self.server()
        handle, heard = self.connected(server)
        server.send(b"\x01\x03abc", frame(b"", PING), b"\x80\x03def")
        self.listen_for(handle, heard, 1)
        self.assertEqual(heard, [b"abcdef"])

    def test_after_the_end_every_function_says_so(self):
        for how in ("abruptly", "with a close frame"):
            with self.subTest(how=how):
                server = self.server()
                handle, heard = self.connected(server)
                server.send(frame("last words"))
                if how == "abruptly":
                    server.end()
                else:
                    server.send(frame(struct.pack(">H", 1000), CLOSE))
                    self.assertEqual(server.next_frame()[0], CLOSE)
                rounds = 0
                while LIB.wsClientListen(handle) == OK:  # like run() of the original
                    rounds += 1
                    self.assertLess(rounds, 10, "a loop around it never ends")
                self.assertEqual(heard, [b"last words"])
                self.assertEqual(LIB.wsClientListen(handle), ERROR)
                self.assertEqual(LIB.wsSendMessage(handle, b"{}"), ERROR)
                self.assertEqual(LIB.wsChangeUsername(handle, b"x"), ERROR)
                self.assertEqual(LIB.wsDeinitClient(handle), OK)
                self.assertEqual(LIB.wsDeinitClient(handle), ERROR)
                self.assertEqual(LIB.wsClientListen(handle), ERROR)

    def test_deinit_sends_what_was_sent_before_and_wakes_who_listens(self):
        server = self.server()
        handle, _ = self.connected(server)
        outcome = []
        listener = threading.Thread(target=lambda: outcome.append(LIB.wsClientListen(handle)))
        listener.start()
        self.assertEqual(LIB.wsSendMessage(handle, b"goodbye"), OK)
        self.assertEqual(LIB.wsDeinitClient(handle), OK)
        listener.join(PATIENCE)
        self.assertFalse(listener.is_alive())
        self.assertEqual(outcome, [ERROR])
        self.assertEqual(server.next_text(), "goodbye")
        with self.assertRaises(EOFError):
            server.next_frame()

    def standard_input(self, descriptor):
        kept = os.dup(0)
        os.dup2(descriptor, 0)
        self.addCleanup(lambda: (os.dup2(kept, 0), os.close(kept)))

    def test_standard_input_that_has_ended_ends_the_wait(self):
        with open(os.devnull, encoding="ascii") as nothing:
            self.standard_input(nothing.fileno())
        server = self.server()
        handle, heard = self.connected(server)
        for _ in range(5):  # like ws_client.py -m, where each attempt waited 50 s
            self.assertEqual(LIB.wsClientListen(handle), OK)
        server.send(frame("heard all the same"))
        self.listen_for(handle, heard, 1)
        self.assertEqual(heard, [b"heard all the same"])

    def test_a_line_is_sent_or_left_to_the_program(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        self.standard_input(reading)
        os.close(reading)
        server = self.server()
        handle, _ = self.connected(server)
        os.write(writing, b"typed\n")
        self.assertEqual(LIB.wsClientListen(handle), OK)
        self.assertEqual(os.read(0, 100), b"typed\n")
        handle[SEND_FROM_TERMINAL] = 1
        os.write(writing, b"typed too\n")
        self.assertEqual(LIB.wsClientListen(handle), OK)
        self.assertEqual(server.next_text(), chat("Py", "typed too"))

    def test_many_threads_send_while_one_listens(self):
        server = self.server()
        handle, heard = self.connected(server)
        listening = threading.Thread(target=self.listen_for, args=(handle, heard, 20))
        listening.start()
        outcomes = []
        senders = [threading.Thread(target=lambda t=t: outcomes.extend(LIB.wsSendMessage(handle, b"%d:%d " % (t, i) + b"x" * 500) for i in range(5)))
                   for t in range(4)]
        for sender in senders:
            sender.start()
        got = [server.next_text() for _ in range(20)]
        server.send(*(frame(f"m{i}") for i in range(20)))
        for thread in [*senders, listening]:
            thread.join(PATIENCE)
        self.assertEqual(outcomes, [OK] * 20)
        self.assertEqual(sorted(text.split()[0] for text in got), [f"{t}:{i}" for t in range(4) for i in range(5)])
        self.assertTrue(all(text.endswith(" " + "x" * 500) for text in got))
        for t in range(4):
            self.assertEqual([text.split()[0] for text in got if text.startswith(f"{t}:")], [f"{t}:{i}" for i in range(5)])
        self.assertEqual(heard, [b"m%d" % i for i in range(20)])

    def test_json_callbacks_get_a_tree(self):
        server = self.server()

        def read(root):
            message = LIB.wsJsonGet(root, b"message")
            return (LIB.wsJsonGetString(LIB.wsJsonGet(root, b"user"), b"name"), LIB.wsJsonGetString(message, b"text"),
                    LIB.wsJsonGetNumber(message, b"info"), LIB.wsJsonGetNumber(message, b"none"), LIB.wsJsonGetString(message, b"info"))

        handle, heard = self.connected(server, on_json=read)
        server.send(frame("no JSON"), frame(chat("bob", "hi", 2)))
        while not heard:
            self.assertEqual(LIB.wsClientListen(handle), OK)
        self.assertEqual(heard, [(b"bob", b"hi", 2.0, -1.0, None)])
        tree_of = ctypes.c_char_p(b'{"a": [1,"two",{"b": null}],"long": 1234567890} rest')
        tree = LIB.wsStringToJson(ctypes.byref(tree_of))
        self.assertEqual(tree_of.value, b" rest")
        self.assertEqual(LIB.wsSendJson(handle, tree), OK)
        self.assertEqual(server.next_text(), '{"a": [1,"two",{"b": null}],"long": 1234567890}')
        LIB.wsJsonFree(tree)

    def test_what_the_library_writes_itself_has_no_escapes(self):
        server = self.server()
        handle, _ = self.connected(server)
        self.assertEqual(LIB.wsChangeUsername(handle, b'the "old" \\ one\n'), OK)
        self.assertEqual(server.next_text(), chat("the 'old' / one", "null", 5))
        tree_of = ctypes.c_char_p(b'{"say": "\\"hi\\" \\\\ \\u00fc\\n"}')
        tree = LIB.wsStringToJson(ctypes.byref(tree_of))
        self.assertEqual(LIB.wsSendJson(handle, tree), OK)
        self.assertEqual(server.next_text(), '{"say": "\'hi\' / \u00fc"}')
        LIB.wsJsonFree(tree)

    def test_json_callbacks_get_what_the_family_takes_for_json(self):
        server = self.server()
        handle, heard = self.connected(server, on_json=lambda root: LIB.wsJsonGetString(LIB.wsJsonGet(root, b"message"), b"text"))
        texts = (b"caf\xe9", b'say "hi" x', b"a\\x", b"tab\there", b"fine", b"x" * 300)
        for text in texts:
            server.send(frame(b'{"user": {"name": "bob"},"message": {"text": "' + text + b'","text_len": 3,"info": 0}}'))
        self.listen_for(handle, heard, len(texts))
        self.assertEqual(heard, [b"caf", b'say "hi" x', b"a\\x", b"tab here", b"fine", b"x" * 255])

    def test_connecting_again_without_a_deinit_ends_the_first_connection(self):
        first, second = self.server(), self.server()
        handle, _ = self.connected(first)
        self.assertEqual(LIB.wsInitClient(handle, b"127.0.0.1", second.port, b"Py"), OK)
        self.assertEqual(second.next_text(), chat("Py", "null", 5))
        with self.assertRaises(EOFError):
            first.next_frame()

    def test_without_a_server_init_fails_and_the_handle_is_harmless(self):
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = str(held.getsockname()[1]).encode()
        handle = ctypes.create_string_buffer(256)
        self.assertEqual(LIB.wsInitClient(handle, b"127.0.0.1", port, b"Py"), ERROR)
        self.assertEqual(LIB.wsInitClient(handle, b"127.0.0.1", b"no port", b"Py"), ERROR)
        self.assertEqual(LIB.wsInitClient(handle, None, b"1", b"Py"), ERROR)
        self.assertEqual(LIB.wsInitClient(None, b"127.0.0.1", b"1", b"Py"), ERROR)
        for failed in (LIB.wsSendMessage(handle, b"{}"), LIB.wsSendMessage(handle, None), LIB.wsClientListen(handle), LIB.wsClientListen(None),
                       LIB.wsDeinitClient(handle), LIB.wsDeinitClient(None), LIB.wsChangeUsername(handle, None), LIB.wsSendJson(handle, None),
                       LIB.wsSetOnMessageCallback(handle, None, 7)):
            self.assertEqual(failed, ERROR)

    def test_the_handle_is_no_larger_than_the_originals(self):
        server = self.server()
        handle = ctypes.create_string_buffer(b"\0" * 72 + b"\xAA" * 184, 256)
        self.assertEqual(LIB.wsInitClient(handle, b"127.0.0.1", server.port, None), OK)
        self.assertEqual(LIB.wsSendMessage(handle, b"{}"), OK)
        self.assertEqual(server.next_text(), "{}")
        self.assertEqual(LIB.wsDeinitClient(handle), OK)
        self.assertEqual(handle.raw[72:], b"\xAA" * 184)


if __name__ == "__main__":
    if RUNTIME == "none":
        print("skipped: this compiler's sanitizer cannot be loaded into a program that knows nothing of it")
        sys.exit(SKIPPED)
    if RUNTIME and "LD_PRELOAD" not in os.environ:
        os.environ.update(LD_PRELOAD=RUNTIME, ASAN_OPTIONS="detect_leaks=0")  # Python itself leaks memory when it ends
        os.execv(sys.executable, [sys.executable, *sys.argv])
    os.dup2(os.pipe()[0], 0)  # a standard input that is empty and does not end
    LIB = load()
    unittest.main(argv=sys.argv[:1])
