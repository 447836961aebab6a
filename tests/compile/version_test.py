"""Every place that states Parley's version states the same one. Usage: version_test.py
<PROJECT_VERSION>, or by hand without an argument.
"""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def found(path, pattern):
    match = re.search(pattern, (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    return match.group(1) if match else None


class Version(unittest.TestCase):
    expected = found("CMakeLists.txt", r"^project\(Parley VERSION (\S+)")

    def test_the_runtime_has_the_version_of_the_project(self):
        self.assertEqual(self.expected, found("runtime/parley/version.hpp", r'string_view version = "([^"]*)"'))
        self.assertEqual(self.expected, ".".join(
            found("runtime/parley/version.hpp", r"int version_%s = (\d+);" % part) for part in ("major", "minor", "patch")))

    def test_the_c_interface_has_the_version_of_the_project(self):
        self.assertEqual(self.expected, found("runtime/parley/c/parley.h", r'^#define PARLEY_VERSION "([^"]*)"'))
        self.assertEqual(self.expected, ".".join(
            found("runtime/parley/c/parley.h", r"^#define PARLEY_VERSION_%s (\d+)" % part) for part in ("MAJOR", "MINOR", "PATCH")))

    def test_the_generator_has_the_version_of_the_project(self):
        self.assertEqual(self.expected, found("codegen/protoc_gen_parley/__init__.py", r'^__version__ = "([^"]*)"'))

    def test_the_changelog_begins_with_the_version_of_the_project(self):
        self.assertEqual(self.expected, found("CHANGELOG.md", r"^## (\d[\d.]*\d)"))


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        Version.expected = sys.argv.pop(1)
    unittest.main()
