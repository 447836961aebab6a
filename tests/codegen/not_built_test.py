"""What lint/not_built.py allows has an effect: each option changes an output, and each target has its tags in C++. A kind of target that
is new in the schema language is refused, or treated as one with several receivers and a name, until the generator says otherwise.
"""

import unittest
from unittest import mock

from support import TestCase, generate
from protoc_gen_parley.backends.cpp import services as cpp_services
from protoc_gen_parley.lint import not_built
from protoc_gen_parley.model import TARGETS

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
    "event.may_send": (SAY, SAY + ' may_send: "x"'),
    "event.may_receive": (SAY, SAY + ' may_receive: "x"'),
    "call.name": (ASK, '(parley.call) = { name: "x" }'),
    "call.from": (ASK, "(parley.call) = { from: SERVER }"),
    "call.to": (ASK, "(parley.call) = { to: SERVER }"),
    "call.server_to": ("{ from: EITHER }", "{ from: EITHER server_to: CLIENT }"),
    "call.max_bytes": (ASK, "(parley.call) = { max_bytes: 9 }"),
    "call.deadline_ms": (ASK, "(parley.call) = { deadline_ms: 9 }"),
    "call.may_send": (ASK, '(parley.call) = { may_send: "x" }'),
    "call.errors": (ASK, '(parley.call) = { errors: "Why" }'),
    "call.reply": (ASK, '(parley.call) = { reply: "x" }'),
    "service.prefix": (SERVICE, SERVICE + ' prefix: "x."'),
    "service.may_send": (SERVICE, SERVICE + ' may_send: "x"'),
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

    def test_each_target_that_is_allowed_has_its_tags(self):
        self.assertEqual(not_built.BUILT_TARGETS, set(cpp_services._CLIENT_TAGS))
        self.assertEqual(not_built.BUILT_TARGETS, set(cpp_services._SERVER_TAGS))


class NewTargetTest(TestCase):
    """The findings about a kind of target that only the schema language, or also lint/not_built.py, knows."""

    def findings(self, method, built=True):
        folder = self.scratch()
        self.write(folder, "t.proto", SCHEMA.replace("service S {", "service S {\n  %s" % method))
        with mock.patch.dict(TARGETS, {99: "country"}), mock.patch.object(
                not_built, "BUILT_TARGETS", not_built.BUILT_TARGETS | ({"country"} if built else set())):
            return [f for f in generate([folder], "t.proto").findings if "COMMENT_MISSING" not in f]

    def rules(self, method):
        return {f.rpartition("[")[2] for f in self.findings(method)}

    def test_it_is_refused(self):
        self.assertEqual(["t.proto:15: error: S.New event.to[0]: the target COUNTRY is not built yet [NOT_BUILT]"], self.findings(
            "rpc New(Line) returns (google.protobuf.Empty) { option (parley.event) = { to: 99 }; }", built=False))

    def test_a_call_to_it_has_several_receivers(self):
        self.assertEqual({"NOT_BUILT]", "REPLY_FAN_OUT]"}, self.rules(
            'rpc New(Line) returns (Line) { option (parley.call) = { from: SERVER to: 99 reply: "x" }; }'))
        self.assertEqual({"NOT_BUILT]", "CALL_FAN_OUT_STREAM]"}, self.rules(
            "rpc New(Line) returns (stream Line) { option (parley.call) = { from: SERVER to: 99 }; }"))

    def test_it_needs_a_name(self):
        with self.assertRaisesRegex(NotImplementedError, "the target COUNTRY, but backends/cpp/services.py has no tag for it"):
            self.findings("rpc New(Line) returns (google.protobuf.Empty) { option (parley.event) = { to: 99 }; }")
        tags = {"country": ("parley::to::country",)}
        with mock.patch.dict(cpp_services._CLIENT_TAGS, tags):
            self.assertEqual({"TO_NEEDS_NAME]"}, self.rules(
                "rpc New(Line) returns (google.protobuf.Empty) { option (parley.event) = { to: [99, ALL] }; }"))


if __name__ == "__main__":
    unittest.main()
