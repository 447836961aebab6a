"""The fingerprints in the protocol's specification, and the parts of a schema that a fingerprint
covers.
"""

import unittest

from support import SCHEMA, TestCase, descriptors
from protoc_gen_parley import fingerprint, load, lock

HEAD = """\
syntax = "proto3";
package t;
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
import "parley/options.proto";
"""
EVENT = "service S { rpc E(M) returns (google.protobuf.Empty) { option (parley.event) = { to: [OTHERS] }; } }\n"

ADD = """\
parley-contract-1
method Lobby.Add
shape call client 0 0
to -
reply -
body payload
in m0
out m1
message m0
field 1 0 numbers numbers double rep -
message m1
field 1 0 value value double one -
"""
SAY = """\
parley-contract-1
method Lobby.Say
shape event client 0 0
to others,all,client
reply -
body payload
in m0
out -
message m0
field 1 0 text text string one -
"""


class FingerprintTest(TestCase):
    def methods(self, text, name="t.proto"):
        scratch = self.scratch()
        self.write(scratch, name, text)
        return self.load([scratch], name)

    def load(self, folders, name):
        schema = load.load(descriptors(folders, name), [name])
        schema = lock.apply(schema, lock.open_locks(schema, []))
        self.shapes = fingerprint.schema_shapes(schema)
        return {m.wire_name: m for s in schema.generated[0].services for m in s.methods}

    def text(self, method):
        return fingerprint.canonical_text(fingerprint.method_shape(method), self.shapes)

    def test_the_specifications_values(self):
        methods = self.load([], "lobby/v1/lobby.proto")
        add, say = methods["Lobby.Add"], methods["Lobby.Say"]
        self.assertEqual(ADD, self.text(add))
        self.assertEqual(SAY, self.text(say))
        self.assertEqual((0x3600357F, 0x07F02616), (add.id, say.id))
        self.assertEqual((0x466A160A4609156F, 0xC699C85D92FA11A0), (add.fingerprint, say.fingerprint))
        self.assertEqual(0xB046B9356D305CA5, fingerprint.contract([(m.id, m.fingerprint) for m in (say, add)]))

    def test_a_group_target_stands_with_its_groups_name(self):
        text = (SCHEMA / "lobby/v1/lobby.proto").read_text(encoding="utf-8")
        text = text.replace("to: [OTHERS, ALL, CLIENT]", 'to: [OTHERS, ALL, CLIENT, GROUP] group: "Room"')
        text += "message Room { option (parley.group) = {}; string name = 1; }\n"
        say = self.methods(text)["Lobby.Say"]
        self.assertIn("to others,all,client,group(Room)\n", self.text(say))
        self.assertEqual(0x2407196020A39838, say.fingerprint)

    def test_every_kind_of_field_is_written(self):
        method = self.methods(HEAD + """
            message M {
              string b = 4;
              optional int32 a = 2 [json_name = "A"];
              map<string, N> by_name = 7;
              repeated Kind kinds = 8;
              google.protobuf.Timestamp at = 9;
              oneof which { bytes raw = 5; N node = 11; }
              optional N maybe = 12;
              M self = 13;
            }
            message N { M back = 1; Kind kind = 2; }
            enum Kind { option allow_alias = true; KIND_A = 0; KIND_C = 0; KIND_B = 3; }
            """ + EVENT)["S.E"]
        self.assertEqual("""\
parley-contract-1
method S.E
shape event client 0 0
to others
reply -
body payload
in m0
out -
message m0
field 2 0 A a int32 opt -
field 4 1 b b string one -
field 5 3.1 raw raw bytes one 0
field 7 4 byName by_name map<string,m1> rep -
field 8 5 kinds kinds e0 rep -
field 9 6 at at google.protobuf.Timestamp one -
field 11 3.2 node node m1 one 0
field 12 7 maybe maybe m1 one -
field 13 8 self self m0 one -
message m1
field 1 0 back back m0 one -
field 2 1 kind kind e0 one -
enum e0
value 0 KIND_A
value 0 KIND_C
value 3 KIND_B
""", self.text(method))

    def test_names_of_types_comments_and_limits_are_not_covered(self):
        one = self.methods(HEAD + "message M { string a = 1; }\n" + EVENT)["S.E"]
        other = self.methods(
            HEAD.replace("package t", "package other.v2")
            + "// A comment.\nmessage Renamed { string a = 1 [(parley.field) = { max_len: 5 sensitive: true }]; }\n"
            + EVENT.replace("(M)", "(Renamed)").replace("to: [OTHERS]", "to: [OTHERS] max_bytes: 7"))["S.E"]
        self.assertEqual(one.fingerprint, other.fingerprint)

    def test_whatever_changes_bytes_or_routing_is_covered(self):
        plain = self.methods(HEAD + "message M { string a = 1; }\n" + EVENT)["S.E"].fingerprint
        seen = {plain}
        for message, event in [
            ("message M { string a = 2; }", EVENT), ("message M { bytes a = 1; }", EVENT), ("message M { repeated string a = 1; }", EVENT),
            ("message M { optional string a = 1; }", EVENT), ('message M { string a = 1 [json_name = "b"]; }', EVENT),
            ("message M { string b = 1; }", EVENT), ("message M { oneof o { string a = 1; } }", EVENT),
            ("message M { string a = 1; }", EVENT.replace("[OTHERS]", "[OTHERS, ALL]")),
            ("message M { string a = 1; }", EVENT.replace("to:", "from: SERVER to:")),
        ]:
            seen.add(self.methods(HEAD + message + "\n" + event)["S.E"].fingerprint)
        self.assertEqual(10, len(seen))


if __name__ == "__main__":
    unittest.main()
