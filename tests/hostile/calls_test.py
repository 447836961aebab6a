"""Calls: ids that are used twice or never, answers without a call, cancels that are too late, too early or too many, and deadlines."""

import arena
from arena import MARK, MODES, WITH_SESSIONS

READY = "Talk.AreYouReady"


class CallsTest(arena.Arena):
    options = ("--max-calls", "8")

    def held(self):
        return self.innocents[0].ask("Probe.Look").get("held", 0)

    def until_held(self, count):
        for _ in range(100_000):
            if self.held() == count:
                return
        self.fail("handlers were left running")

    def test_an_id_that_was_used_or_passed_is_4001(self):
        for mode in WITH_SESSIONS:
            for name, first, second in [("the same", 5, 5), ("a lower one", 5, 4), ("lower by far", (1 << 53) - 1, 1)]:
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    guest.send_all([guest.call("Lobby.Add", {"numbers": [1]}, first), guest.call("Lobby.Add", {"numbers": [2]}, second)])
                    self.assertEqual(guest.next()["payload"], {"value": 1})
                    self.closed(guest, 4001)
                with self.case(name, "after a call that was refused, in", mode):
                    guest = self.guest(mode)
                    guest.send_all([guest.call("Talk.AreYouReady", {}, first), guest.call("Lobby.Add", {"numbers": [2]}, second)])
                    self.answered(guest, "denied", first)
                    self.closed(guest, 4001)
            with self.case("gaps are allowed, in", mode):
                guest = self.guest(mode)
                for number in (1, 7, 1 << 40, (1 << 53) - 1):
                    guest.send(guest.call("Lobby.Add", {"numbers": [1]}, number))
                    self.assertEqual(guest.next()["re"], number)

    def test_an_answer_to_what_was_never_asked_is_4001(self):
        for mode in WITH_SESSIONS:
            speech = self.guest(mode)
            for name, content in [("a reply", speech.reply(READY, 1, {"accepted": True})), ("an error", speech.error(1, "denied", MARK)),
                                  ("a cancel", speech.cancel(1)),
                                  ("a reply to nothing known", speech.reply("Lobby.Add", 1 << 52, {"value": 1}))]:
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    guest.send(content)
                    self.closed(guest, 4001)
            with self.case("a cancel beyond what was opened, in", mode):
                guest = self.guest(mode)
                guest.ask("Lobby.Add", {"numbers": [1]})
                guest.send(guest.cancel(2))
                self.closed(guest, 4001)
        with self.case("plain mode has no answers of clients, only events"):
            guest = self.guest("plain")
            guest.send('{"event_name":"Talk.AreYouReady","re":1,"payload":{"accepted":true}}')
            self.kept(guest, "denied")

    def ask_me(self, mode, **chosen):
        """Returns a guest that asked the server to call it, the id of that request, and the
        server's call."""
        guest = self.guest(mode, **chosen)
        guest.send(guest.call("Probe.AskMe", None, 9))
        return guest, guest.next()

    def test_a_client_may_answer_the_server_in_any_way(self):
        for mode in WITH_SESSIONS:
            for name, answer, outcome in [
                ("a reply", lambda g, n: g.reply(READY, n, {"accepted": True}), "accepted"),
                ("nothing in it", lambda g, n: g.reply(READY, n), "not accepted"),
                ("an error", lambda g, n: g.error(n, "denied", MARK), "not allowed|denied"),
                ("a code of a later revision", self.later_error, "failed|handler"),
                ("a broken payload", lambda g, n: g.reply(READY, n, b"\xff" * 40 if g.mode == "fbs" else b'{"accepted":7}'), "payload"),
                ("a payload over the limit", self.large_reply, "large"),
                ("another method's reply", lambda g, n: g.reply("Lobby.Add", n, {"value": 1.5}), "."),
            ]:
                with self.case(name, "in", mode):
                    guest, asked = self.ask_me(mode)
                    self.assertEqual((asked["kind"], asked["name"], asked["payload"]), ("call", READY, {"seconds": 1}))
                    guest.send(answer(guest, asked["id"]))
                    told = guest.next()
                    self.assertEqual((told["kind"], told["re"]), ("reply", 9))
                    self.assertRegex(told["payload"]["text"], outcome)
                    guest.fence()
            with self.case("twice: the second is ignored, in", mode):
                guest, asked = self.ask_me(mode)
                guest.send_all([guest.reply(READY, asked["id"], {"accepted": True})] * 3 + [guest.error(asked["id"], "denied")])
                self.assertEqual(guest.next()["payload"], {"text": "accepted"})
                guest.fence()
            with self.case("and then to what was not asked yet, in", mode):
                guest, asked = self.ask_me(mode)
                guest.send_all([guest.reply(READY, asked["id"], {"accepted": True}), guest.reply(READY, asked["id"] + 1, {})])
                self.assertEqual(guest.next()["payload"], {"text": "accepted"})
                self.closed(guest, 4001)
            with self.case("by leaving, in", mode):
                guest, _ = self.ask_me(mode)
                guest.vanish()
            with self.case("who agreed to no calls is asked none, in", mode):
                guest, told = self.ask_me(mode, features=())
                self.assertEqual(told["kind"], "reply", told)
                self.assertNotIn("accepted", told["payload"]["text"])
        with self.case("nor is a plain guest"):
            _, told = self.ask_me("plain")
            self.assertEqual(told["kind"], "reply", told)

    @staticmethod
    def large_reply(guest, number):
        return guest.reply(READY, number, bytes(70_000) if guest.mode == "fbs" else b'{"x":"%s"}' % (b"a" * 70_000))

    @staticmethod
    def later_error(guest, number):
        if guest.mode == "json":
            return '{"event_name":"error","re":%d,"code":"exhausted","message":"x"}' % number
        return guest.error(number, "failed")

    def test_a_cancel_ends_a_call_once(self):
        for mode in WITH_SESSIONS:
            with self.case("while it runs, in", mode):
                guest = self.guest(mode)
                guest.send_all([guest.call("Probe.Hold", None, 5), guest.cancel(5)])
                self.kept(guest, "cancelled", 5)
                guest.send_all([guest.cancel(5)] * 3)
                guest.fence()
                self.until_held(0)
            with self.case("after the answer, in", mode):
                guest = self.guest(mode)
                guest.send_all([guest.call("Lobby.Add", {"numbers": [1]}, 5), guest.cancel(5)])
                self.assertEqual(guest.next()["payload"], {"value": 1})
                guest.fence()
            with self.case("of a refused call, in", mode):
                guest = self.guest(mode)
                guest.send_all([guest.call("Lobby.Add", b"\xff" * 16 if mode == "fbs" else b"[]", 5), guest.cancel(5)])
                self.kept(guest, "bad_payload", 5)

    def test_deadlines(self):
        for mode in WITH_SESSIONS:
            with self.case("none left, in", mode):
                before = self.innocents[0].ask("Probe.Look").get("mostHeld", 0)
                guest = self.guest(mode)
                guest.send_all([guest.call("Probe.Hold", None, i, deadline_ms=0) for i in range(1, 6)])
                for number in range(1, 6):
                    self.answered(guest, "deadline_exceeded", number)
                guest.fence()
                self.assertEqual(self.innocents[0].ask("Probe.Look").get("mostHeld", 0), before)
            with self.case("a few milliseconds, in", mode):
                guest = self.guest(mode)
                guest.send(guest.call("Probe.Hold", None, 5, deadline_ms=20))
                self.kept(guest, "deadline_exceeded", 5)
                guest.send(guest.cancel(5))
                guest.fence()
                self.until_held(0)
            with self.case("49 days, in", mode):
                guest = self.guest(mode)
                guest.send_all([guest.call("Probe.Hold", None, 5, deadline_ms=(1 << 32) - 1), guest.cancel(5)])
                self.kept(guest, "cancelled", 5)
        with self.case("plain mode knows deadlines of none but the server"):
            guest = self.guest("plain")
            guest.send(guest.call("Probe.Hold", None, 5, deadline_ms="soon"))
            guest.fence()

    def test_calls_beyond_the_limit_are_overloaded_and_start_nothing(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.send_all([guest.call("Probe.Hold", None, i) for i in range(1, 21)])
                for number in range(9, 21):
                    self.answered(guest, "overloaded", number)
                self.assertEqual(self.held(), 8)
                if mode != "plain":
                    guest.send(guest.call("Lobby.Add", {"numbers": [1]}, 30))
                    self.kept(guest, "overloaded", 30)
                    guest.send(guest.cancel(3))
                    self.answered(guest, "cancelled", 3)
                    self.until_held(7)
                    guest.send(guest.call("Lobby.Add", {"numbers": [1]}, 31))
                    self.assertEqual(guest.next()["payload"], {"value": 1})
                guest.vanish()
                self.until_held(0)

    def test_opening_and_cancelling_by_the_thousand_is_1008(self):
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode)
                frames = [frame for i in range(1, 10_001) for frame in (guest.call("Probe.Hold", None, i), guest.cancel(i))]
                guest.send_all(frames)
                answers = 0
                try:
                    while True:
                        self.assertEqual(guest.next()["kind"], "error")
                        answers += 1
                except arena.Closed as closed:
                    self.assertEqual(closed.code, 1008)
                self.assertLessEqual(answers, 2 * 4 * 8)
                self.assertLessEqual(self.innocents[0].ask("Probe.Look")["mostHeld"], 8)
                self.until_held(0)

    def test_plain_answers_without_ids_come_in_the_order_of_their_calls(self):
        with self.case("three at once"):
            guest = self.guest("plain")
            guest.send_all(['{"event_name":"Lobby.Add","payload":{"numbers":[%d]}}'.encode() % i for i in (1, 2, 3)])
            self.assertEqual([guest.next()["payload"]["value"] for _ in range(3)], [1, 2, 3])
        with self.case("an answer has the name that the schema gives it"):
            guest = self.guest("plain")
            guest.send('{"event_name":"Talk.Add","payload":{"numbers":[391,29]}}')
            frame = guest.next()
            self.assertEqual((frame["name"], frame["payload"]), ("add_result", {"value": 420}))


if __name__ == "__main__":
    arena.main()
