"""Events: permitted senders, targets, receivers, the reported sender, and the order, whatever the sender writes."""

import json

import arena
from arena import MARK, MODES
from guests import SEQ, binary_frame, flat, method_id

NOBODY = "00000000-0000-4000-8000-000000000000"
SAY = "Talk.Say"  # to OTHERS, ALL, CLIENT, SENDER; has a handler
WHISPER = "Talk.Whisper"  # to OTHERS, ALL, CLIENT; relayed without a handler


class RoutingTest(arena.Arena):
    def line(self, guest, name, text, to, sender):
        """Expects that the next frame is this event."""
        frame = guest.next()
        self.assertEqual((frame["kind"], frame.get("name"), frame["payload"], frame.get("from")),
                         ("event", name, {"text": text}, sender.id), frame)
        if guest.mode != "fbs" or to in ("all", "others"):
            self.assertEqual(frame["to"], to)
        return frame

    def test_only_what_the_schema_lets_a_client_send_goes_out(self):
        for mode in MODES:
            with self.case("an event of the server's, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event("Talk.Arrived", {"text": MARK}, "all"))
                self.kept(guest, "denied")
            with self.case("a call of the server's, in", mode):
                guest = self.guest(mode)
                guest.send(guest.call("Talk.AreYouReady", {"seconds": 1}, 5))
                self.kept(guest, "denied", 5)
            with self.case("a target that is not declared, in", mode):
                guest = self.guest(mode)
                for to in ("server", "sender", "user:anna", "group:Room:red", "group_others:Room:red"):
                    guest.send(guest.event(WHISPER, {"text": MARK}, to))
                    self.kept(guest, "denied")
                guest.send(guest.event("Talk.Report", {"text": MARK}, "all"))
                # The original clients always write `to`, so it has no meaning for an event that
                # only the server receives.
                if mode == "plain":
                    guest.fence()
                else:
                    self.kept(guest, "denied")

    def test_a_target_that_is_nobody_is_unknown(self):
        for mode in MODES:
            with self.case("a client that is not there, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event(WHISPER, {"text": MARK}, NOBODY))
                self.kept(guest, "unknown_target")
            with self.case("a client that has just left, in", mode):
                guest, gone = self.guest(mode), self.guest("json")
                gone.leave()
                # Until the server has received the end of the connection, events to it are lost
                # without an error.
                for attempt in range(10_000):
                    guest.send_all([guest.event(WHISPER, {"text": MARK}, gone.id), guest.call("Lobby.Add", {"numbers": [1]}, attempt + 2)])
                    if (frame := guest.next())["kind"] == "error":
                        break
                self.assertEqual(frame.get("code", "unknown_target"), "unknown_target")
                self.assertEqual(guest.next()["payload"], {"value": 1})
                guest.fence()
        for mode in ("json", "plain"):
            for to in ("", "foo:bar", "id:", "id:" + NOBODY, ":", "all:", "All", " all", "everybody", "x" * 2000, "\u00fc", "id:all",
                       "others\n", "a" * 36,
                       self.innocents[0].id.upper(), self.innocents[0].id + " "):
                with self.case(repr(to)[:40], "in", mode):
                    guest = self.guest(mode)
                    guest.send(guest.event(WHISPER, {"text": MARK}, to))
                    self.kept(guest, "unknown_target")
            for to in ("group:", "group:Room", "group:Room:", "user:"):
                with self.case(to, "in", mode):  # a kind that is not declared and is also malformed
                    guest = self.guest(mode)
                    guest.send(guest.event(WHISPER, {"text": MARK}, to))
                    self.assertIn(self.answered(guest, None if mode == "plain" else "denied").get("code"),
                                  (None, "denied", "unknown_target"))

    def test_receivers_are_those_that_are_named_each_once_in_their_own_format(self):
        text = {"text": "hear"}
        for mode in MODES:
            for name in (SAY, WHISPER):
                with self.case(name, "to all, in", mode, heard=[(name, text)]):
                    guest, others = self.guest(mode), [self.guest(m) for m in MODES]
                    guest.send(guest.event(name, text, "all"))
                    for hearer in (guest, *others):
                        self.line(hearer, name, "hear", "all", guest)
                        hearer.fence()
                for to in ("others", None):
                    with self.case(name, "to others, said" if to else "by default, in", mode, heard=[(name, text)]):
                        guest, others = self.guest(mode), [self.guest(m) for m in MODES]
                        guest.send(guest.event(name, text, to))
                        for hearer in others:
                            self.line(hearer, name, "hear", "others", guest)
                            hearer.fence()
                        guest.fence()
                with self.case(name, "to one, in", mode):
                    guest, others = self.guest(mode), [self.guest(m) for m in MODES]
                    for hearer in others:
                        guest.send(guest.event(name, text, hearer.id))
                        self.line(hearer, name, "hear", hearer.id, guest)
                    for hearer in (guest, *others):
                        hearer.fence()
                with self.case(name, "to oneself, in", mode):
                    guest = self.guest(mode)
                    guest.send(guest.event(name, text, guest.id))
                    self.line(guest, name, "hear", guest.id, guest)
                    guest.fence()
            with self.case("to the sender, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event(SAY, text, "sender"))
                self.line(guest, SAY, "hear", "sender", guest)
        with self.case("id: and the bare id are one"):
            guest, hearer = self.guest("json"), self.guest("json")
            guest.send(guest.event(WHISPER, text, "id:" + hearer.id))
            self.line(hearer, WHISPER, "hear", hearer.id, guest)

    def test_a_handler_may_drop_refuse_and_rewrite(self):
        for mode in MODES:
            with self.case("drop, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event(SAY, {"text": "drop"}, "all"))
                guest.fence()
            with self.case("refuse, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event(SAY, {"text": "refuse"}, "all"))
                self.kept(guest, "denied")
            with self.case("rewrite, in", mode, heard=[(SAY, {"text": "rewritten"})]):
                guest = self.guest(mode)
                guest.send(guest.event(SAY, {"text": "rewrite"}, "all"))
                self.line(guest, SAY, "rewritten", "all", guest)

    def test_several_targets_are_a_union(self):
        text = {"text": "hear"}
        for mode in ("json", "fbs"):
            with self.case("two of three, one of them twice, in", mode):
                guest, others = self.guest(mode), [self.guest(m) for m in MODES]
                a, b, c = others
                guest.send(guest.event(WHISPER, text, [a.id, "id:" + b.id, a.id]))
                for hearer in (a, b):
                    self.assertEqual(hearer.next()["from"], guest.id)
                    hearer.fence()
                c.fence()
                guest.fence()
            with self.case("one of them is not declared, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event(WHISPER, text, ["all", "server"]))
                self.kept(guest, "denied")
            with self.case("one of them is no target, in", mode, heard=None):
                guest = self.guest(mode)
                guest.send(guest.event(WHISPER, {"text": MARK}, ["others", "foo:bar"]))
                self.kept(guest, "unknown_target")
            with self.case("a list in a list of sixteen, in", mode, heard=[(WHISPER, text)]):
                guest = self.guest(mode)
                guest.send(guest.event(WHISPER, text, ["others"] * 16))
                guest.fence()

    def test_except_leaves_out_and_is_not_relayed(self):
        text = {"text": "hear"}
        with self.case("in json"):
            guest, left_out, other = self.guest("json"), self.guest("json"), self.guest("fbs")
            out = [guest.id, left_out.id, *(innocent.id for innocent in self.innocents), NOBODY]
            guest.send(guest.event(WHISPER, text, "all", **{"except": out}))
            self.line(other, WHISPER, "hear", "all", guest)
            for hearer in (guest, left_out, other):
                hearer.fence()
        with self.case("in fbs"):
            guest, left_out, other = self.guest("fbs"), self.guest("fbs"), self.guest("json")
            out = [guest.id, left_out.id, *(innocent.id for innocent in self.innocents), NOBODY]
            extra = flat.write("Extra", {"except": out})
            guest.send(binary_frame(1, SEQ, 3, method_id(WHISPER), extra=extra, payload=guest.payload(WHISPER, text)))
            frame = other.socket.receive_message()[1]
            self.assertNotIn(b"except", frame)
            for hearer in (guest, left_out, other):
                hearer.fence()

    def test_a_payload_that_routes_has_the_last_word(self):
        nobody, back = 1, 2  # bits of Reach
        for mode in MODES:
            with self.case("by default the others, in", mode, heard=[("Talk.Poke", {"text": "x"})]):
                guest = self.guest(mode)
                guest.send(guest.event("Talk.Poke", {"text": "x"}))
                guest.fence()
            with self.case("and the sender, in", mode, heard=[("Talk.Poke", {"text": "x", "reach": back})]):
                guest = self.guest(mode)
                guest.send(guest.event("Talk.Poke", {"text": "x", "reach": back}))
                self.assertEqual(guest.next()["payload"], {"text": "x", "reach": back})
                guest.fence()
            with self.case("nobody, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event("Talk.Poke", {"text": MARK, "reach": nobody | back}))
                guest.fence()
            with self.case("the envelope disagrees, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event("Talk.Poke", {"text": MARK, "reach": nobody}, "sender"))
                self.kept(guest, "denied")
            with self.case("what cannot be read routes nowhere, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event("Talk.Poke", b"\xff" * 32 if mode == "fbs" else b'{"reach":{}}'))
                self.kept(guest, "bad_payload")

    def test_a_body_in_the_message_is_the_same_text_in_every_format(self):
        for mode in MODES:
            with self.case("from", mode, heard=[("Talk.Chat", {"text": "gr\u00fc\u00df \"dich\""})]):
                guest, plain = self.guest(mode), self.guest("plain")
                guest.send(guest.event("Talk.Chat", {"text": "gr\u00fc\u00df \"dich\""}))
                frame = plain.next()
                self.assertEqual((frame["text"], frame["from"]), ("gr\u00fc\u00df \"dich\"", guest.id))
                guest.fence()

    def test_meta_is_relayed_to_sessions_and_bounded(self):
        trace = {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
        for mode in ("json", "fbs"):
            with self.case("from", mode, heard=[(WHISPER, {"text": "m"})]):
                guest, a, b = self.guest(mode), self.guest("json"), self.guest("fbs")
                guest.send(guest.event(WHISPER, {"text": "m"}, meta=trace))
                self.assertEqual(a.next()["meta"], trace)
                self.assertEqual(b.next()["meta"], [{"key": "traceparent", "value": trace["traceparent"]}])

    def test_one_receiver_hears_one_sender_in_order_whatever_the_targets_were(self):
        count = 300
        for mode in MODES:
            with self.case("from", mode, heard=None):
                guest, hearers = self.guest(mode), [self.guest(m) for m in MODES]
                frames = []
                for i in range(count):
                    hearer = hearers[i % 3]
                    to = ("all", "others", hearer.id)[i // 3 % 3]
                    name = (SAY, WHISPER)[i % 2]
                    frames.append((hearer if to == hearer.id else None,
                                   guest.event(name, {"text": "n", "number": i if mode == "fbs" else str(i)}, to)))
                guest.send_all([frame for _, frame in frames])
                for hearer in hearers:
                    wanted = [i for i, (only, _) in enumerate(frames) if only in (None, hearer)]
                    self.assertEqual([int(hearer.next()["payload"].get("number", 0)) for _ in wanted], wanted)
                    hearer.fence()
                # The events to all also return to the guest. After the fence they are on their way
                # to the innocents on every loop.
                for _ in range(sum(i // 3 % 3 == 0 for i in range(count))):
                    guest.next()
                guest.fence()

    def test_errors_without_a_call_are_at_most_ten_in_a_second(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.send_all([guest.event(WHISPER, {"text": MARK}, NOBODY)] * 500)
                errors = 0
                guest.send(guest.call("Lobby.Add", {"numbers": [1]}, 1))
                while (frame := guest.next())["kind"] == "error":
                    errors += 1
                self.assertEqual(frame["payload"], {"value": 1})
                self.assertTrue(10 <= errors < 100, errors)  # ten for each second that the server needs

    def test_an_error_that_answers_no_call_names_the_event_and_the_target_as_they_were_written(self):
        text = {"text": MARK}
        for name, payload, to, code in [
            (WHISPER, text, NOBODY, "unknown_target"), (WHISPER, text, "sender", "denied"), (WHISPER, text, None, "too_large"),
            ("Talk.Arrived", text, "all", "denied"), ("Talk.Add", {}, "all", "bad_frame"), ("Talk.Say", {"text": "refuse"}, "all", "denied"),
            ("Made.Up", None, "others", "unimplemented"), ("Made.Up", None, None, "unimplemented"),
        ]:
            if code == "too_large":
                payload = {"text": "x" * 5000}
            with self.case(name, "to", to, "in json"):
                guest = self.guest("json")
                guest.send(guest.event(name, payload, to))
                named = {"event": name, **({"to": to} if to else {})}
                self.assertEqual(self.answered(guest, code)["payload"], named)
            with self.case(name, "to", to, "in fbs"):
                guest = self.guest("fbs")
                guest.send(guest.event(name, payload, to))
                frame = self.answered(guest, code)
                self.assertEqual((frame["name"], frame.get("to")), (name if name != "Made.Up" else method_id(name), [to] if to else None))
            with self.case(name, "to", to, "in plain, to its sender alone"):
                guest = self.guest("plain")
                if name == "Talk.Add":
                    continue  # in plain mode this name is a call
                guest.send(guest.event(name, payload, to))
                frame = self.answered(guest, None)
                self.assertEqual((frame["to"], frame["from"], "payload" in frame), (guest.id, "server", False))
                self.assertRegex(frame["text"], rf"^{name}: .*\({code}\)$")
        with self.case("spellings, in json"):
            guest = self.guest("json")
            for to in ("foo:bar", "", "id:" + NOBODY, "group:a:b%2fc", "\u00fc", ["all", "foo:bar"], ["id:" + NOBODY], "user:anna"):
                guest.send(guest.event(WHISPER, text, to))
                self.assertEqual(guest.next()["payload"], {"event": WHISPER, "to": to})
        with self.case("lists, in fbs"):
            guest = self.guest("fbs")
            for to in (["all", "foo:bar"], ["group:a:b"], [NOBODY]):
                guest.send(guest.event(WHISPER, text, to))
                self.assertEqual(guest.next()["to"], to)
        with self.case("a name that is none is not repeated in words"):
            guest = self.guest("plain")
            guest.send(guest.event("<" + MARK + ">", text))
            self.assertEqual(self.answered(guest, None)["text"], "unknown event (unimplemented)")

    def test_a_list_of_targets_that_was_not_agreed_is_4001(self):
        for mode in ("json", "fbs"):
            for name, frame in [
                ("of one", lambda guest: guest.event(WHISPER, {"text": MARK}, ["all"])),
                ("of two", lambda guest: guest.event(WHISPER, {"text": MARK}, ["all", "others"])),
                ("left out", lambda guest: guest.event(WHISPER, {"text": MARK}, "all", **{"except": [NOBODY]})),
            ]:
                with self.case(name, "in", mode):
                    guest = self.guest(mode, features=("server_calls",))
                    guest.send(frame(guest))
                    self.closed(guest, 4001)

    def test_checks_have_an_order_and_the_first_that_fails_is_the_answer(self):
        for mode in MODES:
            for what, name, payload, to, code in [
                ("method, size, target", "Made.Up", {"text": "x" * 70000}, "server", "unimplemented"),
                ("direction, size, target", "Talk.Arrived", {"text": "x" * 70000}, "server", "denied"),
                ("size, target declared", WHISPER, {"text": "x" * 5000}, "server", "too_large"),
                ("size, target there", WHISPER, {"text": "x" * 5000}, NOBODY, "too_large"),
                ("target declared, readable", WHISPER, {"text": MARK}, ["server", "foo:bar"], "denied"),
                ("target readable, there", WHISPER, {"text": MARK}, ["foo:bar", NOBODY], "unknown_target"),
                ("target there, payload", SAY, b"\xff" * 32 if mode == "fbs" else b'{"text":5}', NOBODY, "unknown_target"),
                ("target there, handler refuses", SAY, {"text": "refuse"}, NOBODY, "unknown_target"),
                ("target there, handler drops", SAY, {"text": "drop"}, NOBODY, "unknown_target"),
            ]:
                if mode == "plain" and isinstance(to, list):
                    continue
                if mode == "fbs" and name == "Made.Up":
                    payload = b"x" * 70000
                with self.case(what, "in", mode):
                    guest = self.guest(mode)
                    guest.send(guest.event(name, payload, to))
                    frame = self.kept(guest, code)
                    if mode == "plain":
                        self.assertIn(f"({code})", frame["text"])

    def test_of_a_list_whoever_is_there_receives(self):
        text = {"text": "hear"}
        for mode in MODES[:2]:
            with self.case("in", mode):
                guest, hearer = self.guest(mode), self.guest("json")
                for name in (WHISPER, SAY):
                    guest.send(guest.event(name, text, [NOBODY, hearer.id]))
                    self.assertEqual(hearer.next()["payload"], text)
                    guest.fence()
                    guest.send(guest.event(name, text, [NOBODY, "11111111" + NOBODY[8:]]))
                    self.kept(guest, "unknown_target")

    def test_who_agreed_to_no_lists_is_told_of_none(self):
        text = {"text": "hear"}
        for mode in MODES[:2]:
            with self.case("from", mode):
                guest, hearers = self.guest(mode), [self.guest(m, features=()) for m in MODES[:2]]
                guest.send(guest.event(WHISPER, text, [hearer.id for hearer in hearers]))
                for hearer in hearers:
                    frame = hearer.next()
                    self.assertEqual((frame["name"], frame["payload"], frame["from"], frame.get("to")), (WHISPER, text, guest.id, None))
                    hearer.fence()

    def test_what_a_receiver_does_not_accept_it_does_not_get(self):
        small, large = {"text": "x" * 10}, {"text": "x" * 500}
        for mode in MODES:
            for hears in ("json", "fbs"):
                with self.case("from", mode, "to", hears, heard=[(SAY, large), (SAY, small)]):
                    guest, other = self.guest(mode), self.guest("json")
                    # This client has not declared the method, so the method's own limit does not
                    # apply to it.
                    modest = self.guest(hears, limits={"max_message": 100})
                    guest.send_all([guest.event(SAY, large, "all"), guest.event(SAY, small, "all")])
                    self.line(other, SAY, large["text"], "all", guest)
                    self.line(other, SAY, small["text"], "all", guest)
                    self.line(modest, SAY, small["text"], "all", guest)
                    modest.fence()
                    for line in (large, small):
                        self.line(guest, SAY, line["text"], "all", guest)
                    guest.send(guest.event(WHISPER, large, modest.id))
                    guest.fence()
                    modest.fence()


if __name__ == "__main__":
    arena.main()
