"""From descriptors to the model: order, cycles, comments, options."""

import unittest

from support import TestCase, descriptors
from protoc_gen_parley import load

HEAD = """\
syntax = "proto3";
package t;
import "google/protobuf/empty.proto";
import "google/protobuf/wrappers.proto";
import "parley/options.proto";
"""


class LoadTest(TestCase):
    def load(self, body, **others):
        scratch = self.scratch()
        self.write(scratch, "t.proto", HEAD + body)
        for name, text in others.items():
            self.write(scratch, name + ".proto", text)
        self.schema = load.load(descriptors([scratch], "t.proto"), ["t.proto"])
        return self.schema.generated[0]

    def message(self, name):
        return self.schema.messages["t." + name]

    def field(self, path):
        message, _, name = path.rpartition(".")
        return next(f for f in self.message(message).fields if f.name == name)

    # --- order ---
    def order(self, body):
        return [m.name for m in self.load(body).messages]

    def test_values_are_defined_before_their_users_and_else_the_schemas_order_holds(self):
        self.assertEqual(["C", "A", "B", "D"], self.order("message A { C c = 1; } message B {} message C {} message D {}"))

    def test_what_a_list_holds_comes_first_where_it_can(self):
        self.assertEqual(["B", "A"], self.order("message A { repeated B b = 1; } message B {}"))

    def test_a_circle_through_a_list_is_no_cycle_of_values(self):
        self.assertEqual(["A", "B"], self.order("message A { repeated B b = 1; } message B { A a = 1; }"))
        self.assertFalse(self.field("A.b").in_cycle or self.field("B.a").in_cycle)

    def test_every_circle_of_lists_and_values_has_an_order(self):
        file = self.load("message A { map<string, C> c = 1; B b = 2; } message B { repeated A a = 1; C c = 2; }"
                         " message C { repeated B b = 1; }")
        seen = set()
        for m in file.messages:
            seen.add(m.name)
            for f in m.fields:
                if f.label == "one":
                    self.assertIn(f.type.name[2:], seen, "%s.%s" % (m.name, f.name))

    def test_singular_fields_are_in_cycles_and_no_others(self):
        self.load("message A { B b = 1; oneof o { A a = 2; D d = 3; } } message B { optional C c = 1; }"
                  " message C { A a = 1; D d = 2; } message D {}")
        found = {"%s.%s" % (m.name, f.name) for m in self.schema.messages.values() for f in m.fields if f.in_cycle}
        self.assertEqual({"A.b", "A.a", "B.c", "C.a"}, found)
        # The same field object is in all three places of a message.
        self.assertTrue(self.message("A").oneofs[0].fields[0].in_cycle)
        self.assertTrue(self.message("A").members[0].field.in_cycle)

    def test_a_chain_of_a_thousand_messages_loads(self):
        body = "".join("message M%d { M%d m = 1; }\n" % (i, i + 1) for i in range(1500)) + "message M1500 {}"
        self.assertEqual("M1500", self.load(body).messages[0].name)

    # --- fields ---
    def test_labels_and_types(self):
        self.load("message A { int32 a = 1; optional int32 b = 2; repeated A c = 3; map<int64, E> d = 4; oneof o { E e = 5; }"
                  " google.protobuf.StringValue f = 6; } enum E { E_NONE = 0; }")
        shape = {f.name: (f.label, f.type.kind, f.type.scalar or f.type.name, f.oneof) for f in self.message("A").fields}
        self.assertEqual({
            "a": ("one", "scalar", "int32", ""), "b": ("opt", "scalar", "int32", ""), "c": ("rep", "message", "t.A", ""),
            "d": ("map", "enum", "t.E", ""), "e": ("one", "enum", "t.E", "o"), "f": ("one", "wkt", "string", "")}, shape)
        self.assertEqual("int64", self.field("A.d").key.name)
        self.assertEqual([None, None, None, None, "o", None], [m.oneof and m.oneof.name for m in self.message("A").members])

    def test_nested_types_know_where_they_stand(self):
        self.load("message A { message B { enum E { E_NONE = 0; } } map<int32, B> m = 1; enum F { F_NONE = 0; } }")
        self.assertEqual(("t.A.B", "t.A.F"), self.message("A").nested)
        self.assertEqual("A_B_E", self.schema.enums["t.A.B.E"].flat_name)

    def test_json_names_are_the_descriptors(self):
        self.load('message A { string two_words = 1; string b = 2 [json_name = "@b"]; }')
        self.assertEqual(["twoWords", "@b"], [f.json_name for f in self.message("A").fields])

    def test_limits_are_read(self):
        self.load("message A { repeated string a = 1 [(parley.field) = { max_len: 5 max_count: 6 sensitive: true }]; }")
        f = self.field("A.a")
        self.assertEqual((5, 6, True), (f.max_len, f.max_count, f.sensitive))

    # --- options ---
    def test_both_ways_of_writing_an_option_mean_the_same(self):
        file = self.load("message A {} service S { rpc E(A) returns (google.protobuf.Empty) {\n"
                         "option (parley.event).from = SERVER;\noption (parley.event).to = ALL;\noption (parley.event).to = CLIENT; } }")
        (m,) = file.services[0].methods
        self.assertEqual((True, "server", ("all", "client")), (m.is_event, m.side, m.to))
        self.assertEqual(7, m.event.line)

    def test_an_empty_prefix_is_not_an_absent_one(self):
        file = self.load('message A {} service S { rpc M(A) returns (A); } service T { option (parley.service) = { prefix: "" };'
                         ' rpc M(A) returns (A); rpc N(A) returns (A) { option (parley.call) = { name: "n" }; } }')
        self.assertEqual([["S.M"], ["M", "n"]], [[m.wire_name for m in s.methods] for s in file.services])

    def test_options_are_found_whatever_their_number_is(self):
        scratch = self.scratch()
        from support import SCHEMA
        text = (SCHEMA / "parley/options.proto").read_text(encoding="utf-8").replace("51273", "1234").replace("51274", "1235")
        self.write(scratch, "parley/options.proto", text)
        self.write(scratch, "t.proto", HEAD + "message A {} service S { rpc E(A) returns (google.protobuf.Empty) {"
                   " option (parley.event) = { to: [ALL] }; } }")
        schema = load.load(descriptors([scratch], "t.proto"), ["t.proto"])
        self.assertEqual(("all",), schema.generated[0].services[0].methods[0].to)

    # --- who has what ---
    def test_who_stubs_and_hears(self):
        def event(name, options):
            return "rpc %s(A) returns (google.protobuf.Empty) { option (parley.event) = { %s }; }\n" % (name, options)

        file = self.load("message A {} service S {\n" + event("a", "to: [OTHERS]") + event("b", "to: [SERVER]")
                         + event("c", "from: SERVER to: [ALL]") + event("d", "from: EITHER to: [SERVER] server_to: [CLIENT]")
                         + "rpc e(A) returns (A);\n"
                         "rpc f(A) returns (A) { option (parley.call) = { from: SERVER }; }\n"
                         "rpc g(A) returns (A) { option (parley.call) = { from: EITHER }; }\n}")
        self.assertEqual(
            {"a": "client hears", "b": "client", "c": "server hears", "d": "client server hears", "e": "client", "f": "server hears",
             "g": "client server hears"},
            {m.name: " ".join(w for w, yes in (("client", m.from_client), ("server", m.from_server), ("hears", m.client_hears)) if yes)
             for m in file.services[0].methods})

    # --- comments ---
    def test_comments_reach_what_they_stand_at(self):
        file = self.load("// About A.\nmessage A {\n  // Before.\n  int32 a = 1;  // Behind.\n\n  // Detached.\n\n  int32 b = 2;\n}\n"
                         "// parley:ignore COMMENT_MISSING, TO_NEEDS_NAME: because\n// About S.\nservice S {}\n")
        self.assertEqual(("About A.",), self.message("A").comment)
        self.assertEqual(("Before.", "Behind."), self.field("A.a").comment)
        self.assertEqual((), self.field("A.b").comment)
        self.assertEqual(("About S.",), file.services[0].comment)
        self.assertEqual(("COMMENT_MISSING", "TO_NEEDS_NAME"), file.services[0].ignores)

    def test_a_path_that_could_leave_a_literal_is_refused(self):
        for name in ('a"b.proto', "a\\b.proto"):
            file = descriptors([], "lobby/v1/lobby.proto")
            copy = [type(f).FromString(f.SerializeToString()) for f in file]
            copy[-1].name = name
            with self.assertRaises(load.LoadError):
                load.load(copy, [name])


if __name__ == "__main__":
    unittest.main()
