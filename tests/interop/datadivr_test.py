"""datadivr_test.py <venv> <release> <datadivr_server> <datadivr_client> <datadivr_guest> <chat>

datadivr's own package, as published, in both roles: its client library and its command line with
Parley's server, and Parley's generated client with its server. Continues under the Python of the
environment that datadivr/install.py has made. The exit status is 77 if there is none.
"""

import asyncio
import json
import math
import os
import pathlib
import re
import sys
import tempfile
import unittest
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from programs import PATIENCE, SKIPPED, Failed, Program, Server, sanitizer_environment  # noqa: E402

VENV, RELEASE, DATADIVR_SERVER, DATADIVR_CLIENT, DATADIVR_GUEST, CHAT = sys.argv[1:7]
DATADIVR = f"{VENV}/bin/datadivr"

if not os.path.isfile(f"{VENV}/done"):
    print(f"skipped: datadivr {RELEASE} is not there; its installation says why")
    sys.exit(SKIPPED)
if not os.path.samefile(sys.prefix, VENV):
    os.execv(f"{VENV}/bin/python", [f"{VENV}/bin/python", *sys.argv])

import websockets  # noqa: E402
from datadivr import WebSocketClient  # noqa: E402
from datadivr.handlers.registry import HandlerType, websocket_handler  # noqa: E402
from datadivr.utils.logging import setup_logging  # noqa: E402
from terminal import Terminal  # noqa: E402

KEYS = ["event_name", "payload", "to", "from_id", "message"]
NOBODY = "00000000-0000-4000-8000-000000000000"


def soon(operation):
    return asyncio.wait_for(operation, PATIENCE)


class Library:
    """The package's client, and the arguments of its handlers."""

    heard = None  # handlers are registered once for all clients of a process

    @classmethod
    async def at(cls, url):
        self = cls()
        Library.heard = self.messages = asyncio.Queue()
        self.client = WebSocketClient(url)
        await self.client.connect()
        self.listening = asyncio.create_task(self.client.receive_messages())
        return self

    async def next(self, event_name):
        message = await soon(self.messages.get())
        if message.event_name != event_name:
            raise Failed(f"{message} instead of {event_name}")
        return message

    async def leave(self):
        await self.client.disconnect()
        await soon(self.listening)


for name in ("sum_handler_result", "error", "msg", "get_node_info_result", "client_overview", "CUSTOM"):
    @websocket_handler(name, HandlerType.CLIENT)
    async def remember(message):
        Library.heard.put_nowait(message)


@websocket_handler("ASK", HandlerType.CLIENT)
async def answer(message):
    return type(message)(event_name="ANSWER", payload=message.payload, to=message.from_id, message="here")


class Raw:
    """A connection of Python's `websockets`, for frames that the library does not show."""

    @classmethod
    async def at(cls, url):
        self = cls()
        self.socket = await websockets.connect(url)
        self.id = None
        return self

    async def send(self, frame):
        await self.socket.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    async def next(self):
        """Returns the next event, except for the greetings of the library's older clients."""
        while True:
            event = json.loads(await soon(self.socket.recv()))
            if list(event) != KEYS:
                raise Failed(f"{event}: not the five keys in their order")
            if event["event_name"] != "CLI_HELLO":
                return event

    async def learn_id(self):
        await self.send({"event_name": "sum_event", "payload": {"numbers": [1]}})
        self.id = (await self.next())["to"]
        uuid.UUID(self.id)


