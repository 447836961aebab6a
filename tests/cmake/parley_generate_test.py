"""parley_generate() as users meet it: what it rebuilds and what it leaves alone, and what it answers to misuse.

Usage: parley_generate_test.py <cmake> <protoc>, run by a Python that has protobuf. The generator is a stand-in and the runtime an empty
target, so that only the build is tested.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
MODULE = HERE.parent.parent / "cmake" / "ParleyGenerate.cmake"
CMAKE, PROTOC = sys.argv[1:3]

SETTINGS = f"""
set_property(GLOBAL PROPERTY PARLEY_GENERATE_PYTHON "{sys.executable}")
set_property(GLOBAL PROPERTY PARLEY_GENERATE_PROTOC "{PROTOC}")
set_property(GLOBAL PROPERTY PARLEY_GENERATE_PLUGIN "${{CMAKE_CURRENT_SOURCE_DIR}}/gen/fake_generator.py")
set_property(GLOBAL PROPERTY PARLEY_GENERATE_WATCH "${{CMAKE_CURRENT_SOURCE_DIR}}/gen")
set_property(GLOBAL PROPERTY PARLEY_GENERATE_PROTO_DIR "${{CMAKE_CURRENT_SOURCE_DIR}}/options")
include("{MODULE}")
"""

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(fixture CXX)
add_library(parley_runtime INTERFACE)
add_library(parley::runtime ALIAS parley_runtime)
"""

A_PROTO = 'syntax = "proto3"; package a.v1;\nimport "a/v1/b.proto";\nmessage A { B b = 1; }\n'
B_PROTO = 'syntax = "proto3"; package a.v1;\n// service Not {\nmessage B {}\n'


