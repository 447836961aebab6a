"""Payloads that do not fit their type, that are deeper, larger or more complex than allowed, or
that are not payloads at all. No client receives a payload that another end could not read.
"""

import json
import random
import struct

import arena
import flat
from arena import MARK, MODES
from guests import SEQ, binary_frame, method_id

PLANT = "Probe.Plant"  # relayed without a handler
COUNT = "Probe.Count"  # decoded

# Values that do not fit the field of Tree that they are put into.
WRONG = [
    ("a number for a string", '{"name":7}'), ("a list for a string", '{"name":["%s"]}' % MARK), ("an object for a list", '{"children":{}}'),
    ("a number in a list of objects", '{"children":[{},7]}'), ("null in a list", '{"children":[null]}'), ("a list for the whole", "[1]"),
    ("a string for the whole", '"%s"' % MARK), ("true for the whole", "true"), ("a number for a map", '{"notes":7}'),
    ("a number in a map of strings", '{"notes":{"a":7}}'), ("bytes that are no base64", '{"blob":"?"}'),
    ("2^31 for an int32", '{"numbers":[2147483648]}'),
    ("half an int32", '{"numbers":[1.5]}'), ("1e99 for an int32", '{"numbers":[1e99]}'),
    ("an int32 of 10,000 digits", '{"numbers":[%s]}' % ("9" * 10000)),
    ("a word for an int32", '{"numbers":["%s"]}' % MARK), ("1e400 anywhere", '{"anything":1e400}'),
    ("-1e400 anywhere", '{"anything":-1e400}'),
    ("a list for a Struct", '{"fields":[]}'), ("a field twice", '{"name":"a","name":"b"}'),
    ("deep down", '{"children":[{"children":[{"children":[{"name":7}]}]}]}'),
]

def nested_json(depth):
    """Objects and lists inside each other. `depth` counts both."""
    lists = depth - 1
    return b'{"anything":' + b"[" * lists + b"]" * lists + b"}"


def nested_flat(depth):
    """Tables inside each other."""
    writer = flat.Writer()
    places = []
    root = writer.table("Tree", {"children": places.append} if depth > 1 else {})
    for level in range(2, depth + 1):
        vector, offsets = writer.offsets(1)
        writer.point(places.pop(), vector)
        writer.point(offsets[0], writer.table("Tree", {"children": places.append} if level < depth else {}))
    return writer.finish(root)


def dag(levels, width):
    """A tree in which every level is a vector of offsets that all point to the one tree below:
    width ^ levels nodes."""
    writer = flat.Writer()
    places = []
    root = tree = writer.table("Tree", {"children": places.append})
    for level in range(levels):
        vector, offsets = writer.offsets(width)
        writer.point(places.pop(), vector)
        tree = writer.table("Tree", {"children": places.append} if level + 1 < levels else {})
        for offset in offsets:
            writer.point(offset, tree)
    return writer.finish(root)


def shared_strings(count, length):
    """One long string, and this number of offsets to it."""
    writer = flat.Writer()
    places = []
    root = writer.table("Tree", {"words": places.append})
    vector, offsets = writer.offsets(count)
    writer.point(places[0], vector)
    text = writer.string("a" * length)
    for offset in offsets:
        writer.point(offset, text)
    return writer.finish(root)


def raw_table(fields, inline, behind=b""):
    """A root table with the given vtable and content."""
    vtable = struct.pack("<HH", 4 + 2 * len(fields), 4 + len(inline)) + b"".join(struct.pack("<H", field) for field in fields)
    vtable += bytes(-len(vtable) % 4)
    return struct.pack("<I", 4 + len(vtable)) + vtable + struct.pack("<i", len(vtable)) + inline + behind


