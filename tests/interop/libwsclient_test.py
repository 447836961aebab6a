"""libwsclient_test.py <libwsclient.so> <wschat_server> <sanitizer runtime to load first, or
nothing>

The chat family's Python program is not packaged. This test uses the library in the same way: 256
zeroed bytes, one thread that listens, and another that sends. The other end is Parley's server with
the family's own wire format.
"""

import ctypes
import json
import os
import pathlib
import sys
import threading
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "c")]

from programs import PATIENCE, SKIPPED, Server  # noqa: E402
import wsclient_test as wsclient  # noqa: E402

LIBRARY, SERVER, RUNTIME = (sys.argv[1:] + [""])[:3]
OK, ERROR = wsclient.OK, wsclient.ERROR
SEND_BACK = 2


class ChatProgram:
    def __init__(self, port, name):
        self.name = name
        self.handle = ctypes.create_string_buffer(256)
        self.heard = []
        self.changed = threading.Condition()
        self.callback = wsclient.ON_TEXT(self.on_message)
        wsclient.LIB.wsSetOnMessageCallback(self.handle, ctypes.cast(self.callback, ctypes.c_void_p), wsclient.RAW_CALLBACK)
        assert wsclient.LIB.wsInitClient(self.handle, b"127.0.0.1", str(port).encode(), name.encode()) == OK
        self.listener = threading.Thread(target=self.run, daemon=True)
        self.listener.start()

    def on_message(self, _, time, message):
        with self.changed:
            self.heard.append(json.loads(message))
            self.changed.notify_all()

    def run(self):
        while wsclient.LIB.wsClientListen(self.handle) == OK:
            pass

    def say(self, text, info=0):
        message = {"user": {"name": self.name}, "message": {"text": text, "text_len": len(text), "info": info}}
        return wsclient.LIB.wsSendMessage(self.handle, json.dumps(message).encode())

    def next(self):
        with self.changed:
            assert self.changed.wait_for(lambda: self.heard, PATIENCE), "nothing was heard"
            message = self.heard.pop(0)
        return message["user"]["name"], message["message"]["text"]


class DropIn(unittest.TestCase):
    def setUp(self):
        self.server = Server([SERVER])
        self.addCleanup(self.server.kill)
        self.ann, self.bob = (ChatProgram(self.server.port, name) for name in ("ann", "bob"))
        for one in (self.ann, self.bob):
            self.addCleanup(wsclient.LIB.wsDeinitClient, one.handle)
            self.assertEqual(one.say("here", SEND_BACK), OK)
            while one.next() != (one.name, "here"):
                pass

    def test_two_programs_chat(self):
        for i in range(10):
            self.assertEqual(self.ann.say(f"number {i}"), OK)
        heard = []
        while len(heard) < 10:
            name, text = self.bob.next()
            if text != "here":
                heard.append((name, text))
        self.assertEqual(heard, [("ann", f"number {i}") for i in range(10)])

    def test_what_the_original_lost_arrives(self):
        for sent, heard in (('she said "yes"', "she said 'yes'"), ("x" * 300, "x" * 255), ("gr\u00fc\u00dfe", "gr\u00fc\u00dfe"), ("two\nlines", "twolines")):
            self.assertEqual(self.ann.say(sent), OK)
            name, text = self.bob.next()
            while text == "here":
                name, text = self.bob.next()
            self.assertEqual(name, "ann")
            self.assertEqual(text, heard)

    def test_a_name_is_changed(self):
        self.assertEqual(wsclient.LIB.wsChangeUsername(self.ann.handle, b"Anna"), OK)
        self.assertEqual(self.ann.say("renamed"), OK)
        while (said := self.bob.next())[1] != "renamed":
            pass
        self.assertEqual(said, ("Anna", "renamed"))

    def test_the_loop_around_listen_ends_with_the_server(self):
        self.server.expect_clean_end(self.server.stop())
        for one in (self.ann, self.bob):
            one.listener.join(PATIENCE)
            self.assertFalse(one.listener.is_alive())
            self.assertEqual(one.say("anybody?"), ERROR)


if __name__ == "__main__":
    if RUNTIME == "none":
        print("skipped: this compiler's sanitizer cannot be loaded into a program that knows nothing of it")
        sys.exit(SKIPPED)
    if RUNTIME and "LD_PRELOAD" not in os.environ:
        os.environ.update(LD_PRELOAD=RUNTIME, PARLEY_ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", ""), ASAN_OPTIONS="detect_leaks=0")
        os.execv(sys.executable, [sys.executable, *sys.argv])
    # Programs that this test starts have sanitizers of their own, including the leak check.
    os.environ.pop("LD_PRELOAD", None)
    os.environ["ASAN_OPTIONS"] = os.environ.pop("PARLEY_ASAN_OPTIONS", "")
    os.dup2(os.pipe()[0], 0)  # a standard input that is empty and does not end
    wsclient.LIBRARY = LIBRARY
    wsclient.LIB = wsclient.load()
    unittest.main(argv=sys.argv[:1])
