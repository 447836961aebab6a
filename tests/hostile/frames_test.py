"""Wrong envelopes: the frozen vectors unchanged, cut short and with flipped bits, unexpected members, and kinds of features that were
not agreed."""

import json
import re
import struct

import arena
import flat
from arena import MARK, MODES, WITH_SESSIONS
from guests import EXTRA, ID, KINDS, OPT, PEER, RE, SEQ, binary_frame, method_id

ADD, SAY, WHISPER = method_id("Lobby.Add"), method_id("Talk.Say"), method_id("Talk.Whisper")


def verdict(frame):
    """The result that schema/parley/envelope.fbs (section 7) requires for a binary frame from a
    client that has not agreed on streams, resume and the like, has made no call and has received
    none: the close code, "kept", or None if it depends on the Extra section."""
    if len(frame) < 8:
        return 4001
    kind, flags, target, words, _ = struct.unpack_from("<BBBBI", frame)
    sections = 8 + 8 * bool(flags & ID) + 16 * bool(flags & PEER)
    if flags & 0x80 or 8 * words > len(frame) or 8 * words < sections or (not flags & EXTRA and 8 * words != sections):
        return 4001
    name = KINDS.get(kind)
    if name is None and kind not in (6, 7, 8, 17, 18, 24, 25):
        return "kept" if flags & OPT else 4001
    if name == "hello":
        return None if flags & EXTRA else 4001 if flags & (ID | PEER | RE | 0x20) or target else 4002
    if name not in ("event", "call", "error", "ping", "pong") or flags & 0x20:
        return 4001
    number = struct.unpack_from("<Q", frame, 8)[0] if flags & ID else None
    wants_id = name != "event" and name != "error"  # an error with `re` answers a call that was never made
    if (number is not None) != wants_id or flags & RE or number is not None and not 0 < number < 1 << 53:
        return 4001
    if name not in ("event", "call"):
        if target or flags & PEER:
            return 4001
    elif bool(flags & PEER) != (target == 5):
        return 4001
    elif target in (6, 7, 8, 9) and not flags & EXTRA:
        return 4001
    return None if flags & EXTRA else "kept"