class PayloadTest(arena.Arena):
    def test_a_call_whose_payload_has_a_wrong_type_is_a_bad_payload(self):
        for name, payload in WRONG:
            for mode in ("json", "plain"):
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    guest.send(guest.call(COUNT, payload.encode(), 5))
                    self.kept(guest, "bad_payload", 5)
                    guest.send(guest.call(COUNT, b"{}", 6))
                    self.assertEqual(guest.next()["kind"], "reply")

    def test_an_event_with_a_wrong_payload_reaches_nobody_where_one_receiver_is_binary(self):
        for name, payload in WRONG:
            for mode in ("json", "plain"):
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    guest.send(guest.event(PLANT, payload.encode(), "all"))
                    self.kept(guest, "bad_payload")
        for name, payload in self.broken_buffers():
            with self.case(name, "in fbs"):
                guest = self.guest("fbs")
                guest.send(guest.event(PLANT, payload, "all"))
                self.kept(guest, "bad_payload")

    def test_an_event_for_the_server_with_a_wrong_payload_is_a_bad_payload(self):
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                payload = b"\xff" * 64 if mode == "fbs" else b'{"name":7}'
                guest.send(guest.event("Probe.Bury", payload))
                self.kept(guest, "bad_payload")

    @staticmethod
    def broken_buffers():
        far = 0x7FFFFFF0
        return [
            ("three bytes", b"\1\2\3"), ("zeros", bytes(64)), ("0xff", b"\xff" * 64),
            ("a root behind the end", struct.pack("<I", 64) + bytes(60)),
            ("a root in the middle of nowhere", struct.pack("<I", 0xFFFFFFF0) + bytes(60)),
            ("a root that is not aligned", struct.pack("<I", 7) + bytes(57)),
            ("a vtable before the buffer", struct.pack("<Ii", 4, far) + bytes(56)),
            ("a vtable behind the buffer", struct.pack("<Ii", 4, -far) + bytes(56)),
            ("an odd vtable", struct.pack("<Iii", 8, 0, 1) + bytes(52)),
            ("a vtable of 2 bytes", struct.pack("<IHHi", 8, 2, 4, 4) + bytes(8)),
            ("a vtable of odd length", struct.pack("<IHHi", 8, 7, 4, 4) + bytes(8)),
            ("a vtable longer than the buffer", struct.pack("<IHHi", 8, 0xFFFE, 4, 4)),
            ("a table longer than the buffer", struct.pack("<IHHi", 8, 4, 0xFFFF, 4)),
            ("a table without its first word", struct.pack("<IHHi", 8, 4, 2, 4)),
            ("a field behind its table", raw_table([100], bytes(4))), ("a field in the table's first word", raw_table([2], bytes(4))),
            ("a field that is not aligned", raw_table([5], bytes(8))), ("a string behind the end", raw_table([4], struct.pack("<I", 4096))),
            ("a string whose offset wraps around", raw_table([4], struct.pack("<I", 0xFFFFFFF8))),
            ("a string at offset 0", raw_table([4], struct.pack("<I", 0))),
            ("a string longer than the buffer", raw_table([4], struct.pack("<I", 4), struct.pack("<I", 4096) + b"abc\0")),
            ("a string of 2^32-1 bytes", raw_table([4], struct.pack("<I", 4), struct.pack("<I", 0xFFFFFFFF) + b"abc\0")),
            ("a string without its NUL", raw_table([4], struct.pack("<I", 4), struct.pack("<I", 4) + b"abcd")),
            ("a string that is not UTF-8", flat.write("Tree", {"name": flat.Raw(b"a\xff")})),
            ("a string with a surrogate", flat.write("Tree", {"name": flat.Raw(b"\xed\xa0\x80")})),
            ("a vector of 2^30 trees", raw_table([0, 4], struct.pack("<I", 4), struct.pack("<I", 1 << 30) + bytes(64))),
            ("a vector of 2^30 numbers", raw_table([0] * 6 + [4], struct.pack("<I", 4), struct.pack("<I", 1 << 30) + bytes(64))),
            ("a Value of kind 6", flat.write("Tree", {"anything": {"kind": 6}})),
            ("65 deep", nested_flat(65)), ("2000 deep", nested_flat(2000)),
            ("two to the twentieth", dag(20, 2)), ("1000 times 1000", dag(2, 1000)), ("100 ^ 8", dag(8, 100)), ("8000 ^ 2", dag(2, 8000)),
            ("a string 2000 times", shared_strings(2000, 50_000)), ("a string twice", shared_strings(2, 1000)),
        ]

    def test_a_buffer_that_is_broken_or_a_bomb_is_a_bad_payload_at_once(self):
        for name, payload in self.broken_buffers():
            with self.case(name):
                guest = self.guest("fbs")
                guest.send(guest.call(COUNT, payload, 5))
                self.kept(guest, "bad_payload", 5)
                guest.send(guest.call(COUNT, nested_flat(5), 6))
                self.assertEqual(guest.next()["payload"], {"nodes": 5})

    def test_depth_counts_from_the_payloads_root(self):
        for mode in ("json", "plain"):
            for depth, fits in [(64, True), (65, False), (1000, False), (30_000, False)]:
                with self.case(depth, "in", mode):
                    guest = self.guest(mode)
                    guest.send(guest.call(COUNT, nested_json(depth), 5))
                    if fits:
                        self.assertEqual(guest.next()["kind"], "reply")
                    else:
                        self.kept(guest, "bad_payload", 5)
                with self.case(depth, "relayed, in", mode, heard=None):
                    guest = self.guest(mode)
                    guest.send(guest.event(PLANT, nested_json(depth)))
                    if fits:
                        guest.fence()
                    else:
                        self.kept(guest, "bad_payload")
        # A list is a separate level in both formats: 32 trees have 31 lists between them.
        for trees, fits in [(32, True), (33, False)]:
            for mode in MODES:
                with self.case(trees, "trees in", mode):
                    guest = self.guest(mode)
                    tree = nested_flat(trees) if mode == "fbs" else b'{"children":[' * (trees - 1) + b"{}" + b"]}" * (trees - 1)
                    guest.send(guest.call(COUNT, tree, 5))
                    if fits:
                        self.assertEqual(int(guest.next()["payload"]["nodes"]), trees)
                    else:
                        self.kept(guest, "bad_payload", 5)

    def test_a_payload_that_is_no_json_is_a_bad_frame(self):
        for name, payload in [
            ("a comma", '{"name":"a",}'), ("a word", MARK), ("a leading zero", '{"anything":01}'),
            ("a plus", '{"anything":+1}'),
            ("a lone minus", '{"anything":-}'), ("a dot at the end", '{"anything":1.}'), ("hexadecimal", '{"anything":0x1}'),
            ("half a surrogate", '{"name":"\\ud83d"}'),
            ("an unknown escape", '{"name":"\\x41"}'), ("a tab in a string", '{"name":"a\tb"}'), ("brackets crossed", '{"children":[{]}}'),
        ]:
            for mode in ("json", "plain"):
                with self.case(name, "in", mode):
                    guest = self.guest(mode)
                    guest.send(guest.call(COUNT, payload.encode(), 5))
                    # Control characters and similar errors are found before the id of the frame is
                    # known.
                    self.kept(guest, "bad_frame", None if name == "a tab in a string" else 5)
                with self.case(name, "to all, in", mode):
                    guest = self.guest(mode)
                    guest.send(guest.event(PLANT, payload.encode(), "all"))
                    self.kept(guest, "bad_frame")

    def test_nan_is_no_json(self):
        """Plain peers in Python write NaN, so in plain mode the payload is invalid and not the
        frame."""
        for mode, code in (("json", "bad_frame"), ("plain", "bad_payload")):
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.send(guest.call(COUNT, b'{"anything":NaN}', 5))
                self.kept(guest, code, 5)
            with self.case("to all, in", mode):
                guest = self.guest(mode)
                guest.send(guest.event(PLANT, b'{"anything":NaN}', "all"))
                self.kept(guest, code)

    def test_what_is_unknown_or_null_is_passed_over(self):
        for mode in ("json", "plain"):
            with self.case("in", mode):
                guest = self.guest(mode)
                guest.send(guest.call(COUNT, b'{"later":[{"a":[1]}],"name":null,"children":null,"anything":null}', 5))
                self.assertEqual(int(guest.next()["payload"]["nodes"]), 1)
        with self.case("in fbs, a table with more fields than are known"):
            guest = self.guest("fbs")
            guest.send(guest.call(COUNT, raw_table([0] * 8 + [4] * 100, bytes(4)), 5))
            self.assertEqual(guest.next()["payload"], {"nodes": 1})

    def test_bounds_of_the_schema_hold_in_every_format(self):
        for mode in MODES:
            with self.case("1001 numbers where 1000 are allowed, in", mode):
                guest = self.guest(mode)
                guest.send(guest.call("Talk.Add", {"numbers": [1] * 1001}, 5))
                self.kept(guest, "bad_payload", 5)
            with self.case("a refusal by name, in", mode):
                guest = self.guest(mode)
                guest.send(guest.call("Talk.Add", {"numbers": [1] * 4}, 5))
                frame = self.answered(guest, "failed", 5)
                if mode != "plain":
                    self.assertEqual(frame["reason"], "REFUSAL_TOO_MANY")

    def test_much_in_little_takes_little_memory(self):
        """64 KiB of the densest possible payloads are refused or read, and the memory of the server
        stops growing."""
        many = 20_000
        dense = {
            "json": [b'{"children":[%s]}' % b",".join([b"{}"] * many), b'{"anything":[%s]}' % b",".join([b"0"] * 32_000),
                     b'{"words":[%s]}' % b",".join([b'""'] * many), b'{"notes":{%s}}' % b",".join(b'"%d":""' % i for i in range(5000)),
                     b'{"anything":{%s}}' % b",".join(b'"%d":0' % i for i in range(5000)),
                     b'{"fields":{%s}}' % b",".join(b'"%d":[]' % i for i in range(5000))],
            "fbs": [flat.write("Tree", {"children": [{}] * 4000}), flat.write("Tree", {"words": [""] * 4000}),
                    flat.write("Tree", {"anything": {"kind": 5, "list": [{"kind": 5}] * 3000}}),
                    flat.write("Tree", {"numbers": [0] * 16000})],
        }
        dense["plain"] = dense["json"]
        for mode in MODES:
            with self.case("in", mode):
                guest = self.guest(mode)
                number = 10

                def all_of_them(guest=guest, mode=mode):
                    nonlocal number
                    for payload in dense[mode]:
                        number += 1
                        guest.send(guest.call(COUNT, payload, number))
                        answer = guest.next()
                        self.assertEqual(answer["re"], number)
                        if answer["kind"] == "error":
                            self.assertEqual(answer["code"], "bad_payload")

                all_of_them()
                before = self.server.memory()
                for _ in range(2 if mode == "fbs" else 1):
                    all_of_them()
                self.assertLess(self.server.memory() - before, 32 << 20)
                guest.leave()

    def test_random_damage_is_answered(self):
        dice = random.Random(20240817)
        tree = {"name": "root", "children": [{"name": "a", "words": ["x", "yy"], "notes": [{"key": "k", "value": "v"}]},
                                             {"blob": [1, 2, 3]}],
                "anything": {"kind": 4, "object": [{"key": "a",
                                                    "value": {"kind": 5,
                                                              "list": [{"kind": 1, "number": 2.5}, {"kind": 3, "truth": True}]}}]},
                "numbers": [1, -1, 1 << 30], "fields": {"fields": [{"key": "b", "value": {"kind": 2, "text": "t"}}]}}
        sound = {"fbs": flat.write("Tree", tree),
                 "json": json.dumps({"name": "root", "children": [{"name": "a", "words": ["x", "yy"], "notes": {"k": "v"}},
                                                                  {"blob": "AQID"}],
                                     "anything": {"a": [2.5, True, None, "\u20ac"]}, "numbers": [1, -1, 1 << 30],
                                     "fields": {"b": "t"}}).encode()}
        sound["plain"] = sound["json"]
        for mode in MODES:
            with self.case("of a tree, in", mode):
                guest = self.guest(mode)
                guest.send(guest.call(COUNT, sound[mode], 1))
                self.assertEqual(int(guest.next()["payload"]["nodes"]), 3)
                refused = 0
                for number in range(2, 1200):
                    damaged = bytearray(sound[mode])
                    for _ in range(dice.choice((1, 1, 1, 2, 5))):
                        at = dice.randrange(len(damaged))
                        what = dice.random()
                        if what < 0.5:
                            damaged[at] = dice.randrange(256) if mode == "fbs" else dice.choice(b'{}[]",:0123456789.-eE\\tfn ')
                        elif what < 0.8:
                            del damaged[at:at + dice.randrange(1, 9)]
                        else:
                            damaged[at:at] = damaged[dice.randrange(len(damaged)):][:dice.randrange(1, 9)]
                    if mode != "fbs":
                        damaged = damaged.decode("utf-8", "replace").encode()
                    guest.send(guest.call(COUNT, bytes(damaged), number))
                    answer = guest.next()
                    if mode == "fbs" or answer["kind"] == "reply" or answer.get("code", "bad_frame") != "bad_frame":
                        self.assertEqual(answer["re"], number, damaged)
                    if answer["kind"] == "error":
                        self.assertIn(answer.get("code", "bad_frame"), ("bad_payload", "bad_frame", "unimplemented"), damaged)
                        refused += 1
                    if refused == 10:
                        guest.leave()
                        guest, refused = self.guest(mode), 0
                guest.leave()

    def test_small_payloads_lie_at_odd_addresses_behind_their_header(self):
        """After a WebSocket header of 2 + 4 bytes the payload has an address at which a FlatBuffer
        must not be read."""
        with self.case("64 in one segment"):
            guest = self.guest("fbs")
            guest.send_all([guest.call("Lobby.Add", {"numbers": [1.5, 2.25]}, i) for i in range(1, 65)])
            for i in range(1, 65):
                answer = guest.next()
                self.assertEqual((answer["re"], answer["payload"]), (i, {"value": 3.75}))