class Fixture(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="parley-generate-")
        self.addCleanup(scratch.cleanup)
        self.dir = pathlib.Path(scratch.name)
        self.write("proto/a/v1/a.proto", A_PROTO)
        self.write("proto/a/v1/b.proto", B_PROTO)
        self.write("gen/fake_generator.py", (HERE / "fake_generator.py").read_text().replace("/usr/bin/env python3", sys.executable))
        (self.dir / "gen/fake_generator.py").chmod(0o755)
        self.write("options/parley/options.proto", 'syntax = "proto3";\n')

    def write(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    # Now, exactly. The kernel stamps files with a clock that ticks every few milliseconds: a file touched right after a build could get
    # the very time that the build ended at, and equal is not newer.
    def touch(self, name):
        now = time.time_ns()
        os.utime(self.dir / name, ns=(now, now))

    def run_cmake(self, *arguments, status=0):
        done = subprocess.run([CMAKE, *arguments], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode == 0, status == 0, done.stdout)
        return done.stdout


class Building(Fixture):
    generator = "Ninja"

    def configure(self, calls, status=0):
        self.write("CMakeLists.txt", PROJECT + SETTINGS + calls)
        return self.run_cmake("-S", ".", "-B", "build", "-G", self.generator, status=status)

    def build(self, status=0):
        return self.run_cmake("--build", "build", status=status)

    def generated(self, name):
        return self.dir / "build/generated/api" / name

    def test_a_target_is_made_and_serves_a_program(self):
        self.write("main.cpp", '#include "a/v1/a.types.hpp"\nint main() { A a; (void)a; }\n')
        self.configure("parley_generate(TARGET api PROTOS proto/a/v1/a.proto a/v1/b.proto IMPORT_DIRS proto)\n"
                       "add_executable(main main.cpp)\ntarget_link_libraries(main PRIVATE api)\n")
        self.build()
        self.assertFalse(self.generated("a/v1/a.client.hpp").exists(), "there is no service")

    def test_nothing_is_done_twice(self):
        self.configure("parley_generate(TARGET api PROTOS a/v1/a.proto a/v1/b.proto IMPORT_DIRS proto)\n")
        self.build()
        self.assertNotIn("Parley:", self.build())

    def test_touching_a_schema_compiles_nothing(self):
        self.configure("parley_generate(TARGET api PROTOS a/v1/a.proto a/v1/b.proto IMPORT_DIRS proto)\n")
        self.build()
        self.touch("proto/a/v1/b.proto")
        out = self.build()
        self.assertIn("Parley: a/v1/b.proto", out)
        self.assertIn("Parley: a/v1/a.proto", out, "what imports it is generated again")
        self.assertNotIn("Building", out)
        self.assertNotIn("Parley:", self.build())

    def test_a_changed_message_compiles_what_uses_it(self):
        self.configure("parley_generate(TARGET api PROTOS a/v1/a.proto a/v1/b.proto IMPORT_DIRS proto)\n")
        self.build()
        self.write("proto/a/v1/b.proto", B_PROTO + "message More {}\n")
        out = self.build()
        self.assertIn("a.codec.cpp", out)
        self.assertIn("b.codec.cpp", out)

    def test_a_service_that_is_added_brings_its_headers_in_the_same_build(self):
        self.configure("parley_generate(TARGET api PROTOS a/v1/a.proto a/v1/b.proto IMPORT_DIRS proto)\n")
        self.build()
        self.write("proto/a/v1/b.proto", B_PROTO + "service S { rpc F(B) returns (B); }\n")
        self.build()
        self.assertTrue(self.generated("a/v1/b.client.hpp").exists())
        self.assertTrue(self.generated("a/v1/b.server.hpp").exists())

    def test_editing_the_generator_regenerates(self):
        self.configure("parley_generate(TARGET api PROTOS a/v1/a.proto a/v1/b.proto IMPORT_DIRS proto)\n")
        self.build()
        self.write("gen/templates/types.hpp.j2", "")
        self.touch("gen/fake_generator.py")
        self.assertIn("Parley: a/v1/a.proto", self.build())
        self.touch("gen/templates/types.hpp.j2")
        self.assertIn("Parley: a/v1/a.proto", self.build(), "a template that is new counts, too")

    def test_a_finding_is_told_with_the_path_of_the_schema_and_mended_by_the_next_build(self):
        self.configure("parley_generate(TARGET api PROTOS a/v1/a.proto a/v1/b.proto IMPORT_DIRS proto)\n")
        self.write("proto/a/v1/b.proto", B_PROTO.replace("message B {}", "message B {} message Bad {}"))
        self.assertIn(f"{self.dir.resolve()}/proto/a/v1/b.proto:2:1: that is bad [FAKE]", self.build(status=1))
        self.write("proto/a/v1/b.proto", B_PROTO)
        self.build()

    def test_schemas_may_lie_outside_the_source_directory(self):
        with tempfile.TemporaryDirectory(prefix="parley elsewhere ") as elsewhere:
            proto = pathlib.Path(elsewhere, "c/v1/c.proto")
            proto.parent.mkdir(parents=True)
            proto.write_text('syntax = "proto3"; package c.v1; message C {}\n')
            self.configure(f'parley_generate(TARGET api PROTOS "{proto}" IMPORT_DIRS "{elsewhere}")\n')
            self.build()
            self.assertTrue(self.generated("c/v1/c.types.hpp").exists())
            self.assertNotIn("Parley:", self.build())
            proto.touch()
            self.assertIn("Parley:", self.build())

    def test_a_target_of_another_directory_is_added_to(self):
        self.write("sub/CMakeLists.txt", "add_library(api STATIC own.cpp)\n")
        self.write("sub/own.cpp", '#include "a/v1/b.types.hpp"\nB b() { return {}; }\n')
        self.configure("add_subdirectory(sub)\nparley_generate(TARGET api PROTOS a/v1/b.proto IMPORT_DIRS proto)\n")
        self.build()

    def test_two_targets_and_two_calls_for_one_target_do_not_meet(self):
        self.configure("parley_generate(TARGET api PROTOS a/v1/b.proto IMPORT_DIRS proto)\n"
                       "parley_generate(TARGET api PROTOS a/v1/a.proto IMPORT_DIRS proto)\n"
                       "parley_generate(TARGET other PROTOS a/v1/b.proto IMPORT_DIRS proto LOCK read)\n")
        self.build()

    def test_the_list_of_outputs_comes_back(self):
        out = self.configure("parley_generate(TARGET api PROTOS a/v1/b.proto IMPORT_DIRS proto OUT_DIR here OUT_VAR files)\n"
                             'message(STATUS "files: ${files}")\n')
        here = self.dir.resolve() / "build/here/a/v1"
        self.assertIn("files: " + ";".join(f"{here}/b.{end}" for end in ("types.hpp", "codec.hpp", "codec.cpp", "fbs")), out)


class BuildingWithMake(Building):
    generator = "Unix Makefiles"


class Misuse(Fixture):
    def answer(self, call, settings=SETTINGS):
        self.write("misuse.cmake", "cmake_minimum_required(VERSION 3.25)\n" + settings + call)
        out = self.run_cmake("-P", "misuse.cmake", status=1)
        return " ".join(out.split())

    def test_an_unknown_keyword_is_named_with_the_known_ones(self):
        text = self.answer("parley_generate(TARGET api LANGUAGE cpp PROTOS a/v1/b.proto)")
        self.assertIn("unknown argument: LANGUAGE cpp. It knows: TARGET OUT_DIR", text)
        text = self.answer("parley_generate(TARGET api PROTOS a/v1/b.proto IMPORT_DIR proto LOCK read)")
        self.assertIn("IMPORT_DIR is neither a .proto file nor an argument it knows: TARGET OUT_DIR", text)

    def test_a_keyword_without_a_value(self):
        self.assertIn("LOCK stands there without a value", self.answer("parley_generate(TARGET api PROTOS proto/a/v1/b.proto LOCK)"))

    def test_a_missing_target(self):
        self.assertIn("TARGET is missing", self.answer("parley_generate(PROTOS proto/a/v1/b.proto)"))

    def test_missing_schemas(self):
        self.assertIn("PROTOS is missing", self.answer("parley_generate(TARGET api)"))

    def test_a_schema_that_does_not_exist(self):
        self.assertIn("a/v1/c.proto does not exist", self.answer("parley_generate(TARGET api PROTOS a/v1/c.proto IMPORT_DIRS proto)"))

    def test_a_schema_that_is_none(self):
        self.assertIn("misuse.cmake is neither a .proto file", self.answer("parley_generate(TARGET api PROTOS misuse.cmake)"))

    def test_a_schema_below_no_import_directory(self):
        self.write("other/c.proto", 'syntax = "proto3";')
        self.assertIn("lies in none of the import directories", self.answer("parley_generate(TARGET api PROTOS other/c.proto IMPORT_DIRS proto)"))

    def test_an_import_directory_that_does_not_exist(self):
        self.assertIn("does not exist", self.answer("parley_generate(TARGET api PROTOS proto/a/v1/b.proto IMPORT_DIRS nowhere)"))

    def test_an_unknown_lock_mode(self):
        self.assertIn("LOCK is update, check or read, not write", self.answer("parley_generate(TARGET api PROTOS proto/a/v1/b.proto LOCK write)"))

    def test_an_unknown_usage_requirement(self):
        self.assertIn("USAGE_REQUIREMENT is PRIVATE, PUBLIC or INTERFACE, not ALL",
                      self.answer("parley_generate(TARGET api PROTOS proto/a/v1/b.proto USAGE_REQUIREMENT ALL)"))

    def test_a_generator_that_does_not_exist(self):
        self.assertIn("nowhere/gen does not exist", self.answer("parley_generate(TARGET api PROTOS proto/a/v1/b.proto GENERATOR nowhere/gen)"))

    def test_no_python_and_no_protoc(self):
        text = self.answer("parley_generate(TARGET api PROTOS proto/a/v1/b.proto)", SETTINGS.replace(sys.executable, ""))
        self.assertIn("apt-get install python3-jinja2 python3-protobuf", text)
        text = self.answer("parley_generate(TARGET api PROTOS proto/a/v1/b.proto)", SETTINGS.replace(f'"{PROTOC}"', '""'))
        self.assertIn("apt-get install protobuf-compiler", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
