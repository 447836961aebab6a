"""A schema that grows: what stays the same, what is accepted, what is refused, and how an
incompatible change is made.
"""

import re
import unittest

from support import TestCase, generate, descriptors
from protoc_gen_parley import load, lock

HEAD = 'syntax = "proto3";\npackage t;\nimport "google/protobuf/empty.proto";\nimport "parley/options.proto";\n'
SAY = "service S {\n  // Says.\n  rpc Say(Line) returns (google.protobuf.Empty) { option (parley.event) = { to: [OTHERS] }; }\n}\n"


class LockTest(TestCase):
    def setUp(self):
        self.folder = self.scratch()
        self.lock = self.folder / "t.parley.lock"

    def run_(self, body, name="t.proto", **parameters):
        if body is not None:
            self.write(self.folder, name, HEAD + body)
        return generate([self.folder], name, **{"lock_roots": (str(self.folder),), **parameters})

    def grow(self, body):
        result = self.run_(body)
        self.assertEqual([], result.errors)
        return self.lock.read_text(encoding="utf-8")

    def model(self, name="t.proto"):
        schema = load.load(descriptors([self.folder], name), [name])
        return lock.apply(schema, lock.open_locks(schema, [str(self.folder)]))

    def ids(self, message):
        return {f.name: f.fbs_id for f in self.model().messages["t." + message].fields}

    # --- ids ---
    def test_the_first_ids_follow_field_numbers(self):
        self.grow("message Line { string c = 9; string a = 2; oneof o { string x = 3; string y = 12; } string b = 5; }\n")
        self.assertEqual({"a": 0, "b": 3, "c": 4, "x": 1, "y": 2}, self.ids("Line"))
        self.assertEqual(2, self.model().messages["t.Line"].oneofs[0].fbs_id)

    def test_a_new_field_moves_no_other(self):
        self.grow("message Line { string a = 2; string b = 5; }\n")
        self.grow("message Line { string z = 1; string a = 2; string m = 3; string b = 5; oneof o { string x = 4; } }\n")
        self.assertEqual({"a": 0, "b": 1, "z": 2, "m": 3, "x": 1}, self.ids("Line"))
        self.assertEqual(5, self.model().messages["t.Line"].oneofs[0].fbs_id)

    def test_a_member_added_to_a_oneof_comes_last(self):
        self.grow("message Line { oneof o { string b = 2; string c = 3; } }\n")
        self.grow("message Line { oneof o { string a = 1; string b = 2; string c = 3; } }\n")
        self.assertEqual({"a": 3, "b": 1, "c": 2}, self.ids("Line"))

    def test_a_field_that_is_gone_keeps_its_place(self):
        self.grow("message Line { string a = 1; string b = 2; oneof o { string x = 3; string y = 4; } }\n")
        self.grow('message Line { reserved 1, 3; reserved "a", "x"; string b = 2; oneof o { string y = 4; } }\n')
        line = self.model().messages["t.Line"]
        self.assertEqual([True, False, False], [slot.is_gone for slot in line.fbs_slots])
        self.assertEqual([None, "y"], [f and f.name for f in line.oneofs[0].fbs_members])
        self.grow('message Line { reserved 1, 3; reserved "a", "x"; string b = 2; oneof o { string y = 4; } string c = 5; }\n')
        self.assertEqual(4, self.ids("Line")["c"])

    def test_a_oneof_may_be_renamed(self):
        self.grow("message Line { oneof o { string x = 3; string y = 4; } }\n")
        before = self.model().messages["t.Line"].oneofs[0].fbs_id
        self.grow("message Line { string a = 1; oneof other { string x = 3; string y = 4; } }\n")
        self.assertEqual(before, self.model().messages["t.Line"].oneofs[0].fbs_id)

    def test_the_second_run_changes_nothing(self):
        text = "message Line { string a = 1; oneof o { string x = 3; } map<string, Kind> kinds = 4; }\nenum Kind { KIND_NONE = 0; }\n" + SAY
        first = self.grow(text)
        before = self.lock.stat().st_mtime_ns
        self.assertEqual(first, self.grow(text))
        self.assertEqual(before, self.lock.stat().st_mtime_ns)

    # --- accepted shapes ---
    def print_of(self, text):
        return re.search(r"fingerprint ([0-9a-f]{16})", text).group(1)

    def accepted(self, text):
        return re.findall(r"accepted ([0-9a-f]{16})", text)

    def test_compatible_growth_is_accepted_step_by_step(self):
        first = self.grow("message Line { string a = 1; }\n" + SAY)
        second = self.grow("message Line { string a = 1; uint32 b = 2; }\n" + SAY)
        self.assertEqual([self.print_of(first)], self.accepted(second))
        third = self.grow("message Line { string a = 1; uint32 b = 2; }\n" + SAY.replace("[OTHERS]", "[OTHERS, ALL]"))
        self.assertEqual([self.print_of(first), self.print_of(second)], self.accepted(third))

    def test_what_goes_back_does_not_accept_itself(self):
        first = self.grow("message Line { string a = 1; }\n" + SAY)
        self.grow("message Line { string a = 1; }\n" + SAY.replace("[OTHERS]", "[OTHERS, ALL]"))
        # Removing the target again is incompatible with peers of the second shape.
        self.assertIn("[BREAKS_TO_GONE]", self.run_("message Line { string a = 1; }\n" + SAY).errors[0])
        self.lock.write_text(first, encoding="utf-8")
        self.assertEqual([], self.accepted(self.grow("message Line { string a = 1; }\n" + SAY)))

    def test_a_refused_change_leaves_the_lock_alone(self):
        before = self.grow("message Line { string a = 1; }\n" + SAY)
        self.assertTrue(self.run_("message Line { bytes a = 1; }\n" + SAY).errors)
        self.assertEqual(before, self.lock.read_text(encoding="utf-8"))

    def test_a_break_on_purpose_accepts_nothing_earlier(self):
        text = self.grow("message Line { string a = 1; string b = 2; }\n" + SAY)
        text = self.grow("message Line { string a = 1; string b = 2; string c = 3; }\n" + SAY)
        self.assertEqual(1, len(self.accepted(text)))
        broken = "message Line { uint64 a = 1; string b = 2; string c = 3; }\n" + SAY
        refused = self.run_(broken).errors
        self.assertEqual(1, len(refused))
        self.assertIn("delete `field 1` of `message .t.Line` from t.parley.lock", refused[0])
        self.lock.write_text(re.sub(r"  field 1 .*\n", "", text), encoding="utf-8")
        after = self.grow(broken)
        self.assertEqual([], self.accepted(after))
        self.assertEqual({"a": 3, "b": 1, "c": 2}, self.ids("Line"), "the old type's id is not given again")

    def test_a_method_deleted_from_the_lock_starts_anew(self):
        text = self.grow("message Line { string a = 1; }\n" + SAY)
        broken = "message Line { string a = 1; }\n" + SAY.replace("[OTHERS]", "[ALL]")
        self.assertIn("delete the block `method S.Say`", self.run_(broken).errors[0])
        self.lock.write_text(text[: text.index("\nmethod S.Say")], encoding="utf-8")
        self.assertEqual([], self.accepted(self.grow(broken)))

    def test_a_limit_that_is_made_smaller_on_purpose(self):
        text = self.grow("message Line { string a = 1 [(parley.field) = { max_len: 9 }]; }\n" + SAY)
        tighter = "message Line { string a = 1 [(parley.field) = { max_len: 8 }]; }\n" + SAY.replace("[OTHERS]", "[OTHERS] max_bytes: 99")
        refused = self.run_(tighter).errors
        self.assertEqual(2, len(refused))
        self.assertIn("delete the line `limits` of `message .t.Line` from t.parley.lock", refused[0])
        self.assertIn("delete the line `max_bytes` of `method S.Say` from t.parley.lock", refused[1])
        self.lock.write_text(re.sub(r"  (limits|max_bytes) .*\n", "", text), encoding="utf-8")
        self.assertEqual(self.print_of(text), self.print_of(self.grow(tighter)), "limits are no part of the contract")

    def test_many_accepted_shapes_are_reported_before_a_hello_is_too_large(self):
        text = self.grow("message Line { string a = 1; }\n" + SAY)
        for count, warnings in ((2500, []), (2600, ["HELLO_LARGE"])):
            lines = "".join("  accepted %016x\n" % (i + 1) for i in range(count))
            self.lock.write_text(re.sub("  fingerprint .*\n", r"\g<0>" + lines, text), encoding="utf-8")
            found = self.run_(None).warnings
            self.assertEqual(warnings, [re.search(r"\[(\w+)\]$", f).group(1) for f in found])
        self.assertIn("t.proto:6: warning: S: its methods (1) and their earlier shapes (2600) take 49438 bytes in a hello, but a server accepts "
                      "65536; delete `accepted` lines of unused shapes from the lock file", found[0])

    # --- imports ---
    def test_an_imported_messages_ids_come_from_its_own_lock(self):
        self.run_("message Thing { string b = 2; }\n", "thing.proto")
        self.run_("message Thing { string a = 1; string b = 2; }\n", "thing.proto")
        self.grow('import "thing.proto";\n' + SAY.replace("Line", "Thing"))
        self.assertEqual({"a": 1, "b": 0}, self.ids("Thing"))

    def test_an_import_that_grows_is_accepted_in_either_order(self):
        importing = 'import "thing.proto";\n' + SAY.replace("Line", "Thing")
        for imported_first in (True, False):
            with self.subTest(imported_first=imported_first):
                self.setUp()
                self.run_("message Thing { string b = 2; }\n", "thing.proto")
                first = self.grow(importing)
                self.write(self.folder, "thing.proto", HEAD + "message Thing { string a = 1; string b = 2; }\n")
                if imported_first:
                    self.assertEqual([], self.run_(None, "thing.proto").errors)
                second = self.grow(importing)
                self.assertEqual([self.print_of(first)], self.accepted(second))

    def test_an_import_that_breaks_is_refused_at_the_method(self):
        importing = 'import "thing.proto";\n' + SAY.replace("Line", "Thing")
        self.run_("message Thing { string b = 2; }\n", "thing.proto")
        self.grow(importing)
        self.write(self.folder, "thing.proto", HEAD + "message Thing { bytes b = 2; }\n")
        (error,) = self.run_(importing).errors
        self.assertRegex(error, r"^t\.proto:\d+: error: S.Say: .*Thing\.b was of type string .*\[BREAKS_PAYLOAD\]$")

    # --- messages that move to another file ---
    GROWN = "message Line { string z = 3; string a = 1; int32 m = 2; }\n"  # ids by age: a 0, z 1, m 2

    def grow_line(self):
        self.grow("message Line { string a = 1; }\n" + SAY)
        self.grow("message Line { string a = 1; string z = 3; }\n" + SAY)
        return self.grow(self.GROWN + SAY)

    def test_a_message_that_moves_keeps_its_ids_whichever_file_is_generated_first(self):
        for order in (["line.proto", "t.proto"], ["t.proto", "line.proto"], ["deep/er/line.proto", "t.proto"], ["t.proto", "deep/er/line.proto"]):
            with self.subTest(order=order):
                self.setUp()
                before = self.grow_line()
                moved = next(name for name in order if name != "t.proto")
                self.write(self.folder, moved, HEAD + self.GROWN)
                self.write(self.folder, "t.proto", HEAD + 'import "%s";\n' % moved + SAY)
                for name in order + order:
                    self.assertEqual([], self.run_(None, name).errors)
                self.assertEqual({"a": 0, "z": 1, "m": 2}, self.ids("Line"))
                self.assertEqual(self.print_of(before), self.print_of(self.lock.read_text(encoding="utf-8")))
                for name in order:
                    self.assertEqual([], self.run_(None, name, lock_mode="check").errors, "nothing is left to be written")
                self.assertIn("message .t.Line next 3", (self.folder / moved).with_suffix(".parley.lock").read_text(encoding="utf-8"))

    def test_a_message_that_moves_in_one_run_leaves_its_old_lock_with_the_next_change(self):
        before = self.grow_line()
        self.write(self.folder, "line.proto", HEAD + self.GROWN)
        self.write(self.folder, "t.proto", HEAD + 'import "line.proto";\n' + SAY)
        self.assertEqual([], generate([self.folder], "line.proto", "t.proto", lock_roots=(str(self.folder),)).errors)
        self.assertEqual({"a": 0, "z": 1, "m": 2}, self.ids("Line"))
        self.assertEqual(before, self.lock.read_text(encoding="utf-8"), "a block that may go is no reason to call a lock out of date")
        text = self.grow('import "line.proto";\nmessage New {}\n' + SAY)
        self.assertIn("foreign .t.Line", text)
        self.assertNotIn("message .t.Line", text)
        self.assertEqual({"a": 0, "z": 1, "m": 2}, self.ids("Line"))

    def test_a_message_that_has_been_given_other_ids_is_named_with_its_block(self):
        self.grow_line()
        self.write(self.folder, "line.proto", HEAD + self.GROWN)
        kept = self.lock.read_text(encoding="utf-8")
        self.lock.unlink()  # the lock is missing for this run
        self.assertEqual([], self.run_(None, "line.proto").errors)
        self.lock.write_text(kept, encoding="utf-8")
        errors = self.run_('import "line.proto";\n' + SAY).errors
        self.assertIn("t.proto:1: error: t.Line is now in line.proto and had other binary ids here: move the block `message .t.Line` from "
                      "t.parley.lock to line.parley.lock, in place of the one there [BREAKS_FIELD_TYPE]", errors)
        self.assertEqual(kept, self.lock.read_text(encoding="utf-8"))

    def test_a_message_that_moves_to_another_package_has_its_block_renamed(self):
        before = self.grow_line()
        self.write(self.folder, "u.proto", HEAD.replace("package t", "package u") + self.GROWN)
        self.assertEqual([], self.run_(None, "u.proto").errors)
        errors = self.run_('import "u.proto";\n' + SAY.replace("Line", "u.Line")).errors
        self.assertIn("to keep its ids rename its block there, `message .t.Line`", errors[0])
        block = re.search(r"\nmessage \.t\.Line.*?\n(?=\n)", before, re.S).group(0).replace(".t.", ".u.")
        lock_of_u = self.folder / "u.parley.lock"
        lock_of_u.write_text(re.sub(r"\nmessage \.u\.Line.*", block, lock_of_u.read_text(encoding="utf-8"), flags=re.S), encoding="utf-8")
        self.assertEqual([], self.run_(None).errors)

    def test_another_message_of_the_same_name_is_none_that_moved(self):
        self.grow_line()
        self.assertEqual([], self.run_("message Line { bytes a = 2; string b = 1; }\n", "other.proto").errors)
        self.assertIn("message .t.Line next 2", (self.folder / "other.parley.lock").read_text(encoding="utf-8"))

    def test_a_message_that_is_gone_keeps_its_block_until_it_is_deleted(self):
        gone = self.grow("message Line { string a = 1; }\nmessage Gone { string z = 2; }\n")
        text = self.grow("message Line { string a = 1; }\n")
        self.assertEqual(gone, text)
        self.grow("message Line { string a = 1; }\nmessage Gone { string a = 1; string z = 2; }\n")
        self.assertEqual({"a": 1, "z": 0}, self.ids("Gone"))
        self.lock.write_text(re.sub(r"\nmessage \.t\.Gone.*?\n(?=\n)", "", gone, flags=re.S), encoding="utf-8")
        self.assertNotIn("Gone", self.grow("message Line { string a = 1; }\n"))

    # --- modes and damage ---
    def test_check_refuses_a_stale_lock_and_writes_nothing(self):
        (error,) = self.run_("message Line { string a = 1; }\n", lock_mode="check").errors
        self.assertIn("t.parley.lock is out of date", error)
        self.assertFalse(self.lock.exists())
        self.grow("message Line { string a = 1; }\n")
        self.assertEqual([], self.run_("message Line { string a = 1; }\n", lock_mode="check").errors)

    def test_read_writes_nothing_and_uses_what_is_there(self):
        before = self.grow("message Line { string b = 2; }\n")
        self.assertEqual([], self.run_("message Line { string a = 1; string b = 2; }\n", lock_mode="read").errors)
        self.assertEqual(before, self.lock.read_text(encoding="utf-8"))
        self.assertEqual({"a": 1, "b": 0}, self.ids("Line"))

    def test_a_damaged_lock_is_named_with_its_line(self):
        text = self.grow("message Line { string a = 1; }\n" + SAY)
        for damaged, expected in {
            "": None,
            "nonsense\n": "t.parley.lock:1: error: not a lock file",
            text.replace("  field 1 0", "  field one 0"): r"t.parley.lock:\d+: error: cannot be read",
            text.replace("  field 1 0 a", "  field 1 0"): r"t.parley.lock:\d+: error: cannot be read",
            text.replace("limits -", "limits 1.max_ten=3"): r"t.parley.lock:\d+: error: cannot be read",
            text.replace("  shape event client 0 0\n", ""): "method S.Say is incomplete",
            text + "<<<<<<< ours\n": "conflict markers",
        }.items():
            self.lock.write_text(damaged, encoding="utf-8")
            errors = self.run_(None).errors
            if expected is None:
                self.assertEqual([], errors)
            else:
                self.assertEqual(1, len(errors))
                self.assertRegex(errors[0], expected)

    def test_a_schema_outside_every_lock_root_is_named(self):
        self.write(self.folder, "t.proto", HEAD + "message Line { string a = 1; }\n")
        (error,) = generate([self.folder], "t.proto", lock_roots=("/nowhere",)).errors
        self.assertIn("none of the lock_root folders", error)

    def test_a_lock_reads_as_it_was_written(self):
        text = self.grow("message Line { string a = 1; oneof o { Line x = 3; Kind k = 7; } }\n"
                         "message Most { repeated string a = 1 [(parley.field) = { max_len: 3 max_count: 4 }]; string b = 2; }\n"
                         "enum Kind { KIND_NONE = 0; KIND_MINUS = -1; }\n"
                         + SAY.replace("}\n}", "}\n  // Asks.\n  rpc Ask(Most) returns (Most) { option (parley.call) = { errors: \"Kind\" max_bytes: 9 }; }\n}"))
        for line in ("  limits -\n", "  limits 1.max_len=3 1.max_count=4\n", "  errors .t.Kind\n", "  max_bytes 9\n"):
            self.assertIn(line, text)
        self.assertEqual(text, lock.format(lock.parse(text, "t"), "t.proto"))


if __name__ == "__main__":
    unittest.main()
