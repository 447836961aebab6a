"""Floods of bad frames, pings and connections, and peers that do not read or do not send. The server has short time limits. The tests
wait only for frames and closes."""

import arena
from arena import MODES, WITH_SESSIONS
from websocket import PING, PONG, Closed, Socket, frame, head

MIB = 1 << 20


class FloodTest(arena.Arena):
    def test_the_seventeenth_malformed_frame_in_ten_seconds_is_1008(self):
        for mode in MODES:
            for name, payload in [("bad payloads", b"\xff" * 40 if mode == "fbs" else b"[]"),
                                  ("payloads that are too large", b"\0" * 70_000 if mode == "fbs" else b'"' + b"a" * 70_000 + b'"')]:
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    for number in range(1, 17):
                        guest.send(guest.call("Probe.Count", payload, number))
                        self.assertEqual(guest.next()["kind"], "error")
                    guest.send(guest.call("Probe.Count", payload, 17))
                    self.closed(guest, 1008)
        for mode in ("json", "plain"):
            with self.case("bad frames in", mode):
                guest = self.guest(mode)
                guest.send_all([b"garbage"] * 17)
                answers = 0
                try:
                    while guest.next()["kind"] == "error":
                        answers += 1
                except Closed as closed:
                    self.assertEqual(closed.code, 1008)
                self.assertTrue(10 <= answers <= 16, answers)

    def test_more_than_ten_pings_a_second_are_1008(self):
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.send_all([guest.ping(number) for number in range(1, 101)])
                pongs = 0
                try:
                    while (answer := guest.next())["kind"] == "pong":
                        pongs += 1
                        self.assertEqual(answer["id"], pongs)
                    self.fail(f"not a pong: {answer}")
                except Closed as closed:
                    self.assertEqual(closed.code, 1008)
                self.assertTrue(10 <= pongs < 100, pongs)
            with self.case("pongs that answer nothing are ignored, in", mode):
                guest = self.guest(mode)
                guest.send_all([guest.pong(number) for number in range(1, 1001)])
                guest.fence()

    def test_pings_of_websocket_that_nobody_reads_do_not_grow_the_server(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode, receive_buffer=4096)
                before = self.server.memory()
                for _ in range(20):
                    if not guest.socket.send_while_open(frame(PING, bytes(125)) * 2000):
                        break
                self.innocents_are_well()
                self.assertLess(self.server.memory() - before, 32 * MIB)

    def test_unknown_events_without_end_cost_ten_answers_a_second(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                one = guest.event(12345 if mode == "fbs" else "Made.Up", None, "all")
                guest.send_all([one] * 5000 + [guest.call("Lobby.Add", {"numbers": [1]}, 1)])
                errors = 0
                while (answer := guest.next())["kind"] == "error":
                    errors += 1
                self.assertEqual(answer["payload"], {"value": 1})
                self.assertLess(errors, 500)

    def test_frames_of_websocket_without_data_have_a_rate(self):
        for mode in MODES:
            for name, one in [("pings", frame(PING, b"")), ("pongs", frame(PONG, b"")), ("empty fragments", frame(0, b"", fin=False))]:
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    if name == "empty fragments":
                        guest.socket.send(frame(guest.opcode, b"", fin=False))
                    # 1,000 are allowed at once, and 100 in each second. So few frames are sent that
                    # a reset does not destroy the close code.
                    guest.socket.send_while_open(one * 5000)
                    with self.assertRaises(Closed) as closed:
                        while guest.socket.receive_message():
                            pass
                    self.assertEqual(closed.exception.code, 1008)
                self.innocents_are_well()

    def test_many_connections_that_come_and_go(self):
        request = head()[0]
        for name, sent in [("at once", b""), ("after the request", request), ("with garbage behind it", request + b"\xff" * 100),
                           ("after half a frame", request + b"\x81\xfe")]:
            with self.case("300", name):
                for _ in range(300):
                    socket = Socket(self.port)
                    socket.send(sent)
                    socket.close()


class SlowReaderTest(arena.Arena):
    """The queue of one client holds 256 KiB."""

    options = ("--max-queue", 256 * 1024)

    def flooded(self, guest, speaker):
        """Sends events to `guest`, far more than its queue and sockets can hold. Returns by how
        much the server's memory has grown."""
        text = {"text": "a" * 60_000}
        before = self.server.memory()
        for _ in range(10):
            speaker.send_all([speaker.event("Talk.Say", text, guest.id)] * 20)
            speaker.send(speaker.call("Lobby.Add", {"numbers": [1]}, number := speaker.number()))
            while speaker.next().get("re") != number:  # the frames before it report that the receiver does not exist
                pass
        return self.server.memory() - before

    def test_a_receiver_that_does_not_read_is_4009_and_the_server_does_not_grow(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode, receive_buffer=4096)
                self.assertLess(self.flooded(guest, self.guest("json")), 48 * MIB)
                # It reads again within the 5 s in which a close frame may still be sent.
                with self.assertRaises(Closed) as closed:
                    while guest.next()["kind"] == "event":
                        pass
                self.assertEqual(closed.exception.code, 4009)

    def test_a_caller_that_does_not_read_its_answers_is_closed_and_the_server_does_not_grow(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode, receive_buffer=4096)
                before = self.server.memory()
                text = {"text": "a" * 60_000}
                for number in range(1, 400):
                    if not guest.send_all([guest.call("Talk.Echo", text, number)]):
                        break
                else:
                    self.fail("it was never closed")
                self.assertLess(self.server.memory() - before, 48 * MIB)


class SilenceTest(arena.Arena):
    """The heartbeat is 400 ms."""

    options = ("--heartbeat-ms", 400)
    innocent_modes = ()  # none, because they would have to answer pings

    @classmethod
    def everybody_else_has_gone(cls):
        pass

    def innocents_are_well(self, heard=()):
        for mode in MODES:
            guest = arena.Guest(self.port, mode)
            self.assertEqual(guest.ask("Lobby.Add", {"numbers": [391, 29]}), {"value": 420})
            guest.leave()

    def test_who_says_nothing_is_asked_once_and_then_4011(self):
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode)
                if mode == "json":
                    self.assertEqual(guest.welcome["payload"]["heartbeat_ms"], 400)
                self.assertEqual(guest.next()["kind"], "ping")
                self.closed(guest, 4011)
        with self.case("in plain, where WebSocket pings"):
            guest = self.guest("plain")
            self.assertEqual(guest.socket.receive_frame()[0], PING)
            self.closed(guest, 4011)

    def test_who_answers_stays(self):
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode)
                for _ in range(4):
                    ping = guest.next()
                    self.assertEqual(ping["kind"], "ping")
                    guest.send(guest.pong(ping["id"]))
        with self.case("in plain"):
            guest = self.guest("plain")
            for _ in range(4):
                opcode, payload = guest.socket.receive_frame()
                self.assertEqual(opcode, PING)
                guest.socket.send(frame(PONG, payload))


