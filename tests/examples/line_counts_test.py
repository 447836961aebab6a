"""The tables of examples/guides: every program has a row with its true length, and no program is
longer than the guide's.

A row has the form `| [name.cpp](name.cpp) | what it shows | the guide's lines | ours |`.
"""

import pathlib
import re
import unittest

GUIDES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "guides"

ROW = re.compile(r"^\| \[([^\]]+)\]\(\1\) \|.*\| (\d+) \| (\d+) \|$", re.MULTILINE)


def lines_of(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    kept = (re.sub(r"^\s*//.*", "", line) for line in text.splitlines())
    return sum(1 for line in kept if line.strip(" \t{}()[];,"))


class LineCounts(unittest.TestCase):
    def test_counting(self):
        self.assertEqual(lines_of("// a\n\n#include <x>\nint main() {\n  /* b\n  c */ f(\n  });\n}\n"), 3)

    def test_each_table_is_true_and_no_program_is_longer_than_the_guides(self):
        pages = sorted(GUIDES.glob("*/README.md"))
        self.assertTrue(pages)
        for page in pages:
            rows = {name: (int(guide), int(ours)) for name, guide, ours in ROW.findall(page.read_text())}
            sources = {path.name for path in page.parent.glob("[!.]*.c*")}
            self.assertEqual(set(rows), sources, f"{page}: rows and programs differ")
            for name, (guide, ours) in rows.items():
                with self.subTest(program=f"{page.parent.name}/{name}"):
                    self.assertEqual(ours, lines_of((page.parent / name).read_text()), "the table is out of date")
                    self.assertLessEqual(ours, guide)

    def test_no_program_reads_an_argument_that_may_not_be_there(self):
        for path in sorted(GUIDES.glob("*/*.cpp")):
            with self.subTest(program=f"{path.parent.name}/{path.name}"):
                text = path.read_text()
                if "argv[" in text:
                    self.assertIn("int argc", text)
                    self.assertRegex(text, r"argc [><=]+ \d|< argc")


if __name__ == "__main__":
    unittest.main()