class JsonAudienceTest(arena.Arena):
    innocent_modes = ("json", "plain")

    def test_a_wrong_payload_is_forwarded_where_all_receivers_read_json(self):
        with self.case("from json", heard=[(PLANT, {"name": 7})]):
            guest = self.guest("json")
            guest.send(guest.event(PLANT, b'{"name":7}'))
            guest.fence()

    def test_but_what_is_no_json_or_too_deep_never_is(self):
        for mode in ("json", "plain"):
            for name, payload, code in [("no JSON", b'{"name":7', "bad_frame"), ("65 deep", nested_json(65), "bad_payload")]:
                with self.case(name, "from", mode):
                    guest = self.guest(mode)
                    guest.send(guest.event(PLANT, payload))
                    self.kept(guest, code)

    def test_the_text_is_relayed_as_it_was_written(self):
        with self.case("spaces, order and numbers", heard=None):
            guest, other = self.guest("json"), self.guest("json")
            written = b'{ "later" : 1.50e2 , "name" :"\\u00e4" }'
            guest.send(guest.event(PLANT, written))
            guest.fence()  # after the fence the event is on its way to the innocents on every loop
            opcode, text = other.socket.receive_message()
            self.assertEqual(opcode, arena.websocket.TEXT)
            self.assertIn(written, text)


class BinaryAudienceTest(arena.Arena):
    innocent_modes = ("fbs", "fbs")

    def test_a_broken_buffer_is_forwarded_unread_where_all_receivers_are_binary(self):
        with self.case("bytes as they were"):
            guest, other = self.guest("fbs"), self.guest("fbs")
            body = b"\xff" * 13
            guest.send(binary_frame(1, SEQ, 5, method_id(PLANT), peer=bytes(16), payload=body))
            self.kept(guest, "denied")  # CLIENT is not declared
            guest.send(binary_frame(1, SEQ, 4, method_id("Talk.Whisper"), payload=body))
            guest.fence()
            _, content = other.socket.receive_message()
            self.assertTrue(content.endswith(body), content.hex())
            for innocent in self.innocents:
                _, content = innocent.socket.receive_message()
                self.assertTrue(content.endswith(body), content.hex())


if __name__ == "__main__":
    arena.main()