class EndTest(arena.Arena):
    def test_the_server_ends_whatever_state_its_connections_are_in(self):
        with self.case("all of them"):
            left = [Socket(self.port) for _ in range(3)]
            left[1].send(b"GET /ws HTTP/1.1\r\n")
            for mode in MODES:
                guest = arena.Guest(self.port, mode)
                guest.socket.send(frame(guest.opcode, b"a" * 100)[:50])
                left.append(guest.socket)
                guest = arena.Guest(self.port, mode, receive_buffer=4096)
                guest.send_all([guest.call("Talk.Echo", {"text": "a" * 60_000}, number) for number in range(1, 20)])
                left.append(guest.socket)
                guest = arena.Guest(self.port, mode)
                guest.send_all([guest.call("Probe.Hold", None, number) for number in range(1, 5)])
                left.append(guest.socket)
            for mode in WITH_SESSIONS:
                left.append(arena.Guest(self.port, mode, greet=False).socket)
                guest = arena.Guest(self.port, mode)
                guest.send(guest.call("Probe.AskMe", None, 1))
                left.append(guest.socket)
            self.innocents_are_well()
            self.server.expect_clean_end(self.server.stop())
            for socket in left:
                socket.close()

    @classmethod
    def tearDownClass(cls):
        for innocent in cls.innocents:
            code, _ = innocent.closing()
            if code != 1001:
                raise AssertionError(f"not going away, but {code}")
            innocent.vanish()

    def innocents_are_well(self, heard=()):
        if self.server.process.poll() is None:
            super().innocents_are_well(heard)


if __name__ == "__main__":
    arena.main()
