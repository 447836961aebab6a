"""The programs of datadivr's guides, written with Parley. Usage: guides_datadivr_test.py
<datadivr_server> <folder of the guides' programs>
"""

import json
import pathlib
import select
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "hostile")]

from programs import PATIENCE, Program, Server, sanitizer_environment  # noqa: E402
from websocket import TEXT, Socket, frame  # noqa: E402

DATADIVR_SERVER, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
PLANE = {"lat": 48.2, "long": 16.4, "alt": 2345, "rot_x": 0.0, "rot_y": 0.4, "rot_z": 0.5, "type": 1, "anim": 2}


def guide(name, *arguments):
    return [FOLDER / f"guide_datadivr_{name}", *arguments]


class Client:
    """A client that writes datadivr's JSON by hand."""

    def __init__(self, port):
        self.socket = Socket(port)
        self.socket.upgrade()

    def send(self, event_name, payload=None, to="others", message=None):
        self.socket.send(frame(TEXT, json.dumps({"event_name": event_name, "payload": payload, "to": to, "message": message}).encode()))

    def next(self, *names):
        """Returns the next event with one of these names."""
        while True:
            event = json.loads(self.socket.receive_message()[1])
            if event["event_name"] in names:
                return event

    def learn_id(self):
        self.send("sum_event", {"numbers": [1]})
        return self.next("sum_handler_result", "error")["to"]

    def close(self):
        self.socket.close()


