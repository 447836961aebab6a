"""From the model to C++: forward declarations, boxed types, and the spelling of types whose names
have another meaning in that place.
"""

import unittest

from support import TestCase, descriptors
from protoc_gen_parley import load
from protoc_gen_parley.backends import cpp

HEAD = """\
syntax = "proto3";
package t;
import "google/protobuf/empty.proto";
import "google/protobuf/wrappers.proto";
import "parley/options.proto";
"""


class CppTest(TestCase):
    def view(self, body):
        scratch = self.scratch()
        self.write(scratch, "t.proto", HEAD + body)
        schema = load.load(descriptors([scratch], "t.proto"), ["t.proto"])
        file = cpp.BACKEND.views(schema)(schema.generated[0])
        self.types = {"%s.%s" % (m.name, f.name): f.cpp for m in file.messages for f in m.fields}
        return file

    def test_only_what_is_named_before_its_definition_is_declared_ahead(self):
        self.assertEqual((), self.view("message A { repeated B b = 1; } message B {}").forward_declared)
        self.assertEqual(("B",), self.view("message A { repeated B b = 1; } message B { A a = 1; }").forward_declared)
        self.assertEqual({"A.b": "parley::late_vector<B>", "B.a": "std::optional<A>"}, self.types)
        self.assertEqual(("A_B",), self.view("message A { message B { A a = 1; } }").forward_declared, "an alias names it")

    def test_a_field_that_contains_its_message_is_boxed(self):
        self.view("message A { B b = 1; oneof o { A a = 2; D d = 3; } } message B { optional C c = 1; } message C { A a = 1; D d = 2; } message D {}")
        self.assertEqual({"A.b": "parley::box<B>", "A.a": "parley::box<A>", "A.d": "D", "B.c": "parley::box<C>", "C.a": "parley::box<A>",
                          "C.d": "std::optional<D>"}, self.types)

    def test_labels_and_types(self):
        self.view("message A { int32 a = 1; optional int32 b = 2; repeated A c = 3; map<int64, E> d = 4; oneof o { E e = 5; }"
                  " google.protobuf.StringValue f = 6; bytes g = 7; } enum E { E_NONE = 0; }")
        self.assertEqual({
            "A.a": "std::int32_t", "A.b": "std::optional<std::int32_t>", "A.c": "std::vector<A>", "A.d": "std::map<std::int64_t, E>", "A.e": "E",
            "A.f": "std::optional<std::string>", "A.g": "std::vector<std::byte>"}, self.types)

    def test_a_type_that_a_member_hides_is_written_in_full(self):
        self.view("message line { line next = 1; } message value {}"
                  " message A { line line = 1; line other = 2; oneof o { value value = 3; } }")
        self.assertEqual({"line.next": "parley::box<line>", "A.line": "std::optional<::t::line>", "A.other": "std::optional<::t::line>",
                          "A.value": "::t::value"}, self.types)

    def test_a_type_that_a_method_hides_is_written_in_full(self):
        file = self.view("message say {} message Line {} service S { rpc Say(say) returns (Line); }")
        (method,) = file.services[0].methods
        self.assertEqual(("const ::t::say& payload", "Line"), (method.request.param, method.response.cpp))


if __name__ == "__main__":
    unittest.main()