class VectorTest(arena.Arena):
    def outcome(self, mode, content):
        """Sends one frame. Returns the list of answers, and the close code or None."""
        probe = object.__new__(arena.Guest)
        probe.mode = mode
        end = probe.call("Lobby.Add", {"numbers": []}, "end") if mode == "plain" else probe.ping(7_000_001)
        guest = arena.Guest(self.port, mode, at_once=[content, end])
        answers = []
        try:
            while True:
                frame = guest.next()
                if frame["kind"] == "pong" and frame["id"] == 7_000_001 or frame.get("re") == "end":
                    return answers, None
                answers.append(frame)
        except arena.Closed as closed:
            return answers, closed.code
        finally:
            guest.vanish()

    def test_frames_that_are_refused_are_refused_over_the_wire_as_well(self):
        for vector in arena.vectors("refused.txt"):
            if vector["from"] != "client":
                continue
            mode = vector["format"]
            with self.case(vector["name"], "in", mode):
                content = bytes.fromhex(vector["frame"]) if mode == "fbs" else vector["frame"].encode()
                answers, code = self.outcome(mode, content)
                if wanted := re.fullmatch(r"close (\d+)", vector["answer"]):
                    self.assertEqual((answers, code), ([], int(wanted[1])))
                    continue
                self.assertIsNone(code)
                self.assertEqual([frame["kind"] for frame in answers], ["error"])
                name, _, answered = vector["answer"].partition(" re=")
                if mode != "plain" or answered:
                    self.assertEqual((answers[0]["code"], answers[0].get("re")), (name, json.loads(answered) if answered else None))

    def test_frames_that_are_accepted_are_accepted_over_the_wire_as_well(self):
        for vector in arena.vectors("accepted.txt"):
            if vector["from"] != "client":
                continue
            mode = vector["format"]
            with self.case(vector["name"], "in", mode, heard=None):
                content = bytes.fromhex(vector["frame"]) if mode == "fbs" else vector["frame"].encode()
                answers, code = self.outcome(mode, content)
                self.assertIsNone(code)
                for frame in answers:
                    self.assertNotEqual(frame.get("code"), "bad_frame", frame)

    def test_binary_frames_cut_short_or_with_a_flipped_bit_are_judged_as_specified(self):
        for vector in arena.vectors("frames.fbs.txt"):
            whole = bytes.fromhex(vector["frame"])
            broken = [whole, *(whole[:length] for length in range(len(whole)))]
            broken += [whole[:i] + bytes([whole[i] ^ 1 << bit]) + whole[i + 1:] for i in range(len(whole)) for bit in range(8)]
            with self.case(vector["name"], "in", len(broken), "variants", heard=None):
                for content in broken:
                    answers, code = self.outcome("fbs", content)
                    wanted = verdict(content)
                    if wanted is None:
                        self.assertIn(code, (None, 4001, 4002), content.hex())
                    else:
                        self.assertEqual("kept" if code is None else code, wanted, (content.hex(), answers))
                    self.assertNotIn("bad_frame", [frame.get("code") for frame in answers if content[0] != 2], content.hex())

    def test_json_frames_cut_short_are_bad_frames(self):
        for mode in ("json", "plain"):
            for vector in arena.vectors(f"frames.{mode}.txt"):
                whole = vector["frame"].encode()
                with self.case(vector["name"], "in", mode):
                    self.all_answered(mode, [whole[:length] for length in range(len(whole))], {"bad_frame"}, {1007})

    def test_json_frames_with_a_byte_replaced_are_answered_or_closed(self):
        for mode in ("json", "plain"):
            for shift, vector in enumerate(arena.vectors(f"frames.{mode}.txt")):
                whole = vector["frame"].encode()
                bytes_of = b'"\\{}[]:,0-\x00\xffe'
                broken = [whole[:i] + bytes([bytes_of[(i + shift) % len(bytes_of)]]) + whole[i + 1:] for i in range(len(whole))]
                with self.case(vector["name"], "in", mode, heard=None):
                    self.all_answered(mode, broken, None, {1007, 4001, 4002})

    def all_answered(self, mode, contents, codes, closes):
        """Sends the contents one after the other, on one connection while it stays open. Ten errors
        in a second are answered, so each connection gets ten frames. `codes` are the expected codes
        of the answers, or None for any. Each close must have one of the codes `closes`, and 1007
        only for content that is not UTF-8."""
        guest, sent = None, 0
        for content in contents:
            if guest is None:
                guest, sent = arena.Guest(self.port, mode), 0
            try:
                guest.send(content)
                frames = []
                guest.send(guest.call("Lobby.Add", {"numbers": []}, "end") if mode == "plain" else guest.ping(7_000_001))
                while (frame := guest.next())["kind"] != "pong" and frame.get("re") != "end":
                    frames.append(frame)
                if codes:
                    self.assertEqual({(frame["kind"], frame.get("code", "bad_frame")) for frame in frames},
                                     {("error", code) for code in codes})
                sent += 1
                used = any("re" in frame for frame in frames)  # the id must not be used again
            except arena.Closed as closed:
                self.assertIn(closed.code, closes, content)
                self.assertEqual(closed.code == 1007, not self.is_utf_8(content), content)
                used = True
            if used or sent == 10:
                guest.vanish()
                guest = None
        if guest:
            guest.vanish()

    @staticmethod
    def is_utf_8(content):
        try:
            content.decode()
            return True
        except UnicodeDecodeError:
            return False