class Clients(unittest.TestCase):
    def setUp(self):
        self.server = Server([DATADIVR_SERVER])
        self.addCleanup(self.server.kill)
        self.anna = Client(self.server.port)
        self.addCleanup(self.anna.close)

    def tearDown(self):
        self.server.expect_clean_end(self.server.stop())

    def typing(self, name, *arguments):
        program = subprocess.Popen(guide(name, self.server.url, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env=sanitizer_environment())

        def end():
            if program.poll() is None:
                program.kill()
            program.communicate()

        self.addCleanup(end)
        return program

    def ends(self, program, typed="\n"):
        program.communicate(typed, timeout=PATIENCE)
        self.assertEqual(program.returncode, 0)

    def test_basic_client(self):
        program = self.typing("basic_client")
        self.assertEqual(program.stdout.readline(), "Sum result: 420\n")
        self.anna.send("msg", message="hello")
        self.assertRegex(program.stdout.readline(), r"^>> [0-9a-f-]{36}: 'hello'\n$")
        self.ends(program)

    def test_built_in_handlers(self):
        program = self.typing("built_in_handlers")
        while not select.select([program.stdout], [], [], 0)[0]:  # it prints nothing when it has started
            self.anna.send("msg", message="hello", to="all")
            self.anna.next("msg")
        self.assertRegex(program.stdout.readline(), r"^>> [0-9a-f-]{36}\(msg\): 'hello'\n$")
        self.anna.send("sum_event_client", {"numbers": [1, 2]})
        while (line := program.stdout.readline()).startswith(">> "):
            pass
        self.assertRegex(line, r'^Sum result from [0-9a-f-]{36}: {"numbers": \[1, 2\]}\n$')
        self.ends(program)

    def test_interactive_client(self):
        program = self.typing("interactive_client")
        for typed in ('{"event_name": "sum_event", "payload": {"numbers": [391, 29]}}', '{"message": "hello"}', "no JSON", "[]"):
            program.stdin.write(typed + "\n")
            program.stdin.flush()
        self.assertEqual(self.anna.next("msg")["message"], "hello")
        self.assertEqual(sorted(program.stdout.readline() for _ in range(3)), [" sum_handler_result 420 \n", "not JSON\n", "not an object\n"])
        self.ends(program, "quit\n")

    def test_message_types(self):
        program = self.typing("message_types", self.anna.learn_id())
        self.assertEqual(program.stdout.readline(), "6\n")
        said = self.anna.next("msg")
        self.assertEqual((said["message"], said["to"]), ("Hello everyone!", "all"))
        self.assertEqual(self.anna.next("custom_event")["payload"], {"data": "custom_data"})
        self.ends(program, "")

    def test_lifecycle(self):
        self.ends(self.typing("lifecycle"))


class Servers(unittest.TestCase):
    def serve(self, name):
        program = Program(guide(name, "0"))
        self.addCleanup(program.kill)
        port = int(program.line_with(r"listening on port (\d+)")[1])
        clients = [Client(port), Client(port)]
        for one in clients:
            self.addCleanup(one.close)
        return program, port, clients

    def test_sums(self):
        for name in ("sum_server", "sum_handler"):
            with self.subTest(name):
                _, _, (a, b) = self.serve(name)
                a.send("sum_event", {"numbers": [391, 29.5]})
                self.assertEqual(a.next("sum_handler_result")["payload"], 420.5)
                a.send("sum_event", {"numbers": [391, "3", " 1.5 ", True]})  # as accepted by Python's float()
                self.assertEqual(a.next("sum_handler_result", "error")["payload"], 396.5)
                for wrong in ({}, None, "", "3x", "x", [1]):
                    a.send("sum_event", {"numbers": [391, wrong]})
                    self.assertTrue(a.next("error", "sum_handler_result")["message"], wrong)
                a.send("sum_event", {})
                self.assertEqual(a.next("error", "sum_handler_result")["message"], "Payload must contain a list of numbers")
                a.send("msg", message="still here", to="all")
                for one in (a, b):
                    self.assertEqual(one.next("msg", "error")["message"], "still here")

    def test_registry_server(self):
        program, _, (a, b) = self.serve("registry_server")
        a.send("msg", message="to all", to="all")
        for one in (a, b):
            said = one.next("msg")
            self.assertEqual((said["message"], len(said["from_id"])), ("to all", 36))
        a.socket.send(frame(TEXT, b"no JSON"))
        a.next("error")
        program.line_with(r"^a frame of client " + said["from_id"] + r" was refused: bad frame")
        a.close()
        program.line_with(r"^" + said["from_id"] + r" left \(.+\), 1 are there$")

    def test_broadcasting(self):
        _, port, (a, b) = self.serve("broadcasting")
        c = Client(port)
        self.addCleanup(c.close)
        names = ("announcement", "user_joined", "private_message")
        for one in (a, b, c):
            self.assertEqual(one.next(*names)["message"], "Server maintenance in 5 minutes")
        self.assertEqual(c.next(*names)["message"], "Your request was processed")
        while (joined := a.next(*names))["event_name"] != "user_joined":
            pass
        self.assertEqual((joined["message"], joined["to"], joined["from_id"]), ("New user connected", "others", "server"))

    def test_gameserver_and_a_bot(self):
        program, port, (a, b) = self.serve("gameserver")
        a.send("GAMESERVER_CLIENT_SETNAME", {"name": "Timmey"})
        a.send("GAMESERVER_CLIENT_UPDATE_STATE", PLANE)
        self.assertEqual(a.next("GAMESERVER_NEARBY_UPDATE")["payload"].get("nearby_clients", []), [])
        b.send("GAMESERVER_CLIENT_UPDATE_STATE", {**PLANE, "lat": 49.0})
        while not (near := b.next("GAMESERVER_NEARBY_UPDATE")["payload"].get("nearby_clients")):
            pass
        self.assertEqual({**near[0], "client_id": 36}, {"client_id": 36, "name": "Timmey", **PLANE})
        b.send("GAMESERVER_CLIENT_UPDATE_STATE", {**PLANE, "lat": 60.0})
        while b.next("GAMESERVER_NEARBY_UPDATE")["payload"].get("nearby_clients"):
            pass
        b.send("GAMESERVER_CLIENT_UPDATE_STATE", {"lat": 1})
        program.line_with("Invalid data types in payload")
        b.send("GAMESERVER_CLIENT_SETNAME", {})
        program.line_with("Invalid name format")

        bots = Program(guide("circler_bot", f"ws://127.0.0.1:{port}/ws"))
        self.addCleanup(bots.kill)
        bots.line_with("Connected to .* for High Speed Ringbahn")
        near = []
        while "High Speed Ringbahn" not in {one["name"] for one in near}:
            near = a.next("GAMESERVER_NEARBY_UPDATE")["payload"].get("nearby_clients", [])
        program.kill()
        bots.line_with("Connection closed for .*, attempting to reconnect")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
