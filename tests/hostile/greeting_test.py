"""Hello: missing, late, twice, unreadable, too large, and contracts that differ."""

import json
import struct

import arena
import flat
from arena import MARK, WITH_SESSIONS
from guests import METHODS, NUMBERS, binary_frame, method_id

NOBODY = "0" * 16


def fingerprint(arena_test, name):
    """The server's own fingerprint, which it reports if the client sends another one."""
    guest = arena_test.guest("json", hello=arena_test.hello_json({"methods": {name: NOBODY}}))
    return guest.welcome["payload"]["mismatched"][name]


class GreetingTest(arena.Arena):
    @staticmethod
    def hello_json(changed):
        """A valid hello with the given changes. A value of None removes the member."""
        said = {"revision": 1, "features": [], **changed}
        return json.dumps({"event_name": "$hello", "payload": {k: v for k, v in said.items() if v is not None}}).encode()

    def test_a_first_frame_that_is_no_hello_is_4002(self):
        for mode in WITH_SESSIONS:
            speech = self.guest(mode)
            for name, content in [
                ("a call", speech.call("Lobby.Add", {"numbers": [1]}, 1)),
                ("an event", speech.event("Talk.Whisper", {"text": MARK}, "all")),
                ("a ping", speech.ping(1)), ("a pong", speech.pong(1)), ("a cancel", speech.cancel(1)),
                ("garbage", b"\x7f" + MARK.encode()),
                ("nothing", b""), ("an error", speech.error(1, "failed")),
                ("welcome", binary_frame(NUMBERS["welcome"]) if mode == "fbs" else b'{"event_name":"$welcome","payload":{"revision":1}}'),
                ("an unknown kind that may be ignored", binary_frame(0x7E,
                                                                     0x40) if mode == "fbs" else b'{"event_name":"$later","opt":true}'),
                ("JSON deeper than a payload may be", b'{"event_name":"$hello","payload":' + b"[" * 70 + b"]" * 70 + b"}"),
            ]:
                with self.case(name, "in", mode):
                    guest = self.guest(mode, greet=False)
                    guest.send(content)
                    self.closed(guest, 4002)

    def test_a_hello_that_cannot_be_read_is_4002(self):
        wrong = [
            {"revision": None}, {"revision": 0}, {"revision": -1}, {"revision": 1.5}, {"revision": "1"}, {"revision": 1 << 40},
            {"features": "resume"},
            {"features": [7]}, {"features": {"resume": True}}, {"required": 1}, {"agent": 7}, {"agent": "a" * 65}, {"contract": 7},
            {"contract": "xyz"},
            {"contract": "0" * 17}, {"methods": []}, {"methods": {"Lobby.Add": 7}}, {"methods": {"Lobby.Add": "12"}},
            {"methods": {"Lobby.Add": "g" * 16}},
            {"auth": "secret"}, {"auth": {"scheme": 1}}, {"resume": True}, {"resume": {"token": 7}}, {"limits": [1]},
            {"limits": {"max_message": -1}},
            {"limits": {"max_message": "65536"}}, {"limits": {"max_calls": 1.5}}, {"limits": {"max_message": 1 << 40}}, {"meta": ["a"]},
            {"meta": {"a": 1}},
            {"meta": {"A": "1"}}, {"meta": {f"k{i}": "" for i in range(17)}}, {"meta": {"k": "v" * 1024}},
        ]
        for changed in wrong:
            with self.case(str(changed)[:60]):
                guest = self.guest("json", greet=False)
                guest.send(self.hello_json(changed))
                self.closed(guest, 4002)
        for name, text in [
            ("no payload", '{"event_name":"$hello"}'), ("null", '{"event_name":"$hello","payload":null}'),
            ("a list", '{"event_name":"$hello","payload":[1]}'),
            ("a member twice", '{"event_name":"$hello","payload":{"revision":1,"revision":1}}'),
            ("with an id", '{"event_name":"$hello","id":1,"payload":{"revision":1}}'),
            ("half of it", '{"event_name":"$hello","payload":{"revision":1'),
        ]:
            with self.case(name):
                guest = self.guest("json", greet=False)
                guest.send(text)
                self.closed(guest, 4002)
        for name, payload in [
            ("no payload", b""), ("zeros", bytes(64)), ("a root outside", struct.pack("<I", 1 << 30) + bytes(60)), ("0xff", b"\xff" * 64),
            ("no revision", flat.write("Hello", {"features": 0})), ("revision 0", flat.write("Hello", {"revision": 0})),
            ("an agent that is not UTF-8", flat.write("Hello", {"revision": 1, "agent": flat.Raw(b"\xff\xfe")})),
            ("an agent of 65 bytes", flat.write("Hello", {"revision": 1, "agent": "a" * 65})),
            ("a meta key in capitals", flat.write("Hello", {"revision": 1, "meta": [{"key": "A", "value": "1"}]})),
            ("17 entries of meta", flat.write("Hello", {"revision": 1, "meta": [{"key": f"k{i}", "value": ""} for i in range(17)]})),
        ]:
            with self.case(name, "in binary"):
                guest = self.guest("fbs", greet=False)
                guest.send(binary_frame(NUMBERS["hello"], payload=payload))
                self.closed(guest, 4002)

    def test_the_frozen_hellos_cut_short_or_with_a_flipped_bit_are_welcome_or_close(self):
        vectors = arena.vectors("greetings.txt")
        for vector in vectors:
            if vector["kind"] != "hello":
                continue
            whole = binary_frame(NUMBERS["hello"], payload=bytes.fromhex(vector["fbs"]))
            broken = [whole[:length] for length in range(len(whole))]
            broken += [whole[:i] + bytes([whole[i] ^ 1 << bit]) + whole[i + 1:] for i in range(len(whole)) for bit in range(8)]
            with self.case(vector["name"], len(broken), "variants"):
                self.variants_are_survived("fbs", broken)
            text = json.dumps({"event_name": "$hello"}).encode()[:-1] + b',"payload":' + vector["json"].encode() + b"}"
            with self.case(vector["name"], "in JSON, cut short"):
                self.variants_are_survived("json", [text[:length] for length in range(len(text))])

    def variants_are_survived(self, mode, variants):
        for content in variants:
            guest = arena.Guest(self.port, mode, greet=False)
            guest.send(content)
            try:
                answer = guest.next()
                self.assertEqual(answer["kind"], "welcome", content.hex())
            except arena.Closed as closed:
                self.assertIn(closed.code, (4001, 4002, 4003), content.hex())
            guest.vanish()

    def test_a_hello_without_methods_or_with_what_is_not_known_yet_is_welcome(self):
        for mode in WITH_SESSIONS:
            with self.case("nothing but a revision, in", mode):
                guest = self.guest(mode, features=())
                said = guest.welcome["payload"]
                self.assertEqual((said["revision"], said.get("features") or 0, said["outcome"] in ("new", 1)), (1, 0, True))
                self.assertNotIn("token", said)
                self.assertEqual((said.get("received", 0), said["next"]), (0, 1))
            with self.case("a later revision, in", mode):
                self.assertEqual(self.guest(mode, hello=self.guest(mode).hello(revision=99)).welcome["payload"]["revision"], 1)
            with self.case("all features, in", mode):
                features = ("resume", "streams", "groups", "server_calls", "parts", "gap", "multi", "idempotency")
                said = self.guest(mode, features=features).welcome["payload"]["features"]
                self.assertIn(said, (["server_calls", "multi"], 1 << 3 | 1 << 6))
        with self.case("unknown features and members"):
            guest = self.guest("json", hello=self.hello_json({"features": ["multi", "teleport"], "later": {"a": [1]},
                                                              "auth": {"scheme": "bearer"}}))
            self.assertEqual(guest.welcome["payload"]["features"], ["multi"])
        with self.case("unknown feature bits"):
            hello = binary_frame(NUMBERS["hello"], payload=flat.write("Hello", {"revision": 1, "features": 1 << 63 | 1 << 40 | 1 << 6}))
            self.assertEqual(self.guest("fbs", hello=hello).welcome["payload"]["features"], 1 << 6)

    def test_an_unknown_or_unbuilt_feature_that_is_required_is_4003(self):
        for mode in WITH_SESSIONS:
            for feature in ("resume", "streams", "parts", "teleport"):
                with self.case(feature, "in", mode):
                    guest = self.guest(mode, greet=False)
                    guest.send(guest.hello(required=[feature]))
                    self.closed(guest, 4003)

    def test_the_same_method_twice_is_4001(self):
        with self.case("in json"):
            guest = self.guest("json", greet=False)
            guest.send('{"event_name":"$hello","payload":{"revision":1,"methods":{"Lobby.Add":"%s","Lobby.Add":"%s"}}}' % (NOBODY, NOBODY))
            # A JSON object with a duplicate member is also a hello that cannot be read.
            self.assertIn(guest.closing()[0], (4001, 4002))
        with self.case("in fbs"):
            guest = self.guest("fbs", greet=False)
            prints = [(method_id("Lobby.Add"), 1), (method_id("Lobby.Say"), 2), (method_id("Lobby.Add"), 1)]
            guest.send(binary_frame(NUMBERS["hello"], payload=flat.write("Hello", {"revision": 1, "methods": prints})))
            self.closed(guest, 4001)

    def test_a_hello_with_64_kib_of_methods_is_read(self):
        count = 4000
        with self.case("in fbs"):
            prints = [((i * 2654435761) % (1 << 32), i) for i in range(1, count)]
            hello = binary_frame(NUMBERS["hello"], payload=flat.write("Hello", {"revision": 1, "methods": prints}))
            self.assertEqual(len(self.guest("fbs", hello=hello).welcome["payload"]["missing"]), count - 1)
        with self.case("in json"):
            hello = self.hello_json({"methods": {f"Made.Up{i}": NOBODY for i in range(1500)}})
            self.assertEqual(len(self.guest("json", hello=hello).welcome["payload"]["missing"]), 1500)
        for mode in WITH_SESSIONS:
            with self.case("over the limit, in", mode):
                guest = self.guest(mode, greet=False)
                methods = {f"Made.Up{i}": NOBODY for i in range(5000)}
                guest.send(guest.hello(methods=methods))
                self.closed(guest, 1009)

    def test_a_second_hello_is_4002(self):
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.send(guest.hello())
                self.closed(guest, 4002)
            with self.case("in the same segment, in", mode):
                guest = self.guest(mode, greet=False)
                guest.send_all([guest.hello(), guest.hello()])
                self.assertEqual(guest.next()["kind"], "welcome")
                self.closed(guest, 4002)

    def test_frames_behind_the_hello_are_not_lost(self):
        # They must not be sent before welcome, but the server cannot detect when the client has
        # read it.
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode, greet=False)
                guest.send_all([guest.hello(), guest.call("Lobby.Add", {"numbers": [1, 2]}, 1)])
                self.assertEqual(guest.next()["kind"], "welcome")
                self.assertEqual(guest.next()["payload"], {"value": 3})

    def test_a_resume_is_fresh_and_then_greeted_once_more(self):
        resume = {"json": {"token": "6fNo2rXqQ1m0vJqv0c8d4A", "epoch": "9a3c51d07e62f418", "received": 41},
                  "fbs": {"token": "6fNo2rXqQ1m0vJqv0c8d4A", "epoch": 0x9a3c51d07e62f418, "received": 41}}
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode, greet=False)
                guest.send(guest.hello(features=["resume"], resume=resume[mode]))
                said = guest.next()["payload"]
                self.assertIn(said["outcome"], ("fresh", 4))
                self.assertFalse({"client_id", "token", "epoch"} & set(said))
                guest.send(guest.hello())
                said = guest.next()["payload"]
                self.assertIn(said["outcome"], ("new", 1))
                self.assertTrue(said["client_id"])
                guest.fence()
            for name, second in [
                ("another resume", lambda guest, mode: guest.hello(resume=resume[mode])),
                ("a call", lambda guest, mode: guest.call("Lobby.Add", {"numbers": [1]}, 1)),
            ]:
                with self.case(name, "after it, in", mode):
                    guest = self.guest(mode, greet=False)
                    guest.send(guest.hello(resume=resume[mode]))
                    guest.next()
                    guest.send(second(guest, mode))
                    self.closed(guest, 4002)

    def test_a_contract_that_differs_is_named_and_only_its_methods_suffer(self):
        say, add = fingerprint(self, "Talk.Say"), fingerprint(self, "Talk.Add")
        whisper = fingerprint(self, "Talk.Whisper")
        for mode in WITH_SESSIONS:
            with self.case("the same, in", mode):
                guest = self.guest(mode)
                guest = self.guest(mode, hello=guest.hello(methods={"Talk.Say": say, "Talk.Add": add}))
                self.assertFalse({"mismatched", "missing"} & {k for k, v in guest.welcome["payload"].items() if v})
                self.assertEqual(guest.ask("Talk.Add", {"numbers": [1, 2]}), {"value": 3})
            with self.case("one that differs and one that is missing, in", mode):
                methods = {"Talk.Say": say, "Talk.Add": NOBODY, "Talk.Whisper": NOBODY, "Made.Up": NOBODY}
                guest = self.guest(mode, hello=self.guest(mode).hello(methods=methods))
                said = guest.welcome["payload"]
                if mode == "json":
                    self.assertEqual((said["mismatched"], said["missing"]), ({"Talk.Add": add, "Talk.Whisper": whisper}, ["Made.Up"]))
                else:
                    self.assertEqual({METHODS[m]: mark for m, mark in said["mismatched"]},
                                     {"Talk.Add": int(add, 16), "Talk.Whisper": int(whisper, 16)})
                    self.assertEqual(said["missing"], [method_id("Made.Up")])
                guest.send(guest.call("Talk.Add", {"numbers": [1]}, 1))
                self.kept(guest, "version_mismatch", 1)
                guest.send(guest.call("Lobby.Add", {"numbers": [1]}, 2))
                self.assertEqual(guest.next()["payload"], {"value": 1})
                guest.send(guest.event("Talk.Whisper", {"text": MARK}, "all"))
                guest.fence()  # the event is counted as not delivered
            with self.case("an event it does not agree about does not reach it, in", mode):
                guest = self.guest(mode, hello=self.guest(mode).hello(methods={"Talk.Whisper": NOBODY}))
                self.innocents_are_well()  # sends a Talk.Whisper to all
                guest.fence()


