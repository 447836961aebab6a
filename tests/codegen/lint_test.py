"""There is one folder for each rule. The findings in bad.proto are in expected.txt, and ok.proto
has no findings. Rules about changes also have before.proto, which creates the lock file. There may
be more of each: bad_list.proto with expected_list.txt and before_list.proto.
"""

import re
import shutil
import unittest

from support import HERE, SCHEMA, TestCase, generate
from protoc_gen_parley import lint
from protoc_gen_parley.backends import BACKENDS

RULES = {r.id: r for r in lint.Linter([b.rules for b in BACKENDS]).rules}
FOLDERS = sorted(p for p in (HERE / "lint").iterdir() if p.is_dir())


class LintTest(TestCase):
    def findings(self, folder, name):
        scratch = self.scratch()
        parameters = {}
        before = folder / re.sub("^(bad|ok)", "before", name)
        if before.exists():
            shutil.copy(before, scratch / "case.proto")
            self.assertEqual([], generate([scratch], "case.proto", lock_roots=(str(scratch),)).errors)
            parameters = {"lock_roots": (str(scratch),)}
        shutil.copy(folder / name, scratch / "case.proto")
        return generate([scratch], "case.proto", **parameters)

    def test_every_rule_has_a_folder_and_every_folder_a_rule(self):
        self.assertEqual(sorted(RULES), [f.name for f in FOLDERS])

    def test_each_rule_finds_what_is_bad(self):
        for folder in FOLDERS:
            self.assertTrue((folder / "bad.proto").exists(), folder)
            for bad in sorted(folder.glob("bad*.proto")):
                with self.subTest(rule=folder.name, case=bad.name):
                    mine = [f for f in self.findings(folder, bad.name).findings if f.endswith("[%s]" % folder.name)]
                    self.assertTrue(mine, "nothing found")
                    self.hold_against(folder / ("expected%s.txt" % bad.stem[len("bad"):]), "".join(f + "\n" for f in mine))

    def test_each_rule_leaves_alone_what_is_good(self):
        for folder in FOLDERS:
            self.assertTrue((folder / "ok.proto").exists(), folder)
            for good in sorted(folder.glob("ok*.proto")):
                with self.subTest(rule=folder.name, case=good.name):
                    result = self.findings(folder, good.name)
                    self.assertEqual([], [f for f in result.findings if f.endswith("[%s]" % folder.name)])
                    built = [f for f in result.errors if not f.endswith("[NOT_BUILT]")]
                    self.assertEqual([], built, "it has other errors than features that are not built")

    def test_each_finding_has_file_line_and_rule(self):
        for folder in FOLDERS:
            for expected in folder.glob("expected*.txt"):
                for line in expected.read_text(encoding="utf-8").splitlines():
                    self.assertRegex(line, r"^case\.proto:[1-9][0-9]*: (error|warning): .+ \[%s\]$" % folder.name)

    def test_each_rule_stands_in_the_schema_readme(self):
        page = (SCHEMA / "README.md").read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([EW]) \|", page, re.M))
        self.assertEqual({r.id: {"error": "E", "warning": "W"}[r.severity] for r in RULES.values()}, rows)

    def test_a_member_that_is_gone_keeps_its_place_in_the_binary_form(self):
        def oneof(numbers):
            return "oneof pick { %s }" % " ".join("int32 f%d = %d;" % (n, n) for n in numbers)

        scratch = self.scratch()
        self.write(scratch, "case.proto", 'syntax = "proto3"; message M { %s }' % oneof(range(1, 256)))
        self.assertEqual([], generate([scratch], "case.proto", lock_roots=(str(scratch),)).errors)
        self.write(scratch, "case.proto", 'syntax = "proto3"; message M { reserved 1; reserved "f1"; %s }' % oneof(range(2, 257)))
        self.assertEqual(
            ["case.proto:1: error: M: the oneof pick has 256 members, with 1 that are gone and keep their number, but the binary form allows "
             "255; split it, or put some into a message [BINARY_LIMIT]"],
            generate([scratch], "case.proto", lock_roots=(str(scratch),)).errors)

    def test_a_table_holds_so_many_bytes(self):
        def errors(doubles, flags=0):
            fields = ["double f%d = %d;" % (n, n) for n in range(1, doubles + 1)]
            fields += ["bool f%d = %d;" % (n, n) for n in range(doubles + 1, doubles + flags + 1)]
            scratch = self.scratch()
            self.write(scratch, "case.proto", 'syntax = "proto3"; message M { %s }' % " ".join(fields))
            return generate([scratch], "case.proto").errors

        self.assertEqual([], errors(8190))
        self.assertRegex(errors(8191)[0], "^case.proto:1: error: M: its 8191 fields can take 65540 bytes .*BINARY_LIMIT.$")

    def test_warnings_become_errors_when_asked(self):
        scratch = self.scratch()
        shutil.copy(HERE / "lint" / "COMMENT_MISSING" / "bad.proto", scratch / "case.proto")
        self.assertEqual([], generate([scratch], "case.proto").errors)
        self.assertRegex(generate([scratch], "case.proto", strict=True).errors[0], r": error: .*\[COMMENT_MISSING\]$")


if __name__ == "__main__":
    unittest.main()
