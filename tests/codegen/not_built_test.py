"""Each option that lint/not_built.py allows changes an output."""

import unittest

from support import TestCase, generate
from protoc_gen_parley.lint import not_built

SCHEMA = """\
syntax = "proto3";
package t.v1;
import "google/protobuf/empty.proto";
import "google/protobuf/wrappers.proto";
import "parley/options.proto";
option (parley.file) = {};
enum Why { WHY_NONE = 0; }
enum Bare { BARE_NONE = 0; }
enum Plain { PLAIN_NONE = 0 [(parley.route) = { to: OTHERS }]; }
enum Bits { option (parley.enum) = { flags: true }; BITS_NONE = 0; BITS_ONE = 1 [(parley.route) = { to: ALL }]; }
message Line { string text = 1 [(parley.field) = {}]; repeated Bare list = 2 [(parley.field) = {}]; }
message ByPlain { Plain plain = 1 [(parley.field) = {}]; }
message ByBits { Bits bits = 1 [(parley.field) = { routes: true }]; }
service S {
  option (parley.service) = {};
  rpc Say(google.protobuf.StringValue) returns (google.protobuf.Empty) { option (parley.event) = { to: SENDER }; }
  rpc Tell(Line) returns (google.protobuf.Empty) { option (parley.event) = { from: EITHER to: OTHERS server_to: ALL }; }
  rpc Plainly(ByPlain) returns (google.protobuf.Empty) { option (parley.event) = { to: [OTHERS, ALL] }; }
  rpc Bitwise(ByBits) returns (google.protobuf.Empty) { option (parley.event) = { to: [ALL, OTHERS] }; }
  rpc Ask(Line) returns (Line) { option (parley.call) = {}; }
  rpc Swap(Line) returns (Line) { option (parley.call) = { from: EITHER }; }
}
"""
# option: a text of the schema, and what replaces it
SERVICE, SAY, ASK = "(parley.service) = {", "{ to: SENDER", "(parley.call) = {}"
TEXT, LIST, PLAIN = "text = 1 [(parley.field) = {", "list = 2 [(parley.field) = {", "plain = 1 [(parley.field) = {"
WRITTEN = {
    "event.name": (SAY, SAY + ' name: "x"'),
    "event.from": (SAY, "{ from: SERVER to: SENDER"),
    "event.to": (SAY, "{ to: [SENDER, ALL]"),
    "event.server_to": ("server_to: ALL", "server_to: [ALL, CLIENT]"),
    "event.max_bytes": (SAY, SAY + " max_bytes: 9"),
    "event.body": (SAY, SAY + " body: MESSAGE"),
    "call.name": (ASK, '(parley.call) = { name: "x" }'),
    "call.from": (ASK, "(parley.call) = { from: SERVER }"),
    "call.to": (ASK, "(parley.call) = { to: SERVER }"),
    "call.server_to": ("{ from: EITHER }", "{ from: EITHER server_to: CLIENT }"),
    "call.max_bytes": (ASK, "(parley.call) = { max_bytes: 9 }"),
    "call.deadline_ms": (ASK, "(parley.call) = { deadline_ms: 9 }"),
    "call.errors": (ASK, '(parley.call) = { errors: "Why" }'),
    "call.reply": (ASK, '(parley.call) = { reply: "x" }'),
    "service.prefix": (SERVICE, SERVICE + ' prefix: "x."'),
    "service.unknown": (SERVICE, SERVICE + " unknown: RELAY"),
    "field.routes": (PLAIN, PLAIN + " routes: true"),
    "field.sensitive": (TEXT, TEXT + " sensitive: true"),
    "field.max_len": (TEXT, TEXT + " max_len: 9"),
    "field.max_count": (LIST, LIST + " max_count: 9"),
    "enum.flags": ("enum Bare {", "enum Bare { option (parley.enum) = { flags: true };"),
    "route.to": ("BITS_NONE = 0", "BITS_NONE = 0 [(parley.route) = { to: OTHERS }]"),
    "route.only": ("BITS_ONE = 1 [(parley.route) = { to: ALL", "BITS_ONE = 1 [(parley.route) = { to: ALL only: true"),
    "file.cpp_namespace": ("(parley.file) = {", '(parley.file) = { cpp_namespace: "x"'),
}
NO_EFFECT = {"call.server_to": "CLIENT is the only target that is built, and the default"}


class NotBuiltTest(TestCase):
    def generate(self, text):
        folder = self.scratch()
        self.write(folder, "t.proto", text)
        return generate([folder], "t.proto")

    def test_each_option_that_is_allowed_changes_an_output(self):
        self.assertEqual({"%s.%s" % (word, name) for word, names in not_built.BUILT.items() for name in names}, set(WRITTEN))
        without = self.generate(SCHEMA)
        for option, (before, after) in WRITTEN.items():
            with self.subTest(option=option):
                self.assertEqual(1, SCHEMA.count(before), before)
                written = self.generate(SCHEMA.replace(before, after))
                self.assertEqual(([], []), (without.errors, written.errors))
                self.assertEqual(option in NO_EFFECT, written.files == without.files, "a reason in NO_EFFECT, or an effect")


if __name__ == "__main__":
    unittest.main()