class EnvelopeTest(arena.Arena):
    def test_what_is_not_an_envelope_is_a_bad_frame(self):
        deep = 30_000
        for name, text in [
            ("nothing", ""), ("a word", MARK), ("a number", "7"), ("a string", '"Lobby.Add"'), ("null", "null"), ("spaces", " " * 1000),
            ("an object in a list", '[{"event_name":"Lobby.Add"}]'),
            ("two objects", '{"event_name":"Lobby.Add"}{"event_name":"Lobby.Add"}'),
            ("a comma too many", '{"event_name":"Talk.Say",}'), ("a comma in front", '{,"event_name":"Talk.Say"}'),
            ("single quotes", "{'event_name':'Talk.Say'}"), ("no quotes", "{event_name:1}"),
            ("a comment", '{"event_name":"Talk.Say"/*x*/}'),
            ("a byte order mark", '\ufeff{"event_name":"Talk.Say"}'), ("a zero byte", '{"event_name":"Talk.Say"}\0'),
            ("a control character in a string", '{"event_name":"Talk.Say\n"}'), ("an unknown escape", '{"event_name":"Talk.S\\ay"}'),
            ("half a surrogate pair", '{"event_name":"Talk.Say","x":"\\ud800"}'),
            ("the other half", '{"event_name":"Talk.Say","x":"\\udc00"}'),
            ("braces", "{" * deep), ("brackets", "[" * deep), ("nested members", '{"a":' * deep),
            ("a deep member", '{"event_name":"x","a":' + "[" * deep),
            ("a deep member that closes", '{"event_name":"x","a":' + "[" * deep + "]" * deep + "}"), ("quotes", '"' * deep),
            ("commas", "," * deep),
            ("1000 members", "{" + ",".join(f'"m{i}":0' for i in range(1000)) + "}"),
            ("an unclosed string", '{"event_name":"' + "a" * deep), ("backslashes", '{"event_name":"' + "\\" * deep),
            ("a number without end", '{"event_name":"x","a":' + "9" * deep), ("a name of 129 bytes", '{"event_name":"%s"}' % ("a" * 129)),
        ]:
            for mode in ("json", "plain"):
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    guest.send(text)
                    frame = guest.next()
                    # A long name of an unknown event is well-formed in plain mode.
                    self.assertIn(frame.get("code", "bad_frame"), ("bad_frame", "unimplemented"))
                    self.assertNotIn(MARK, frame["text"])
                    guest.fence()

    def test_members_out_of_their_bounds_are_bad_frames_and_a_sound_id_is_used_up(self):
        numbers = '"payload":{"numbers":[1]}'
        for name, members in [
            ("deadline -1", '"deadline_ms":-1'), ("deadline 1.5", '"deadline_ms":1.5'), ("deadline 2^32", '"deadline_ms":4294967296'),
            ("a deadline in words", '"deadline_ms":"soon"'), ("meta of 17 entries",
                                                              '"meta":{%s}' % ",".join(f'"k{i}":""' for i in range(17))),
            ("meta of 1025 bytes", '"meta":{"k":"%s"}' % ("a" * 1024)), ("a reason of 129 bytes", '"reason":"%s"' % ("a" * 129)),
            ("a member twice", '"x":1,"x":2'), ("two payloads", numbers),
            ("a target that is a number", '"to":7'), ("an empty list of targets", '"to":[]'),
            ("17 targets", '"to":%s' % json.dumps(["all"] * 17)),
            ("seq 0", '"seq":0'), ("ack -1", '"ack":-1'), ("a key of 65 bytes", '"key":"%s"' % ("k" * 65)), ("opt 1", '"opt":1'),
            ("an infinite deadline", '"deadline_ms":1e999'), ("a deadline of many digits", '"deadline_ms":' + "1" * 3000),
        ]:
            for order in ("before", "behind"):
                with self.case(name, order, "the id"):
                    guest = self.guest("json")
                    parts = ['"id":7', members] if order == "behind" else [members, '"id":7']
                    guest.send('{"event_name":"Lobby.Add",%s,%s}' % (",".join(parts), numbers))
                    self.kept(guest, "bad_frame", 7)
                    guest.send(guest.call("Lobby.Add", {"numbers": [1]}, 7))
                    self.closed(guest, 4001)

    def test_ids_that_are_none_are_bad_frames_without_re_and_use_nothing_up(self):
        for number in ("0", "-1", "1.5", "9007199254740992", "1e300", "1e999", '"1"', "true", "[1]", "{}", "-0"):
            with self.case(number):
                guest = self.guest("json")
                guest.send('{"event_name":"Lobby.Add","id":%s,"payload":{"numbers":[1]}}' % number)
                self.kept(guest, "bad_frame")
                self.assertEqual(guest.ask("Lobby.Add", {"numbers": [1]}), {"value": 1})
        for number in (0, 1 << 53, (1 << 64) - 1):
            with self.case(number, "in binary"):
                guest = self.guest("fbs")
                guest.send(guest.call("Lobby.Add", {"numbers": [1]}, number))
                self.closed(guest, 4001)

    def test_a_call_needs_an_id_and_an_event_has_none(self):
        with self.case("a call without, in json"):
            guest = self.guest("json")
            guest.send('{"event_name":"Lobby.Add","payload":{"numbers":[1]}}')
            self.kept(guest, "bad_frame")
        with self.case("an event with, in json"):
            guest = self.guest("json")
            guest.send('{"event_name":"Talk.Whisper","id":1,"payload":{"text":"%s"}}' % MARK)
            self.kept(guest, "bad_frame", 1)
        with self.case("a call without, in fbs"):
            guest = self.guest("fbs")
            guest.send(guest.event("Lobby.Add", {"numbers": [1]}))
            self.kept(guest, "bad_frame")
        with self.case("an event as a call, in fbs"):
            guest = self.guest("fbs")
            guest.send(guest.call("Talk.Whisper", {"text": MARK}, 1))
            self.kept(guest, "bad_frame", 1)
        with self.case("a call without, in plain"):
            guest = self.guest("plain")
            guest.send('{"event_name":"Lobby.Add","payload":{"numbers":[1,2]}}')
            answer = guest.next()
            self.assertEqual((answer["payload"], "re" in answer), ({"value": 3}, False))

    def test_id_and_re_in_one_frame_is_4001(self):
        with self.case("in json"):
            guest = self.guest("json")
            guest.send('{"event_name":"Lobby.Add","id":1,"re":1}')
            self.closed(guest, 4001)

    def test_unknown_methods_are_unimplemented(self):
        for mode in MODES:
            # A plain error names the event in its text, because it has no other place for it.
            name = "Talk.Unknown" if mode == "plain" else MARK
            with self.case("an event in", mode):
                guest = self.guest(mode)
                guest.send(guest.event(12345 if mode == "fbs" else name, None if mode == "fbs" else b"{}", "all"))
                self.kept(guest, "unimplemented")
            with self.case("a call in", mode):
                guest = self.guest(mode)
                if mode == "fbs":
                    guest.send(guest.call(12345, None, 5))
                    self.kept(guest, "unimplemented", 5)
                    guest.send(guest.call("Lobby.Add", {"numbers": [1]}, 5))
                    self.closed(guest, 4001)
                else:
                    guest.send('{"event_name":"%s","id":5,"payload":{}}' % name)
                    self.kept(guest, "unimplemented", 5)
        with self.case("method 0 in fbs"):
            guest = self.guest("fbs")
            guest.send(binary_frame(1, SEQ, 3, 0))
            self.kept(guest, "unimplemented")
        for name in ("$hello", "$ping", "$later", "error", "", " "):
            with self.case(repr(name), "in plain"):
                guest = self.guest("plain")
                guest.send(json.dumps({"event_name": name, "payload": {"a": MARK}, "to": "all"}))
                frame = guest.next()
                self.assertEqual((frame["kind"], frame["from"]), ("error", "server"))
                guest.fence()

    def test_kinds_of_features_that_were_not_agreed_are_4001(self):
        for name, text in [
            ("item", '"$item","id":1,"payload":{}'), ("end", '"$end","id":1'), ("mark", '"$mark","seq":1'), ("ack", '"$ack","ack":0'),
            ("credit", '"$credit","id":1,"payload":{"limit":1}'), ("gap", '"$gap","payload":{}'), ("auth", '"$auth","payload":{}'),
            ("goaway", '"$goaway","payload":{}'), ("welcome", '"$welcome","payload":{"revision":1}'), ("an unknown one", '"$later"'),
            ("a call that is to run once", '"Lobby.Add","id":1,"key":"k","payload":{"numbers":[]}'),
        ]:
            with self.case(name, "in json"):
                guest = self.guest("json")
                guest.send('{"event_name":%s}' % text)
                self.closed(guest, 4001)
        once = flat.write("Extra", {"key": "k"})
        for name, content in [
            ("item", binary_frame(6, number=1)), ("end", binary_frame(7, SEQ, number=1)), ("part", binary_frame(8, number=1)),
            ("mark", binary_frame(16, number=1)), ("ack", binary_frame(17, number=0)),
            ("credit", binary_frame(18, number=1, payload=bytes(8))),
            ("gap", binary_frame(24)), ("auth", binary_frame(25)), ("goaway", binary_frame(23)), ("welcome", binary_frame(22)),
            ("a message in parts", binary_frame(2, SEQ | 0x20, method=ADD, number=1)), ("an unknown one", binary_frame(0x7E)),
            ("a call that is to run once", binary_frame(2, SEQ, method=ADD, number=1, extra=once)),
        ]:
            with self.case(name, "in fbs"):
                guest = self.guest("fbs")
                guest.send(content)
                self.closed(guest, 4001)
        for name, mode, content in [("json", "json", b'{"event_name":"$later","opt":true,"payload":[1]}'),
                                    ("fbs", "fbs", binary_frame(0x7E, OPT))]:
            with self.case("an unknown one that may be ignored, in", name):
                guest = self.guest(mode)
                guest.send(content)
                guest.fence()

    def test_lists_of_targets_need_the_feature(self):
        with self.case("in json"):
            guest = self.guest("json", features=())
            guest.send(guest.event("Talk.Whisper", {"text": MARK}, ["all"]))
            self.closed(guest, 4001)
        with self.case("with exceptions, in json"):
            guest = self.guest("json", features=())
            guest.send('{"event_name":"Talk.Whisper","to":"all","except":["%s"],"payload":{}}' % guest.id)
            self.closed(guest, 4001)
        with self.case("in fbs"):
            guest = self.guest("fbs", features=())
            guest.send(guest.event("Talk.Whisper", {"text": MARK}, ["all"]))
            self.closed(guest, 4001)
        with self.case("except, in fbs"):
            guest = self.guest("fbs", features=())
            guest.send(binary_frame(1, SEQ, 3, WHISPER, extra=flat.write("Extra", {"except": [guest.id]})))
            self.closed(guest, 4001)

    def test_extras_that_are_no_tables_or_exceed_their_bounds_are_4001(self):
        shared = flat.Writer()
        places = []
        root = shared.table("Extra", {"to": places.append})
        vector, offsets = shared.offsets(400)
        text = shared.string("all")
        shared.point(places[0], vector)
        for offset in offsets:
            shared.point(offset, text)
        bomb = shared.finish(root)

        shared = flat.Writer()
        places = []
        root = shared.table("Extra", {"to": places.append})
        vector, offsets = shared.offsets(16)
        text = shared.string("id:" + "a" * 100)
        shared.point(places[0], vector)
        for offset in offsets:
            shared.point(offset, text)
        twice = shared.finish(root)

        def whole(**members):
            return flat.write("Extra", members)

        for name, extra, target in [
            ("400 offsets to one string", bomb, 9), ("16 offsets to one string", twice, 9), ("zeros", bytes(16), 3),
            ("a root outside", struct.pack("<I", 4096) + bytes(12), 3),
            ("a root that wraps around", struct.pack("<I", 0xFFFFFFFC) + bytes(12), 3),
            ("0xff", b"\xff" * 64, 3), ("a root in the root", struct.pack("<I", 0) + bytes(12), 3),
            ("a text that is not UTF-8", whole(text=flat.Raw(b"\xff\xfe")), 3), ("a text of 513 bytes", whole(text="a" * 513), 3),
            ("17 entries of meta", whole(meta=[{"key": f"k{i}", "value": ""} for i in range(17)]), 3),
            ("1025 bytes of meta", whole(meta=[{"key": "k", "value": "a" * 1024}]), 3),
            ("a meta key in capitals", whole(meta=[{"key": "K", "value": ""}]), 3), ("17 targets", whole(to=["all"] * 17), 9),
            ("a slot of 257 bytes", whole(slot=bytes(257)), 3), ("no targets", whole(to=[]), 9),
            ("a key of 65 bytes", whole(key="k" * 65), 3),
        ]:
            with self.case(name):
                guest = self.guest("fbs")
                guest.send(binary_frame(1, SEQ, target, WHISPER, extra=extra, payload=guest.payload("Talk.Whisper", {"text": MARK})))
                self.closed(guest, 4001)

    def test_targets_and_peers_that_do_not_belong_are_4001(self):
        peer = bytes(range(16))
        for name, content in [
            ("ALL and a peer", binary_frame(1, SEQ, 3, WHISPER, peer=peer)),
            ("no target and a peer", binary_frame(1, SEQ, 0, WHISPER, peer=peer)),
            ("CLIENT without a peer", binary_frame(1, SEQ, 5, WHISPER)), ("a target on a ping", binary_frame(19, 0, 3, number=1)),
            ("a peer on a call", binary_frame(2, SEQ, 0, ADD, number=1, peer=peer)),
            ("GROUP without its name", binary_frame(1, SEQ, 7, WHISPER)),
            ("USER without its name", binary_frame(1, SEQ, 6, WHISPER)), ("several without a list", binary_frame(1, SEQ, 9, WHISPER)),
            ("an id on an event", binary_frame(1, SEQ, 3, WHISPER, number=1)),
            ("a re on a call", binary_frame(2, SEQ | RE, 0, ADD, number=1)),
        ]:
            with self.case(name):
                guest = self.guest("fbs")
                guest.send(content)
                self.closed(guest, 4001)
        with self.case("an unknown target is only unknown"):
            guest = self.guest("fbs")
            guest.send(binary_frame(1, SEQ, 99, WHISPER))
            self.kept(guest, "unknown_target")

    def test_claims_of_who_one_is_are_passed_over(self):
        for mode in ("json", "plain"):
            for claim in ("server", self.innocents[0].id, 7, None, {"a": [1]}, ["x"], "a" * 2000):
                with self.case(str(claim)[:40], "in", mode, heard=[("Talk.Whisper", {"text": "I?"})]):
                    guest = self.guest(mode)
                    guest.send(json.dumps({"from_id": claim, "event_name": "Talk.Whisper", "to": "all", "payload": {"text": "I?"}}))
                    frame = guest.next()
                    self.assertEqual((frame["payload"], frame["from"]), ({"text": "I?"}, guest.id))
        for member in ("sender", "peer"):
            with self.case("an unknown member called", member, heard=[("Talk.Whisper", {"text": "I?"})]):
                guest = self.guest("json")
                guest.send(json.dumps({"event_name": "Talk.Whisper", "to": "all", member: "server", "payload": {"text": "I?"}}))
                self.assertEqual(guest.next()["from"], guest.id)

    def test_plain_frames_of_the_original_are_accepted(self):
        for name, text in [
            ("null for everything", '{"event_name":"Lobby.Add","payload":null,"to":null,"from_id":null,"message":null}'),
            ("a call to others", '{"event_name":"Lobby.Add","to":"others","payload":{}}'),
            ("a call to somebody", '{"event_name":"Lobby.Add","to":"%s","payload":{}}' % self.innocents[0].id),
            ("a websocket key", '{"event_name":"Lobby.Add","websocket":{"a":1},"payload":{}}'),
            ("without a payload", '{"event_name":"Lobby.Add"}'),
        ]:
            with self.case(name):
                guest = self.guest("plain")
                guest.send(text)
                frame = guest.next()
                self.assertEqual((frame["kind"], frame["payload"]), ("reply", {}))
        with self.case("an event for the server, to others"):
            guest = self.guest("plain")
            guest.send('{"event_name":"Talk.Report","to":"others","payload":{"text":"x"}}')
            guest.fence()
        with self.case("any integer or short text is an id"):
            guest = self.guest("plain")
            for number in (0, -5, 12345678901234567890, "", "x" * 64, "ü\"\\\n"):
                guest.send(json.dumps({"event_name": "Lobby.Add", "id": number}))
                self.assertEqual(guest.next()["re"], number)
        with self.case("an id twice in flight"):
            guest = self.guest("plain")
            guest.send_all([b'{"event_name":"Probe.Hold","id":"a"}', b'{"event_name":"Probe.Hold","id":"a"}'])
            self.kept(guest, "bad_frame", "a")
        with self.case("NaN is no JSON, and is found where the payload is decoded"):
            guest = self.guest("plain")
            guest.send('{"event_name":"Lobby.Add","payload":{"numbers":[NaN]}}')
            self.kept(guest, "bad_payload")


