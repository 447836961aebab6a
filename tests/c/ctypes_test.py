"""The C interface with Python's ctypes. The library is loaded and not linked, and callbacks run on
a thread that Python did not start.

Usage: ctypes_test.py <libparley.so> <lobby_server> <c_lobby> <sanitizer runtime to load first, or
nothing>
"""

import ctypes
import json
import os
import pathlib
import queue
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import PATIENCE, SKIPPED, Program, Server  # noqa: E402

LIBRARY, LOBBY_SERVER, C_LOBBY, RUNTIME = (sys.argv[1:] + [""])[:4]

OK, DEADLINE_EXCEEDED, INVALID = 0, 2, 14
EVENT, ANSWER, REFUSAL, LOST = 1, 2, 3, 4
ON_MESSAGE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int32), ("from_peer", ctypes.c_int32), ("maybe_done", ctypes.c_int32), ("close_code", ctypes.c_int32),
                ("text", ctypes.c_char * 240)]


def load():
    library = ctypes.CDLL(LIBRARY)
    text, pointer, size, integer = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64
    error = ctypes.POINTER(Error)
    for name, returned, arguments in (
            ("parley_client_new", pointer, (text, pointer, error)),
            ("parley_client_on_message", ctypes.c_int, (pointer, ON_MESSAGE, pointer)),
            ("parley_client_connect", ctypes.c_int, (pointer, error)),
            ("parley_client_send", ctypes.c_int, (pointer, text, text, size, text, text, error)),
            ("parley_client_call", ctypes.c_int, (pointer, text, text, size, text, integer, ctypes.POINTER(pointer), error)),
            ("parley_client_poll", ctypes.c_int, (pointer, integer, ctypes.POINTER(pointer))),
            ("parley_client_free", None, (pointer,)),
            ("parley_message_kind", ctypes.c_int, (pointer,)),
            ("parley_message_name", text, (pointer,)),
            ("parley_message_payload", text, (pointer,)),
            ("parley_message_from", text, (pointer,)),
            ("parley_message_text", text, (pointer,)),
            ("parley_message_free", None, (pointer,))):
        function = getattr(library, name)
        function.restype, function.argtypes = returned, arguments
    return library


class Ctypes(unittest.TestCase):
    def setUp(self):
        self.parley = load()
        self.server = Server([LOBBY_SERVER])
        self.addCleanup(self.server.kill)

    def client(self):
        why = Error()
        client = self.parley.parley_client_new(self.server.url.encode(), None, ctypes.byref(why))
        self.assertTrue(client, why.text)
        return client

    def connect(self, client):
        why = Error()
        self.assertEqual(self.parley.parley_client_connect(client, ctypes.byref(why)), OK, why.text)

    def say(self, client, words):
        payload = json.dumps({"text": words}).encode()
        self.assertEqual(self.parley.parley_client_send(client, b"Lobby.Say", payload, len(payload), b"others", None, None), OK)

    def test_one_polls_and_one_is_called_back(self):
        heard = queue.Queue()

        @ON_MESSAGE
        def on_message(_, message):
            if self.parley.parley_message_name(message) == b"Lobby.Say":
                heard.put(self.parley.parley_message_payload(message))

        called, polls = self.client(), self.client()
        self.assertEqual(self.parley.parley_client_on_message(called, on_message, None), OK)
        self.connect(called)
        self.connect(polls)
        self.say(polls, "für alle")
        self.assertEqual(json.loads(heard.get(timeout=PATIENCE)), {"text": "für alle"})
        self.say(called, "and back")
        message = ctypes.c_void_p()
        while True:
            self.assertEqual(self.parley.parley_client_poll(polls, PATIENCE * 1000, ctypes.byref(message)), OK)
            self.assertEqual(self.parley.parley_message_kind(message), EVENT)
            name, payload = self.parley.parley_message_name(message), self.parley.parley_message_payload(message)
            self.parley.parley_message_free(message)
            if name == b"Lobby.Say":
                break
        self.assertEqual(json.loads(payload), {"text": "and back"})
        for client in (called, polls):
            self.parley.parley_client_free(client)

    def test_calls(self):
        client, answer, why = self.client(), ctypes.c_void_p(), Error()
        numbers = b'{"numbers":[391,29]}'
        self.assertEqual(self.parley.parley_client_call(client, b"Lobby.Add", numbers, len(numbers), None, 0, ctypes.byref(answer),
                                                        ctypes.byref(why)), OK, why.text)
        self.assertEqual(json.loads(self.parley.parley_message_payload(answer)), {"value": 420})
        self.parley.parley_message_free(answer)
        self.assertEqual(self.parley.parley_client_call(client, b"Lobby.Add", b"{", 1, None, 0, ctypes.byref(answer), ctypes.byref(why)), INVALID)
        self.assertFalse(answer)
        self.assertNotIn(b"{", why.text)
        self.parley.parley_client_free(client)

    def test_the_example_in_c(self):
        ear = self.client()
        self.connect(ear)
        program = Program([C_LOBBY, self.server.url, "hello from C"])
        self.addCleanup(program.kill)
        program.line_with('sum {"value":420}')
        program.expect_clean_end(program.wait())
        message, texts = ctypes.c_void_p(), []
        while not texts:
            self.assertEqual(self.parley.parley_client_poll(ear, PATIENCE * 1000, ctypes.byref(message)), OK)
            if self.parley.parley_message_name(message) == b"Lobby.Say":
                texts.append(json.loads(self.parley.parley_message_payload(message))["text"])
            self.parley.parley_message_free(message)
        self.assertEqual(texts, ["hello from C"])
        self.parley.parley_client_free(ear)


if __name__ == "__main__":
    if RUNTIME == "none":
        print("skipped: this compiler's sanitizer cannot be loaded into a program that knows nothing of it")
        sys.exit(SKIPPED)
    if RUNTIME and "LD_PRELOAD" not in os.environ:
        # Python itself leaks memory when it ends.
        os.environ.update(LD_PRELOAD=RUNTIME, ASAN_OPTIONS="detect_leaks=0")
        os.execv(sys.executable, [sys.executable, *sys.argv])
    os.environ.pop("LD_PRELOAD", None)
    os.environ.pop("ASAN_OPTIONS", None)
    unittest.main(argv=sys.argv[:1])