class RefusingTest(arena.Arena):
    options = ("--contract", "refuse")

    def test_a_contract_that_differs_is_4004(self):
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode, greet=False)
                guest.send(guest.hello(methods={"Talk.Add": NOBODY}))
                self.assertIn("Talk.Add", self.closed(guest, 4004))
            with self.case("but a method that is missing is not, in", mode):
                guest = self.guest(mode, hello=self.guest(mode).hello(methods={"Made.Up": NOBODY}))
                guest.fence()


class WarningTest(arena.Arena):
    options = ("--contract", "warn")

    def test_a_contract_that_differs_is_only_named(self):
        for mode in WITH_SESSIONS:
            with self.case("in", mode):
                guest = self.guest(mode, hello=self.guest(mode).hello(methods={"Talk.Add": NOBODY}))
                self.assertTrue(guest.welcome["payload"]["mismatched"])
                self.assertEqual(guest.ask("Talk.Add", {"numbers": [1, 2]}), {"value": 3})


class LateTest(arena.Arena):
    """The time limit of the greeting is 300 ms."""

    options = ("--greeting-ms", "300")

    def test_a_hello_that_does_not_come_is_4002(self):
        for mode in WITH_SESSIONS:
            with self.case("never, in", mode):
                self.closed(self.guest(mode, greet=False), 4002)
            with self.case("half of it, in", mode):
                guest = self.guest(mode, greet=False)
                whole = arena.websocket.frame(guest.opcode, guest.hello())
                guest.socket.send(whole[:-5])
                self.closed(guest, 4002)
            with self.case("not again after a resume, in", mode):
                guest = self.guest(mode, greet=False)
                guest.send(guest.hello(resume={"token": "a", "epoch": NOBODY if mode == "json" else 0, "received": 0}))
                guest.next()
                self.closed(guest, 4002)

    def test_a_hundred_that_say_nothing_disturb_nobody(self):
        with self.case("a hundred"):
            silent = [self.guest(mode, greet=False) for mode in WITH_SESSIONS for _ in range(50)]
            self.innocents_are_well()
            for guest in silent:
                self.closed(guest, 4002)


if __name__ == "__main__":
    arena.main()
