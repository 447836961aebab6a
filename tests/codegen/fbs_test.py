"""flatc accepts every generated .fbs file. FLATC names the program."""

import os
import subprocess
import unittest

from support import HERE, SCHEMA, TestCase, generate

FLATC = os.environ.get("FLATC", "flatc")


class FbsTest(TestCase):
    def check(self, folder, *protos, **parameters):
        made = generate([folder], *protos, **parameters)
        self.assertEqual([], made.errors)
        out = self.scratch()
        for name, text in made.files.items():
            self.write(out, name, text)
        for name in (n for n in made.files if n.endswith(".fbs")):
            with self.subTest(file=name):
                done = subprocess.run([FLATC, "--cpp", "-o", str(out), "-I", str(out), "-I", str(SCHEMA), str(out / name)],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                self.assertEqual(0, done.returncode, done.stdout)
        return made.files

    def test_of_the_golden_cases(self):
        for folder in sorted(p for p in (HERE / "golden").iterdir() if p.is_dir()):
            self.check(folder, *sorted(p.name for p in folder.glob("*.proto")))

    def test_of_names_that_are_macros_or_words_of_flatc(self):
        self.check(HERE / "compile", "macros.proto")
        words = "string table root_type include attribute rpc_service file_extension native_include nan inf infinity pi uint8 ubyte".split()
        folder = self.scratch()
        self.write(folder, "words.proto", 'syntax = "proto3"; package table.string; %s message All { %s }' % (
            " ".join("message %s { int32 %s = 1; }" % (w, w) for w in words),
            " ".join("optional %s %s = %d; repeated %s l%d = %d;" % (w, w, 2 * i, w, i, 2 * i + 1) for i, w in enumerate(words, 1))))
        self.check(folder, "words.proto")

    def test_of_names_that_meet_there(self):
        files = self.check(HERE / "fbs", "clashes.proto")
        self.assertIn("\ntable Order_LinesEntry {", files["clashes.fbs"], "a message keeps its name")
        self.assertIn("\ntable Order_LinesEntry__ {", files["clashes.fbs"])

    def test_of_names_that_an_imported_file_has(self):
        head = 'syntax = "proto3"; package %s; %s'
        folder = self.scratch()
        self.write(folder, "deep.proto", head % ("a", "message Deep { map<int32, int32> m = 1; } message key {} message Order_oneof_o {}"))
        self.write(folder, "base.proto", head % ("a", 'import "deep.proto"; message Base { Deep deep = 1; oneof pick { int32 a = 2; } }'
                                                      " message Order_LinesEntry {} message total {} message Base_oneof_pick_a_ {}"))
        order = 'import "base.proto"; message Order { %sBase base = 1; map<int32, int32> lines = 2; int32 total = 3; oneof o { int32 x = 4; } }'
        self.write(folder, "own.proto", head % ("a", order % ""))
        self.write(folder, "below.proto", head % ("a.fbs.b", order % ".a."))
        self.write(folder, "else.proto", head % ("b", order % ".a."))
        files = self.check(folder, "deep.proto", "base.proto", "own.proto", "below.proto", "else.proto")
        for name in ("own.fbs", "below.fbs"):  # messages of package a, none of which it uses
            self.assertIn("\ntable Order_LinesEntry_ {\n  key_:int (id: 0, key);", files[name])
            self.assertIn("  total_:int (id: 2);", files[name])
            self.assertIn("\nunion Order_oneof_o_ {", files[name])
        self.assertIn("\ntable Order_LinesEntry {\n  key:int (id: 0, key);", files["else.fbs"], "another namespace has names of its own")

    def test_of_names_that_are_made_for_an_imported_file(self):
        folder = self.scratch()
        self.write(folder, "base.proto", 'syntax = "proto3"; package a; message A_oneof_x { oneof y { int32 i = 1; } }')
        self.write(folder, "user.proto", 'syntax = "proto3"; package a; import "base.proto"; message A { A_oneof_x a = 1; oneof x_oneof_y { int32 i = 2; } }')
        files = self.check(folder, "base.proto", "user.proto")
        self.assertIn("\nunion A_oneof_x_oneof_y {", files["base.fbs"])
        self.assertIn("\nunion A_oneof_x_oneof_y_ {", files["user.fbs"])

    def test_files_that_cannot_be_included_together_are_refused(self):
        folder = self.scratch()
        head = 'syntax = "proto3"; package a; '
        self.write(folder, "one.proto", head + "message Order { map<string, int32> lines = 1; oneof pick { int32 a = 2; } }")
        self.write(folder, "two.proto", head + "message Order_LinesEntry {} message Order_oneof_pick_a {}")
        both = head + 'import "one.proto"; import "two.proto"; message Both { Order order = 1; %s two = 2; }'
        self.check(folder, "one.proto", "two.proto")
        self.write(folder, "three.proto", both % "Order_LinesEntry")
        self.assertEqual(
            ["three.proto:1: error: one.proto and two.proto, whose types it uses, both have the table %s in the .fbs; rename the message with that "
             "name or the one that produces the other [NAME_TAKEN]" % name for name in ("Order_LinesEntry", "Order_oneof_pick_a")],
            generate([folder], "three.proto").errors)
        self.write(folder, "three.proto", both % "int32")
        self.check(folder, "one.proto", "two.proto", "three.proto")

    def test_of_fields_that_are_gone(self):
        folder = self.scratch()
        head = 'syntax = "proto3"; package gone; message Gone { %s }'
        self.write(folder, "gone.proto", head % "int32 a = 1; int32 b = 2; int32 c = 3; oneof o { int32 d = 4; int32 e = 5; }")
        self.check(folder, "gone.proto", lock_roots=(str(folder),))
        self.write(folder, "gone.proto", head % 'reserved 2, 4; reserved "b", "d"; int32 a = 1; int32 c = 3; int32 gone_1 = 6; oneof o { int32 e = 5; }')
        files = self.check(folder, "gone.proto", lock_roots=(str(folder),))
        self.assertIn("gone_1:int (id: 5);", files["gone.fbs"])
        self.assertIn("gone_1_:ubyte (id: 1, deprecated);", files["gone.fbs"])

    def test_a_new_field_does_not_rename_an_older_oneof(self):
        folder = self.scratch()
        head = 'syntax = "proto3"; package old; message Old { oneof body { int32 a = 1; } %s }'
        self.write(folder, "old.proto", head % "")
        self.check(folder, "old.proto", lock_roots=(str(folder),))
        self.write(folder, "old.proto", head % "int32 body_type = 2;")
        files = self.check(folder, "old.proto", lock_roots=(str(folder),))
        self.assertIn("  body:Old_oneof_body (id: 1);", files["old.fbs"])
        self.assertIn("  body_type_:int (id: 2);", files["old.fbs"])


if __name__ == "__main__":
    unittest.main()
