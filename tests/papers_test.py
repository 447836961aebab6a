"""Checks the documents: code blocks are parts of files that are compiled, and links have a target.

A block that is cut from a file has a comment before it: `<!-- from examples/01_lobby/client.cpp -->`. Its lines must be in that file, in
this order, apart from the indentation. A line `...` represents lines that are left out.
"""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
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


if __name__ == "__main__":
    unittest.main()
