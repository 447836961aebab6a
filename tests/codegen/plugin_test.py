"""The executable plugin, as protoc runs it."""

import os
import re
import shutil
import stat
import subprocess
import sys
import unittest

from support import HERE, LAUNCHER, PROTOC, ROOT, SCHEMA, TestCase
from protoc_gen_parley.backends import BACKENDS

HEAD = 'syntax = "proto3";\npackage t;\nimport "google/protobuf/empty.proto";\nimport "parley/options.proto";\n'
GOOD = HEAD + """
message Line { optional string text = 1; optional Line quoted = 2; }
service S {
  // Says.
  rpc Say(Line) returns (google.protobuf.Empty) { option (parley.event) = { to: [OTHERS] }; }
}
"""


class PluginTest(TestCase):
    def setUp(self):
        self.folder = self.scratch()

    def protoc(self, *names, out="out", options=(), env=None, cwd=None, plugin=LAUNCHER, imports=()):
        (self.folder / out).mkdir(exist_ok=True)
        command = [PROTOC, "--plugin=protoc-gen-parley=%s" % plugin, "--parley_out=%s" % (self.folder / out),
                   *("--parley_opt=" + o for o in options), "-I%s" % self.folder, *("-I%s" % i for i in imports), "-I%s" % SCHEMA, *names]
        return subprocess.run(command, stderr=subprocess.PIPE, text=True, cwd=cwd, env={**os.environ, **(env or {})})

    def outputs(self, out="out"):
        root = self.folder / out
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}

    def test_a_schema_yields_its_files_beside_its_path(self):
        done = self.protoc("lobby/v1/lobby.proto")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(
            ["lobby/v1/lobby" + end for end in (".client.hpp", ".codec.cpp", ".codec.hpp", ".fbs", ".server.hpp", ".types.hpp")],
            sorted(self.outputs()))

    def test_a_schema_without_services_yields_types_and_codecs_only(self):
        self.write(self.folder, "t.proto", 'syntax = "proto3";\nmessage Line { string text = 1; }\n')
        self.assertEqual(0, self.protoc("t.proto").returncode)
        self.assertEqual(["t.codec.cpp", "t.codec.hpp", "t.fbs", "t.types.hpp"], sorted(self.outputs()))

    def test_the_build_expects_what_comes_out(self):
        text = (ROOT / "cmake/ParleyGenerate.cmake").read_text(encoding="utf-8")
        self.assertEqual(sorted(o.ending for b in BACKENDS for o in b.outputs if b.name in ("cpp", "fbs")),
                         sorted(re.findall(r'"\$\{stem\}(\.[a-z.]+)"', text)))

    def test_optional_fields_are_supported(self):
        self.write(self.folder, "t.proto", GOOD)
        done = self.protoc("t.proto")
        self.assertEqual(0, done.returncode, done.stderr)

    def test_errors_come_through_protoc_one_line_each(self):
        self.write(self.folder, "t.proto", GOOD.replace("[OTHERS]", "[OTHERS, 5, OTHERS]"))
        done = self.protoc("t.proto")
        self.assertEqual(1, done.returncode)
        self.assertIn("--parley_out: t.proto:9: error: S.Say event.to[2]: OTHERS is listed twice [TARGET_TWICE]\n", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual({}, self.outputs())

    def test_warnings_go_to_stderr_and_stop_nothing(self):
        self.write(self.folder, "t.proto", GOOD.replace("// Says.", ""))
        done = self.protoc("t.proto")
        self.assertEqual(0, done.returncode)
        self.assertIn("t.proto:9: warning: S.Say: has no comment [COMMENT_MISSING]", done.stderr)

    def test_other_syntaxes_are_refused_by_name(self):
        self.write(self.folder, "t.proto", 'syntax = "proto2";\npackage t;\nmessage Line { optional string text = 1; }\n')
        self.assertIn("t.proto:1: error: uses proto2", self.protoc("t.proto").stderr)
        self.write(self.folder, "t.proto", "package t;\nmessage Line { optional string text = 1; }\n")
        self.assertIn("t.proto:1: error: uses proto2", self.protoc("t.proto").stderr)

    def test_text_that_is_not_utf8_is_refused_by_line(self):
        for text, line, what in (
                (b'\nmessage Line {\n  // caf\xe9\n  int32 a = 1;\n}\n', 8, "a comment of this element"),
                (b'// caf\xe9\n\nmessage Line {}\n', 4, "a comment of this element"),
                (b'message Line {\n  int32 a = 1 [json_name = "\\377"];\n}\n', 6, "a string"),
                (b'message Line {}\nservice S {\n  rpc Ask(Line) returns (Line) {\n    option (parley.call) = { name: "\\377" };\n  }\n}\n', 8,
                 "a string in an option"),
                (b'option (parley.file) = { cpp_namespace: "\\xff" };\n', 5, "a string in an option")):
            (self.folder / "t.proto").write_bytes(HEAD.encode() + text)
            done = self.protoc("t.proto")
            self.assertEqual(1, done.returncode)
            # Ignores the messages that libprotobuf prints.
            errors = [said for said in done.stderr.splitlines() if said.startswith("--parley_out")]
            self.assertEqual(["--parley_out: t.proto:%d: error: %s is not UTF-8 [SYNTAX]" % (line, what)], errors)

    def test_a_file_that_is_imported_for_its_options_may_be_proto2(self):
        self.write(self.folder, "rules.proto", """syntax = "proto2";
            package rules;
            import "google/protobuf/descriptor.proto";
            message Rules { optional uint32 max = 1 [default = 10]; optional string pattern = 2; }
            extend google.protobuf.FieldOptions { optional Rules rules = 51071; }
            extend google.protobuf.MethodOptions { optional string http = 51072; }
            """)
        good = GOOD.replace("package t;", 'package t;\nimport "rules.proto";').replace("string text = 1", "string text = 1 [(rules.rules) = { max: 80 }]")
        self.write(self.folder, "t.proto", good.replace("{ option (", '{ option (rules.http) = "/v1/say"; option ('))
        done = self.protoc("t.proto")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn(b"rules", b"".join(self.outputs().values()))
        # The same with one more schema between them.
        self.write(self.folder, "u.proto", 'syntax = "proto3"; package u; import "t.proto"; message Page { repeated t.Line lines = 1; }')
        self.assertEqual(0, self.protoc("u.proto").returncode)

    def test_types_of_a_file_in_another_syntax_are_refused(self):
        self.write(self.folder, "old.proto", 'syntax = "proto2";\npackage old;\nmessage Old { optional uint32 max = 1; }\n')
        for user in ("message Line { old.Old old = 1; }", "message Line {} service S { rpc Ask(Line) returns (old.Old); }"):
            self.write(self.folder, "t.proto", 'syntax = "proto3";\npackage t;\nimport "old.proto";\n' + user)
            self.assertIn('old.proto:1: error: uses proto2; write syntax = "proto3" at the top of the file; t.proto uses its types, so they would have '
                          "to be generated [SYNTAX]", self.protoc("t.proto").stderr)

    def test_unknown_parameters_are_refused_by_name(self):
        self.write(self.folder, "t.proto", GOOD)
        for option in ("lang=cpp", "lock=maybe", "lint", "lock_root="):
            done = self.protoc("t.proto", options=[option])
            self.assertEqual(1, done.returncode)
            self.assertIn('unknown parameter "%s"' % option, done.stderr)

    def test_schemas_can_be_checked_together_only(self):
        self.write(self.folder, "a.proto", GOOD)
        self.write(self.folder, "b.proto", GOOD.replace("package t;", "package b;").replace("// Says.", ""))
        done = self.protoc("a.proto", "b.proto", options=["lint=across", "lock_root=%s" % self.folder])
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, r"^--parley_out: b.proto:9: error: S.Say: the wire name .S.Say. belongs to t.S.Say already; .*\n$")
        self.write(self.folder, "b.proto", GOOD.replace("package t;", "package b;").replace("service S", "service T"))
        done = self.protoc("a.proto", "b.proto", options=["lint=across", "lock_root=%s" % self.folder])
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertEqual({}, self.outputs())
        self.assertFalse((self.folder / "a.parley.lock").exists())

    def test_the_lock_is_written_beside_the_schema(self):
        self.write(self.folder, "a/b/t.proto", GOOD)
        done = self.protoc("a/b/t.proto", options=["lock_root=%s" % (self.folder / "elsewhere"), "lock_root=%s" % self.folder])
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("method S.Say", (self.folder / "a/b/t.parley.lock").read_text(encoding="utf-8"))

    def test_the_same_bytes_come_out_anywhere(self):
        folders = [p for p in sorted((HERE / "golden").iterdir()) if p.is_dir()]
        names = [p.name + ".proto" for p in folders]
        first = self.protoc("lobby/v1/lobby.proto", *names, out="a", imports=folders)
        second = self.protoc(
            "lobby/v1/lobby.proto", *names, out="b", imports=folders, cwd=str(self.folder),
            env={"PYTHONHASHSEED": "17", "LC_ALL": "C", "TZ": "Asia/Tokyo", "HOME": "/nonexistent", "PYTHONPATH": "/nonexistent"})
        self.assertEqual((0, 0), (first.returncode, second.returncode), first.stderr + second.stderr)
        self.assertEqual(self.outputs("a"), self.outputs("b"))
        for name, text in self.outputs("a").items():
            self.assertNotIn(str(ROOT).encode(), text, name)
            self.assertNotIn(str(self.folder).encode(), text, name)

    def test_files_generated_together_or_alone_are_the_same(self):
        self.write(self.folder, "one.proto", 'syntax = "proto3";\npackage one;\nmessage One { string a = 1; }\n')
        self.write(self.folder, "two.proto", 'syntax = "proto3";\npackage two;\nimport "one.proto";\nmessage Two { one.One a = 1; }\n')
        self.protoc("one.proto", "two.proto", out="together")
        self.protoc("one.proto", out="alone")
        self.protoc("two.proto", out="alone")
        self.assertEqual(self.outputs("together"), self.outputs("alone"))

    def test_a_request_can_be_saved(self):
        self.write(self.folder, "t.proto", GOOD)
        saved = self.folder / "request"
        self.protoc("t.proto", env={"PARLEY_DUMP_REQUEST": str(saved)})
        self.assertTrue(saved.stat().st_size)

    # --- the launcher ---
    def fake(self, name, script):
        path = self.write(self.folder, "bin/" + name, "#!/bin/sh\n" + script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def test_the_launcher_passes_over_a_python_without_modules(self):
        self.fake("python3", "exit 1\n")
        self.write(self.folder, "t.proto", GOOD)
        done = self.protoc("t.proto", env={"PATH": "%s:%s" % (self.folder / "bin", os.environ["PATH"]), "PARLEY_PYTHON": ""})
        if done.returncode:  # no other interpreter on this machine has the packages
            self.assertIn("apt-get install python3-jinja2 python3-protobuf", done.stderr)

    def test_the_launcher_uses_the_python_it_is_told(self):
        asked = self.folder / "asked"
        python = self.fake("mine", 'touch %s\nexec "%s" "$@"\n' % (asked, sys.executable))
        self.write(self.folder, "t.proto", GOOD)
        done = self.protoc("t.proto", env={"PARLEY_PYTHON": str(python)})
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue(asked.exists())

    def test_the_launcher_says_what_a_chosen_python_lacks(self):
        python = self.fake("poor", 'case "$*" in *jinja2*) exit 1;; esac\nexit 0\n')
        self.write(self.folder, "t.proto", GOOD)
        done = self.protoc("t.proto", env={"PARLEY_PYTHON": str(python)})
        self.assertEqual(1, done.returncode)
        self.assertIn("PARLEY_PYTHON", done.stderr)
        self.assertTrue(re.search(r"jinja2", done.stderr))

    def test_the_launcher_works_where_it_is_installed(self):
        (self.folder / "share/parley").mkdir(parents=True)
        (self.folder / "share/parley/codegen").symlink_to(ROOT / "codegen")
        (self.folder / "bin").mkdir()
        installed = shutil.copy(LAUNCHER, self.folder / "bin")
        self.write(self.folder, "t.proto", GOOD)
        done = self.protoc("t.proto", plugin=installed)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_the_launcher_works_through_a_link(self):
        link = self.folder / "bin" / "protoc-gen-parley"
        link.parent.mkdir()
        link.symlink_to(LAUNCHER)
        self.write(self.folder, "t.proto", GOOD)
        done = self.protoc("t.proto", plugin=link)
        self.assertEqual(0, done.returncode, done.stderr)


if __name__ == "__main__":
    unittest.main()
