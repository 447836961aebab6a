"""The fixture of the hostile tests: a server with the limits of the test, and two innocent guests,
one JSON and one binary. After every case each of them makes a call, sends an event to all and
receives it. They must not have received anything else.
"""

import contextlib
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import websocket  # noqa: E402,F401
from guests import Guest  # noqa: E402
from programs import Server  # noqa: E402
from websocket import Closed  # noqa: E402,F401

MODES = ("json", "fbs", "plain")
WITH_SESSIONS = ("json", "fbs")

# Hostile input contains this text. No answer may repeat it.
MARK = "xyzzy"


def vectors(name):
    """The records of a file of tests/vectors, each as a dict."""
    text = (pathlib.Path(__file__).resolve().parent.parent / "vectors" / name).read_text(encoding="utf-8")
    lines = (line for line in text.split("\n") if not line.startswith("#"))
    records = "\n".join(lines).split("\n\n")
    return [dict(line.partition(": ")[::2] if ": " in line else (line.rstrip(":"), "") for line in record.strip("\n").split("\n"))
            for record in records if record.strip()]


class Arena(unittest.TestCase):
    """One server for all tests of a class. `options` is its command line, and `innocents` are their
    modes."""

    options = ()
    innocent_modes = ("json", "fbs")
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        more = os.environ.get("TALK_SERVER_OPTIONS", "").split()
        # The innocents read nothing during a case, and so answer no heartbeat. On a busy machine some cases take longer than one.
        cls.server = Server([os.environ["TALK_SERVER"], "--heartbeat-ms", "600000", *map(str, cls.options), *more])
        cls.addClassCleanup(cls.server.kill)
        cls.port = cls.server.port
        cls.innocents = [Guest(cls.port, mode) for mode in cls.innocent_modes]
        cls.words = 0

    @classmethod
    def tearDownClass(cls):
        cls.everybody_else_has_gone()
        for innocent in cls.innocents:
            innocent.leave()
        cls.server.expect_clean_end(cls.server.stop())

    @classmethod
    def everybody_else_has_gone(cls):
        """Waits until the server has no other session. Each question is a round trip, so only the
        server's own work is awaited."""
        for _ in range(100_000):
            if cls.innocents[0].ask("Probe.Look").get("clients") == len(cls.innocents):
                return
        raise AssertionError("sessions were left behind")

    def guest(self, mode, **chosen):
        """Connects a guest that is disconnected at the end of the case at the latest."""
        guest = Guest(self.port, mode, **chosen)
        self.addCleanup(guest.vanish)
        self.guests.append(guest)
        return guest

    def setUp(self):
        self.guests = []

    @contextlib.contextmanager
    def case(self, *name, heard=()):
        """One case. Afterwards the innocents must still be served, and must have received `heard`,
        a list of (name, payload). None: any events."""
        with self.subTest(" ".join(map(str, name))):
            yield
        with self.subTest("the innocents, after " + " ".join(map(str, name))):
            try:
                self.innocents_are_well(heard)
            except BaseException:
                self.exchange_innocents()  # frames that are left unread would fail the following cases
                raise
        for guest in self.guests:
            guest.vanish()
        self.guests.clear()

    def exchange_innocents(self):
        for innocent in self.innocents:
            innocent.vanish()
        type(self).innocents = [Guest(self.port, mode) for mode in self.innocent_modes]

    def innocents_are_well(self, heard=()):
        type(self).words += 1
        word = {"text": f"word {self.words}", "number": self.words}
        got = {id(guest): [] for guest in self.innocents}

        def next_but_events(guest):
            while (frame := guest.next())["kind"] == "event":
                got[id(guest)].append(frame)
            return frame

        for guest in self.innocents:
            number = guest.number()
            guest.send(guest.call("Lobby.Add", {"numbers": [391, 29]}, number))
            answer = next_but_events(guest)
            self.assertEqual((answer["kind"], answer.get("re"), answer.get("payload")), ("reply", number, {"value": 420}), answer)
        speaker = self.innocents[self.words % len(self.innocents)]
        speaker.send(speaker.event("Talk.Whisper", word if speaker.mode == "fbs" else {**word, "number": str(self.words)}, "all"))
        for guest in self.innocents:
            while (frame := guest.next())["payload"].get("text") != word["text"]:
                self.assertEqual(frame["kind"], "event", frame)
                got[id(guest)].append(frame)
            self.assertEqual((frame["name"], frame["from"], frame["to"]), ("Talk.Whisper", speaker.id, "all"))
            if heard is not None:
                self.assertEqual([(frame["name"], frame.get("payload")) for frame in got[id(guest)]], list(heard), guest.mode)

    # --- What a case expects on the hostile guest's own connection.

    def answered(self, guest, code, re=None):
        """Expects that the next frame is this error and that its text quotes nothing. In plain mode
        an error has a code only if the frame had an id."""
        frame = guest.next()
        self.assertEqual(frame["kind"], "error", frame)
        if guest.mode != "plain" or re is not None:
            self.assertEqual((frame.get("code"), frame.get("re")), (code, re), frame)
        self.assertTrue(0 < len(frame["text"].encode()) <= 512, frame)
        self.assertNotIn(MARK, frame["text"])
        return frame

    def kept(self, guest, code, re=None):
        """Expects this error, and that the connection stays open."""
        frame = self.answered(guest, code, re)
        guest.fence()
        return frame

    def closed(self, guest, code):
        found, reason = guest.closing()
        self.assertEqual(found, code, reason)
        self.assertTrue(len(reason.encode()) <= 123, reason)
        self.assertNotIn(MARK, reason)
        return reason


def main():
    os.environ["TALK_SERVER"] = sys.argv.pop(1)
    unittest.main(verbosity=2)