class DroppingTest(arena.Arena):
    options = ("--drop", "yes", "--quiet", "yes")

    def test_the_strict_switches_do_what_the_original_did(self):
        with self.case("what is malformed drops the connection, in plain mode only"):
            guest = self.guest("plain")
            guest.send("garbage")
            guest.closing()
            guest = self.guest("json")
            guest.send("garbage")
            self.kept(guest, "bad_frame")
        with self.case("nobody is told of an unknown target"):
            guest = self.guest("plain")
            guest.send(guest.event("Talk.Whisper", {"text": MARK}, "00000000-0000-4000-8000-000000000000"))
            guest.fence()


class RelayingTest(arena.Arena):
    options = ("--relay-unknown", "yes")
    innocent_modes = ("json", "fbs", "plain")

    def test_unknown_events_reach_json_and_plain_guests_only(self):
        for mode in ("json", "plain"):
            with self.case("from", mode, heard=None):
                guest, others = self.guest(mode), [self.guest(m) for m in MODES]
                guest.send('{"event_name":"msg","payload":{"a":[1, 2.50 ,"ü"]},"to":"others"}')
                for other in others:
                    if other.mode != "fbs":
                        frame = other.next()
                        self.assertEqual((frame["name"], frame["payload"], frame["from"]), ("msg", {"a": [1, 2.5, "ü"]}, guest.id))
                    other.fence()
                guest.fence()
        for name, text, code in [
            ("a $ name", '{"event_name":"$msg","payload":{},"to":"all"}', None),
            ("an ill-formed payload", '{"event_name":"msg","payload":{"a":[1,]}}', None),
            ("65 deep", '{"event_name":"msg","payload":%s}' % ("[" * 65 + "]" * 65), None),
            ("too large", '{"event_name":"msg","payload":"%s"}' % ("a" * 65536), None),
        ]:
            with self.case(name, "is not relayed"):
                guest = self.guest("plain")
                guest.send(text)
                self.kept(guest, code)
        with self.case("fbs has no unknown events"):
            guest = self.guest("fbs")
            guest.send(guest.event(12345, None, "all"))
            self.kept(guest, "unimplemented")


if __name__ == "__main__":
    arena.main()