class AtOurServer(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.server = Server([DATADIVR_SERVER])
        self.addCleanup(self.server.kill)

    def tearDown(self):
        self.server.expect_clean_end(self.server.stop())

    async def library(self):
        library = await Library.at(self.server.url)
        self.addAsyncCleanup(library.leave)
        return library

    async def raws(self, count):
        all_ = [await Raw.at(self.server.url) for _ in range(count)]
        for raw in all_:
            self.addAsyncCleanup(raw.socket.close)
            await raw.learn_id()
        return all_

    async def test_sums(self):
        library = await self.library()
        for numbers, expected in (([391, 29], 420), (["3", True, " 4.5\n", "+1e1"], 18.5), (["-Infinity"], -math.inf)):
            await library.client.send_message(payload={"numbers": numbers}, event_name="sum_event")
            result = await library.next("sum_handler_result")
            self.assertEqual((result.payload, result.from_id, result.message), (expected, "server", None))
            uuid.UUID(result.to)
        await library.client.send_message(payload={"numbers": ["nan"]}, event_name="sum_event", to="all")
        self.assertTrue(math.isnan(float((await library.next("sum_handler_result")).payload)))

    async def test_what_is_no_sum_is_an_error_to_whoever_asked(self):
        library = await self.library()
        (other,) = await self.raws(1)
        for payload in ({"numbers": ["many"]}, {"numbers": [None]}, {"numbers": [[1]]}, {"numbers": 7}, "words", [1, 2], 7):
            await library.client.send_message(payload=payload, event_name="sum_event", to="all")
            error = await library.next("error")
            self.assertEqual((error.payload, error.from_id), (None, "server"))
            self.assertTrue(error.message)
            uuid.UUID(error.to)
        await other.learn_id()  # no other client receives this

    async def test_no_numbers_are_refused_in_the_originals_words(self):
        library = await self.library()
        # The library has other messages for None, and accepts [].
        for payload in ({}, {"numbers": None}, {"number": [1, 2]}, {"numbers": []}, None):
            await library.client.send_message(payload=payload, event_name="sum_event")
            error = await library.next("error")
            self.assertEqual((error.payload, error.from_id, error.message), (None, "server", "Payload must contain a list of numbers"))

    async def test_nodes(self):
        library = await self.library()
        for payload in ({"index": 0}, {}, None):
            await library.client.send_message(payload=payload, event_name="get_node_info")
            self.assertEqual((await library.next("get_node_info_result")).payload, {"error": "No project is currently open"})

    async def test_text_for_all_for_others_and_for_one(self):
        library = await self.library()
        a, b = await self.raws(2)
        await library.client.send_message(payload=None, event_name="msg", msg="Grüße, 世界 \"q\"", to="all")
        first = await library.next("msg")
        self.assertEqual((first.message, first.to), ("Grüße, 世界 \"q\"", "all"))
        library_id = first.from_id
        for raw in (a, b):
            self.assertEqual(await raw.next(), {"event_name": "msg", "payload": None, "to": "all", "from_id": library_id,
                                                "message": "Grüße, 世界 \"q\""})
        await library.client.send_message(payload=None, event_name="msg", msg="to others")
        for raw in (a, b):
            self.assertEqual((await raw.next())["to"], "others")
        await library.client.send_message(payload=None, event_name="msg", msg="to b", to=b.id)
        self.assertEqual(await b.next(), {"event_name": "msg", "payload": None, "to": b.id, "from_id": library_id, "message": "to b"})
        await b.send({"event_name": "msg", "message": "back", "to": library_id})
        back = await library.next("msg")
        self.assertEqual((back.message, back.from_id, back.to), ("back", b.id, library_id))
        await a.learn_id()

    async def test_events_that_no_schema_knows_are_passed_on_as_they_are(self):
        library = await self.library()
        (raw,) = await self.raws(1)
        payload = {"deep": [[{"ä": [None, True, 1.5, -0.0, 12345678901234567890, "\u2028\x00"]}]], "": ""}
        await library.client.send_message(payload=payload, event_name="CUSTOM", msg="", to="all")
        heard = await raw.next()
        self.assertEqual((heard["event_name"], heard["payload"], heard["message"]), ("CUSTOM", payload, ""))
        self.assertEqual((await library.next("CUSTOM")).payload, payload)
        # The result of one of the library's handlers is sent to the client that asked.
        await raw.send({"event_name": "ASK", "payload": 7, "to": heard["from_id"], "from_id": "server", "unknown": 1})
        self.assertEqual(await raw.next(), {"event_name": "ANSWER", "payload": 7, "to": raw.id, "from_id": heard["from_id"],
                                            "message": "here"})

    async def test_large_messages_arrive(self):
        library = await self.library()
        (raw,) = await self.raws(1)
        await library.client.send_message(payload="x" * 900_000, event_name="CUSTOM", to="all")
        self.assertEqual(len((await raw.next())["payload"]), 900_000)
        self.assertEqual(len((await library.next("CUSTOM")).payload), 900_000)

    async def test_an_id_that_is_not_there_is_told(self):
        library = await self.library()
        await library.client.send_message(payload=None, event_name="msg", msg="hello?", to=NOBODY)
        self.assertTrue((await library.next("error")).message)
        await library.client.send_message(payload=1, event_name="CUSTOM", to=NOBODY)
        self.assertTrue((await library.next("error")).message)

    async def test_a_malformed_message_is_an_error_and_a_broadcast_right_after_reaches_everybody(self):
        library = await self.library()
        a, b, c = await self.raws(3)
        for offender, bad in zip((a, b, c) * 4, (
                "no JSON", "", "[]", "7", '{"event_name": 7}', '{"payload": 1}', '{"event_name": ""}', b'{"event_name": "msg"}', b"\xff\x00",
                '{"event_name": "msg", "to": 7}', '{"event_name": "msg", "message": ["x"]}', '{"event_name": "msg", "event_name": "msg"}')):
            with self.subTest(bad=bad):
                await offender.send(bad)
                error = await offender.next()
                self.assertEqual((error["event_name"], error["payload"], error["to"], error["from_id"]),
                                 ("error", None, offender.id, "server"))
                self.assertTrue(error["message"])
                await library.client.send_message(payload=None, event_name="msg", msg="after", to="all")
                for raw in (a, b, c):
                    self.assertEqual((await raw.next())["message"], "after")
                await library.next("msg")
                await offender.send({"event_name": "msg", "message": "still here", "to": "all"})
                for raw in (a, b, c):
                    self.assertEqual((await raw.next())["from_id"], offender.id)
                self.assertEqual((await library.next("msg")).message, "still here")

    async def test_who_leaves_without_a_word_is_forgotten(self):
        a, b = await self.raws(2)
        a.socket.transport.abort()
        await b.send({"event_name": "msg", "message": "anybody?", "to": "all"})
        self.assertEqual((await b.next())["message"], "anybody?")
        while True:  # until the server has noticed the end
            await b.send({"event_name": "msg", "message": "you?", "to": a.id})
            await b.send({"event_name": "msg", "message": "me", "to": b.id})
            if (await b.next())["event_name"] == "error":
                break
        self.assertEqual((await b.next())["message"], "me")

    async def test_the_command_line(self):
        (raw,) = await self.raws(1)
        environment = {**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1"}
        terminal = Terminal([DATADIVR, "start-client", "--port", str(self.server.port)], environment, columns=200)
        self.addCleanup(terminal.kill)
        in_terminal = asyncio.to_thread
        await in_terminal(terminal.until_text, "Enter JSON >")
        terminal.type('{"event_name": "sum_event", "payload": {"numbers": [391, 29]}}\r')
        await in_terminal(terminal.until_text, "*** handle_sum_result(): server: '420")
        terminal.type('{"event_name": "sum_event", "payload": "words"}\r')
        terminal.type('{"message": "from the command line", "to": "all"}\r')
        heard = await raw.next()
        self.assertEqual((heard["event_name"], heard["message"], heard["to"]), ("msg", "from the command line", "all"))
        await in_terminal(terminal.until_text, f">> {heard['from_id']}(msg): 'from the command line'")
        terminal.type('no JSON\r')
        await in_terminal(terminal.until_text, "Invalid JSON. Please try again.")
        await raw.send({"event_name": "msg", "message": "to the command line", "to": heard["from_id"]})
        await in_terminal(terminal.until_text, f">> {raw.id}(msg): 'to the command line'")
        # After `quit` it keeps listening until the server closes.
        terminal.type("quit\r")
        self.server.expect_clean_end(await in_terminal(self.server.stop))
        self.assertEqual(await in_terminal(terminal.wait), 0, terminal.said())
        self.server = Server([DATADIVR_SERVER])
        self.addCleanup(self.server.kill)


class AtTheirServer(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        static = tempfile.TemporaryDirectory(prefix="parley-datadivr-")
        self.addCleanup(static.cleanup)
        self.server = Program(["sh", "-c", 'exec "$@" 2>&1', "sh", DATADIVR, "start-server", "--port", "0", "--static-dir", static.name],
                              {**os.environ, "PYTHONUNBUFFERED": "1", "TERM": "dumb", "NO_COLOR": "1"})
        self.addCleanup(self.server.kill)
        self.url = "ws://127.0.0.1:" + self.server.line_with(r"running on http://127\.0\.0\.1:(\d+)")[1] + "/ws"

    def test_our_generated_client(self):
        guest = Program([DATADIVR_GUEST], {**sanitizer_environment(), "DATADIVR_URL": self.url, "DATADIVR_RELEASE": RELEASE})
        self.addCleanup(guest.kill)
        guest.expect_clean_end(guest.wait())
        self.assertTrue(any(re.search(r"\[  PASSED  \] [1-9]", line) for line in guest.output), guest.said())

    async def test_our_client_and_theirs_speak_with_each_other(self):
        library = await Library.at(self.url)
        ours = Program([DATADIVR_CLIENT, "--url", self.url, "--to", "others", "--say", "Grüße aus C++", "--wait", "1"])
        self.addCleanup(ours.kill)
        id_ = (await asyncio.to_thread(ours.line_with, "I am (.+)"))[1]
        heard = await library.next("msg")
        self.assertEqual((heard.from_id, heard.message, heard.to), (id_, "Grüße aus C++", "others"))
        await library.client.send_message(payload=None, event_name="msg", msg="and back", to=id_)
        await asyncio.to_thread(ours.line_with, ": and back")
        ours.expect_clean_end(await asyncio.to_thread(ours.wait))
        await library.leave()

    async def test_our_chat_and_their_library(self):
        library = await Library.at(self.url)
        chat = Terminal([CHAT, "-p", self.url.split(":")[2].split("/")[0], "-n", "anna"])
        self.addCleanup(chat.kill)
        await asyncio.to_thread(chat.until_text, "* you are ")
        chat.type('hello\r{"event_name": "CUSTOM", "payload": {"n": 1}}\r{"event_name": "sum_event", "payload": {"numbers": [391, 29]}}\r')
        heard = await library.next("msg")
        self.assertEqual((heard.message, heard.to), ("hello", "others"))
        self.assertEqual((await library.next("CUSTOM")).payload, {"n": 1})
        await asyncio.to_thread(chat.until_text, "* server sends sum_handler_result 420.0")
        chat.type("half a line")
        await library.client.send_message(payload=None, event_name="msg", msg="welcome", to=heard.from_id)
        await asyncio.to_thread(chat.until_text, ": welcome\n> half a line")
        chat.type("\x03")
        chat.expect_clean_end(await asyncio.to_thread(chat.wait))
        await library.leave()


if __name__ == "__main__":
    setup_logging(level="ERROR")
    unittest.main(argv=sys.argv[:1] + sys.argv[7:], warnings="ignore")
