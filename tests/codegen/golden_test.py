"""The generator's output for golden/<case>/<case>.proto is in golden/<case>/expected/. These files
show the effect of a changed template on every shape of schema. Examine the difference, and then
write it with PARLEY_UPDATE_EXPECTED=1.
"""

import shutil
import unittest

from support import HERE, UPDATE, TestCase, generate
from protoc_gen_parley import render

CASES = sorted(p for p in (HERE / "golden").iterdir() if p.is_dir())


class GoldenTest(TestCase):
    def test_each_case_yields_what_is_expected(self):
        for folder in CASES:
            with self.subTest(case=folder.name):
                protos = sorted(p.name for p in folder.glob("*.proto"))
                result = generate([folder], *protos)
                self.assertEqual([], result.errors)
                expected = folder / "expected"
                if UPDATE and expected.exists():
                    shutil.rmtree(expected)
                for name, text in result.files.items():
                    self.hold_against(expected / name, text)
                self.assertEqual(sorted(result.files), sorted(str(p.relative_to(expected)) for p in expected.rglob("*") if p.is_file()))

    def test_output_looks_as_if_written_by_hand(self):
        for folder in CASES:
            for path in sorted((folder / "expected").rglob("*.*")):
                with self.subTest(file=path.name):
                    text = path.read_text(encoding="utf-8")
                    self.assertTrue(text.endswith("\n") and not text.endswith("\n\n"))
                    self.assertFalse("\t" in text or "\n\n\n" in text)
                    for number, line in enumerate(text.split("\n"), 1):
                        self.assertEqual(line.rstrip(), line, "line %d ends in spaces" % number)
                        after = (text.split("\n") + [""])[number]
                        if line.endswith("{") and not line.startswith("namespace"):
                            self.assertNotEqual("", after, "line %d opens a block that starts with an empty line" % number)
                        if line == "" and after.lstrip().startswith("}"):
                            self.assertIn("// namespace", after, "line %d ends a block that ends with an empty line" % number)
                        if '"' not in line:
                            self.assertLessEqual(len(line), render.COLUMNS, "line %d is too long" % number)


if __name__ == "__main__":
    unittest.main()
