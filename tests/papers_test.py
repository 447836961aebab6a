"""Checks the documents: code blocks are parts of files that are compiled, and links have a target.

A block that is cut from a file has a comment before it: `<!-- from examples/01_lobby/client.cpp -->`. Its lines must be in that file, in
this order, apart from the indentation. A line `...` represents lines that are left out.

The protocol's numbers and words are written in several files. They are compared with the tables of schema/parley/envelope.fbs.
"""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "codegen"))
sys.dont_write_bytecode = True

from protoc_gen_parley import services  # noqa: E402
from protoc_gen_parley.lint import events  # noqa: E402
from protoc_gen_parley.model import SIDES, TARGETS  # noqa: E402

PAPERS = sorted(path for pattern in ("*.md", "*/README.md", "*/*/README.md", "docs/**/*.md") for path in ROOT.glob(pattern)
                if not path.relative_to(ROOT).parts[0] == "build")

CUT = re.compile(r"<!-- from (\S+) -->\s*\n```\w*\n(.*?)\n```", re.DOTALL)
CODE = re.compile(r"^```(cpp|proto|cmake)\n", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def missing_line(block, text):
    lines = iter([line.strip() for line in text.splitlines()])
    for wanted in (line.strip() for line in block.splitlines()):
        if wanted and wanted not in ("...", "// ...") and not any(line == wanted for line in lines):
            return wanted
    return None


class Papers(unittest.TestCase):
    def test_snippets_stand_in_the_files_they_are_cut_from(self):
        for paper in PAPERS:
            for name, block in CUT.findall(paper.read_text()):
                with self.subTest(paper=str(paper.relative_to(ROOT)), file=name):
                    source = ROOT / name
                    self.assertTrue(source.is_file(), f"{name} does not exist")
                    self.assertIsNone(missing_line(block, source.read_text()), f"this line is not in {name}, or not in this order")

    def test_every_snippet_of_the_front_page_is_cut_from_a_file(self):
        for paper in (path for path in PAPERS if path == ROOT / "README.md"):
            text = paper.read_text()
            self.assertEqual(len(CODE.findall(text)), len([block for _, block in CUT.findall(text)]), "a cpp or proto block without `<!-- from -->`")

    def test_links_lead_somewhere(self):
        for paper in PAPERS:
            for target in LINK.findall(FENCED.sub("", paper.read_text())):
                with self.subTest(paper=str(paper.relative_to(ROOT)), link=target):
                    self.assertTrue((paper.parent / target).exists())

    def test_the_page_of_errors_names_tests_that_exist(self):
        def tests_in(name):
            return set(re.findall(r"^TEST(?:_P|_F)?\(\w+, (\w+)\)", (ROOT / "tests/system" / name).read_text(), re.MULTILINE))

        rows = (ROOT / "docs/errors.md").read_text().split("## Conditions")[1].split("An event has no answer")[0]
        named = re.findall(r"`([A-Z][a-z]*(?:_\w+)+)`(?: in (\w+\.cpp))?", rows)
        for test, place in named:
            if place:
                self.assertIn(test, tests_in(place))
        self.assertEqual({test for test, place in named if not place}, tests_in("errors_test.cpp"))


# What envelope.fbs names and no code has yet.
CLOSE_CODES_NOT_BUILT = {4007, 4008, 4010}
ERRORS_NOT_BUILT = {15: "conflict"}
FEATURES_NOT_BUILT = {8: "state", 9: "side_streams"}


def code(path):
    """The text of a file without its comments."""
    return re.sub(r"//.*|/\*.*?\*/", "", (ROOT / path).read_text(), flags=re.DOTALL if path.endswith(".h") else 0)


def braces(text, head):
    """What is between the first braces after `head`."""
    return re.search(re.escape(head) + r"[^{]*\{(.*?)\n? *\}", text, re.DOTALL).group(1)


def section(number):
    """The lines of a section of envelope.fbs."""
    text = (ROOT / "schema/parley/envelope.fbs").read_text()
    return re.search(r"-\n// %d \w.*?(?=^// -{9})" % number, text, re.DOTALL | re.MULTILINE).group()


def numbered(pairs):
    return {int(number): word.lower() for number, word in pairs}


class Protocol(unittest.TestCase):
    def test_close_codes_are_those_of_the_specification(self):
        rows = re.findall(r"^//   ((?:\d{4} )+) ", section(10), re.MULTILINE)
        specified = {int(number) for row in rows for number in row.split()}
        built = {name: int(number) for name, number in
                 re.findall(r"uint16_t (\w+) = (\d+);", braces(code("runtime/parley/session/session.hpp"), "namespace close_code"))}
        self.assertEqual(set(), set(built.values()) - specified)
        self.assertEqual({c for c in specified if c >= 4000}, {c for c in built.values() if c >= 4000} | CLOSE_CODES_NOT_BUILT)
        self.assertEqual(set(), set(built.values()) & CLOSE_CODES_NOT_BUILT)
        # The room wire may not include session.
        found = {path.name: set(map(int, re.findall(r"\b40[01]\d\b", code(str(path.relative_to(ROOT))))))
                 for path in (ROOT / "runtime/parley/wire").iterdir() if path.suffix in (".hpp", ".cpp")}
        self.assertEqual({"kinds.hpp": {built["protocol_violation"]}, "hello_parts.hpp": {built["bad_hello"], built["protocol_violation"]}},
                         {name: codes for name, codes in found.items() if codes})
        self.assertIn("bad_hello = %d;" % built["bad_hello"], code("runtime/parley/wire/hello_parts.hpp"))

    def test_errors_are_those_of_the_specification(self):
        specified = numbered(re.findall(r"^//   ?(?: |(?=\d))(\d{1,2})  (\w+)", section(10), re.MULTILINE))
        for number, word in ERRORS_NOT_BUILT.items():
            self.assertEqual(word, specified.pop(number))
        self.assertEqual(list(range(1, len(specified) + 1)), sorted(specified))
        in_order = [word for _, word in sorted(specified.items())]
        self.assertEqual(in_order, re.findall(r"^ *(\w+)", braces(code("runtime/parley/core/error.hpp"), "enum class errc"), re.MULTILINE))
        rows = re.findall(r'row\{errc::(\w+), "(\w+)"', code("runtime/parley/core/error.cpp"))
        self.assertEqual([(word, word) for word in in_order], rows)
        in_c = re.findall(r"PARLEY_(\w+) = (\d+)", braces(code("runtime/parley/c/parley.h"), "enum parley_code"))
        self.assertEqual({0: "ok", **specified}, numbered((number, word) for word, number in in_c if int(number) < 100))

    def test_features_are_those_of_the_specification(self):
        rows = [line for line in section(3).splitlines() if re.match(r"//    \d   \w", line)]
        specified = numbered(pair for row in rows for pair in re.findall(r"(?<!\S)(\d)   (\w+)", row))
        for bit, word in FEATURES_NOT_BUILT.items():
            self.assertEqual(word, specified.pop(bit))
        bits = re.findall(r"uint64_t (\w+) = 1 << (\d+);", braces(code("runtime/parley/wire/hello.hpp"), "namespace feature"))
        self.assertEqual(specified, numbered((bit, word) for word, bit in bits))
        words = re.findall(r'"(\w+)"', braces(code("runtime/parley/wire/hello_parts.hpp"), "feature_words"))
        self.assertEqual(specified, dict(enumerate(words)))

    def test_targets_are_the_same_in_schemas_generator_runtime_and_specification(self):
        values = braces(code("schema/parley/options.proto").split("message Target", 1)[1], "enum Value")
        self.assertEqual({0: "unset", **TARGETS}, numbered((number, word) for word, number in re.findall(r"(\w+) = (\d+);", values)))
        kinds = numbered((number, word) for word, number in re.findall(
            r"(\w+) = (\d+),", braces(code("runtime/parley/wire/method.hpp"), "enum class target_kind")))
        self.assertEqual({"none", "several", *TARGETS.values()}, set(kinds.values()))
        rows = section(6).split("Head.target is one of")[1].split("\n//\n")[1]
        self.assertEqual(kinds, numbered(re.findall(r"(?<!\S)(\d+) (?:default or )?(\w+)", rows)))
        texts = re.findall(r"word\{target_kind::(\w+), ", code("runtime/parley/wire/target.cpp"))
        self.assertEqual(sorted(TARGETS.values()), sorted(texts))

    def test_the_same_targets_need_a_name_in_the_generator_and_in_the_runtime(self):
        function = re.search(r"bool has_name\(.*?return true;", code("runtime/parley/wire/target.cpp"), re.DOTALL).group()
        named = set(re.findall(r"target_kind::(\w+):", function))
        self.assertEqual({word for word in TARGETS.values() if services.needs_name(word)}, named)

    def test_the_generator_knows_the_values_of_each_enum_of_the_options(self):
        options = code("schema/parley/options.proto")
        enums = {name: [int(n) for n in re.findall(r" = (\d+);", values)]
                 for name, values in re.findall(r"message (\w+) \{\s*enum Value \{(.*?)\}", options, re.DOTALL)}
        used = dict((option, enums[name][-1]) for name, option in re.findall(r"^ *(\w+)\.Value (\w+) = ", options, re.MULTILINE))
        self.assertEqual(used, {option: last for option, (_, last) in events._ENUMS.items()})
        self.assertEqual(enums["Side"], [0, *SIDES])


if __name__ == "__main__":
    unittest.main()
