import unittest

from support import TestCase  # puts the generator on the path
from protoc_gen_parley import render, words
from protoc_gen_parley.backends.cpp import spelling


class NamesTest(TestCase):
    def test_methods_become_snake_case(self):
        for name, expected in {
            "Add": "add", "AreYouReady": "are_you_ready", "GetHTTPStatus": "get_http_status", "Move2D": "move2d",
            "GetV2Status": "get_v2_status", "already_snake": "already_snake", "ID": "id", "X": "x",
        }.items():
            self.assertEqual(expected, words.snake_case(name), name)

    def test_keywords_and_macros_get_an_underscore(self):
        for name in ("class", "delete", "co_await", "requires", "errno", "NULL", "__FILE__", "_FORTIFY", "linux", "st_mtime", "TRUE", "ASIO_VERSION"):
            self.assertEqual(name + "_", spelling.safe(name))
        for name in ("klass", "final", "override", "import", "module", "text"):
            self.assertEqual(name, spelling.safe(name))

    def test_types_do_not_hide_what_generated_code_names(self):
        for namespace in ("", "lobby::v1"):
            self.assertEqual("parley_", spelling.safe_type("parley", namespace))
            self.assertEqual("std_", spelling.safe_type("std", namespace))
            self.assertEqual("Line", spelling.safe_type("Line", namespace))

    def test_global_types_do_not_meet_c(self):
        self.assertEqual("socket_", spelling.safe_type("socket", ""))
        self.assertEqual("socket", spelling.safe_type("socket", "lobby::v1"))

    def test_an_enum_value_loses_the_prefix_that_it_has(self):
        for enum, value, expected in (
                ("Mood", "MOOD_UNSPECIFIED", "UNSPECIFIED"), ("Mood", "GLAD", "GLAD"), ("Mood", "MOODY", "MOODY"), ("Mood", "MOOD_", "MOOD_"),
                ("OrderSide", "ORDER_SIDE_X", "X"), ("OrderSide", "ORDER_SIDE_2D", "ORDER_SIDE_2D"), ("OrderSide", "ORDER_SIDE_NULL", "NULL_"),
                ("ByteOrder", "BYTE_ORDER_LITTLE_ENDIAN", "LITTLE_ENDIAN_"), ("Whence", "SEEK_SET", "SEEK_SET_"),
                ("HTTPCode", "HTTP_CODE_OK", "OK"), ("HTTPCode", "HTTPCODE_OK", "OK"), ("Tone", "TONE_class", "class_")):
            self.assertEqual(expected, spelling.enum_value_name(enum, value), value)

    def test_packages_become_namespaces(self):
        self.assertEqual("lobby::v1", spelling.namespace_of_package("lobby.v1"))
        self.assertEqual("a::class_::parley_", spelling.namespace_of_package("a.class.parley"))
        self.assertEqual("system_::v1::time", spelling.namespace_of_package("system.v1.time"))
        self.assertEqual("linux_::asio_", spelling.namespace_of_package("linux.asio"))
        self.assertEqual("", spelling.namespace_of_package(""))

    def test_a_type_is_bare_at_home_and_complete_elsewhere(self):
        self.assertEqual("Line", spelling.reference("Line", "a", "a"))
        self.assertEqual("::b::Line", spelling.reference("Line", "b", "a"))
        self.assertEqual("::Line", spelling.reference("Line", "", "a"))
        self.assertEqual("::a::Line", spelling.reference("Line", "a", "a", hidden_by={"Line"}))

    def test_literals_cannot_be_left(self):
        self.assertEqual('"a\\"b\\\\"', spelling.literal('a"b\\'))
        self.assertEqual('"\\n\\t\\000\\177"', spelling.literal("\n\t\0\x7f"))
        self.assertEqual('"?\\?/"', spelling.literal("??/"))
        self.assertEqual('"Grüße"', spelling.literal("Grüße"))
        self.assertEqual('"\\342\\200\\256"', spelling.literal("\u202e"))  # reverses the direction of the text

    def test_comments_stay_comments(self):
        self.assertEqual(("a", "", "b"), words.comment_lines("\n a\n\n b\n\n"))
        self.assertEqual(("ends in a",), words.comment_lines(" ends in a \\\\ \\"))
        self.assertEqual(("int x;", "y"), words.comment_lines("int x;\r y"))
        self.assertEqual(("int x;", "y"), words.comment_lines("int x;\u2028y"))
        self.assertEqual(("? ?/",), words.comment_lines("??/"))
        self.assertEqual(("*/ int x; /*",), words.comment_lines("*/ int x; /*"))
        self.assertEqual(("a\ufffdb",), words.comment_lines("a\u202eb"))
        self.assertEqual(("a\ufffdb",), words.comment_lines("a\0b"))

    def test_parameters_do_not_hide_types_or_each_other(self):
        self.assertEqual("numbers", spelling.parameter_name("Numbers", {"to"}))
        self.assertEqual("payload", spelling.parameter_name("To", {"to"}))
        self.assertEqual("payload", spelling.parameter_name("line", set()))
        self.assertEqual("payload", spelling.parameter_name("Class", set()))


class LayoutTest(TestCase):
    def lay_out(self, text):
        return render.lay_out(text.replace("¶", "\ue000").replace("⏎", "\ue001"))

    def test_marks_vanish_where_a_line_is_short(self):
        self.assertEqual("f(a, b) { return; }\n", self.lay_out("f(¶a, ¶¶b) {⏎ return;⏎ }"))

    def test_a_long_list_is_aligned_with_its_bracket(self):
        a, b = "a" * 90, "b" * 45
        self.assertEqual("  f(%s,\n    %s)\n" % (a, b), self.lay_out("  f(¶%s, ¶¶%s)" % (a, b)))

    def test_what_cannot_be_aligned_is_indented_by_four(self):
        a, b = "a" * 90, "b" * 90
        self.assertEqual("  %s(\n      %s)\n" % (a, b), self.lay_out("  %s(¶%s)" % (a, b)))

    def test_a_long_function_becomes_a_block(self):
        a = "a" * 130
        self.assertEqual("  f() {\n    return %s;\n  }\n" % a, self.lay_out("  f() {⏎ return %s;⏎ }" % a))

    def test_comments_are_wrapped(self):
        lines = render.comment(["word " * 40], "  ").splitlines()
        self.assertEqual(2, len(lines))
        for line in lines:
            self.assertTrue(line.startswith("  // word") and len(line) <= 140, line)


if __name__ == "__main__":
    unittest.main()
