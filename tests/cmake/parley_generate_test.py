"""parley_generate() as users call it: what it rebuilds, what it leaves unchanged, and its errors
for incorrect calls.

Usage: parley_generate_test.py <cmake> <protoc>, run by a Python that has protobuf. The generator is
replaced by a small one and the runtime by an empty target, so that only the build is tested.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
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

    # Sets the exact current time. The kernel stamps files with a clock that ticks every few
    # milliseconds. A file that is touched right after a build could get the same time as the end of
    # the build, and would not count as newer.
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


    def test_schemas_whose_names_differ_in_a_separator_do_not_meet(self):
        self.write("proto/chat/v1.proto", 'syntax = "proto3"; package one; message A {}\n')
        self.write("proto/chat_v1.proto", 'syntax = "proto3"; package two; message B {}\n')
        self.write("proto/chat.v1.proto", 'syntax = "proto3"; package three; message C {}\n')
        self.write("main.cpp", "".join(f'#include "{name}.codec.hpp"\n' for name in ("chat/v1", "chat_v1", "chat.v1")) + "int main() {}\n")
        self.configure("parley_generate(TARGET api PROTOS chat/v1.proto chat_v1.proto chat.v1.proto IMPORT_DIRS proto)\n"
                       "add_executable(main main.cpp)\ntarget_link_libraries(main PRIVATE api)\n")
        self.build()
        self.assertNotIn("Parley:", self.build())

    def test_a_schema_that_is_listed_twice_is_generated_once(self):
        self.configure("parley_generate(TARGET api PROTOS a/v1/b.proto proto/a/v1/b.proto IMPORT_DIRS proto)\n")
        self.build()

    def test_a_schema_cannot_be_generated_twice_for_one_target(self):
        out = self.configure("parley_generate(TARGET api PROTOS a/v1/b.proto IMPORT_DIRS proto)\n" * 2, status=1)
        self.assertIn("parley_generate(api): a/v1/b.proto is generated for this target already, by another call.", " ".join(out.split()))

    def test_protoc_says_which_schemas_have_services(self):
        service = "message Line {} service Desk { rpc Say(Line) returns (Line); }\n"
        head = 'syntax = "proto3"; package %s;\n'
        option = 'import "google/protobuf/descriptor.proto"; extend google.protobuf.MessageOptions { string doc = 50001; }\n'
        schemas = {
            "plain": (4, head + "message Line {}\n"),
            "bom": (6, "\ufeff" + head + service),
            "crlf": (6, (head + service).replace("\n", "\r\n")),
            "long": (6, "/*\n" + " * word word word word word word word\n" * 20_000 + "*/\n" + head + service),
            "stars": (6, "/" + "*" * 100_000 + "/\n" + head + service),
            "commented": (4, head + "/* service Not { */ // service Neither {\nmessage Line {}\n"),
            "split": (6, head + "message Line {}\nservice // the desk\n Desk /* here */\n{ rpc Say(Line) returns (Line); }\n"),
            "one_line": (6, (head + service).replace("\n", "") + "//[;]\\ \u00fc"),
            "quoted": (4, head + option + 'message Topic { option (doc) = "used by the service Mailer {v2} only"; }\n'),
            "glob": (6, head + option + 'message Topic { option (doc) = "a/*"; }\n' + service + 'message Sub { option (doc) = "*/b"; }\n'),
        }
        calls = ""
        for name, (_, text) in schemas.items():
            (self.dir / f"proto/{name}.proto").write_bytes((text % name).encode())
            calls += f"parley_generate(TARGET api_{name} PROTOS {name}.proto IMPORT_DIRS proto OUT_VAR files)\nlist(LENGTH files n)\n"
            calls += f'message(STATUS "{name} has ${{n}}")\n'
        out = self.configure(calls)
        for name, (count, _) in schemas.items():
            self.assertIn(f"{name} has {count}\n", out)
        self.build()

    def test_a_protoc_that_is_built_by_the_project_need_not_be_asked(self):
        self.configure(f'add_executable(their_protoc IMPORTED)\nset_target_properties(their_protoc PROPERTIES IMPORTED_LOCATION "{PROTOC}")\n'
                       "parley_generate(TARGET api PROTOS a/v1/b.proto IMPORT_DIRS proto PROTOC $<TARGET_FILE:their_protoc>)\n")
        self.build()
        self.assertIn("has no services", self.generated("a/v1/b.client.hpp").read_text())
        self.assertNotIn("Parley:", self.build())
        self.write("proto/a/v1/b.proto", B_PROTO + "service S { rpc F(B) returns (B); }\n")
        self.build()
        self.assertIn("codec.hpp", self.generated("a/v1/b.client.hpp").read_text())

    def test_a_schema_with_a_mistake_stops_the_build_and_not_cmake(self):
        self.write("proto/a/v1/b.proto", B_PROTO + "message {\n")
        self.configure("parley_generate(TARGET api PROTOS a/v1/b.proto IMPORT_DIRS proto)\n")
        self.assertIn("a/v1/b.proto:4:9: Expected message name", self.build(status=1))
        self.write("proto/a/v1/b.proto", B_PROTO + "service S { rpc F(B) returns (B); }\n")
        self.build()
        self.assertTrue(self.generated("a/v1/b.server.hpp").exists())

    # --- imports ---
    A = "parley_generate(TARGET api PROTOS a/v1/a.proto IMPORT_DIRS proto)\n"
    B = "parley_generate(TARGET base PROTOS a/v1/b.proto IMPORT_DIRS proto)\n"

    def test_a_schema_whose_types_are_used_has_to_be_generated(self):
        missing = ("parley_generate(api): a/v1/a.proto uses types of a/v1/b.proto, which is not generated: add it to PROTOS, or link api to the "
                   "target that generates it.")
        self.assertIn(missing, " ".join(self.configure(self.A, status=1).split()))
        self.assertIn(missing, " ".join(self.configure(self.A + self.B, status=1).split()), "generated, but not linked")

    def test_a_schema_may_be_generated_by_what_is_linked(self):
        for link in ("target_link_libraries(api PUBLIC base)\n",
                     "add_library(between INTERFACE)\ntarget_link_libraries(between INTERFACE $<LINK_ONLY:base>)\n"
                     "target_link_libraries(api PRIVATE between)\n",
                     "add_library(my::base ALIAS base)\ntarget_link_libraries(api PUBLIC $<BUILD_INTERFACE:my::base>)\n"):
            self.configure(self.A + self.B + link)
        self.build()

    def test_a_schema_may_be_generated_by_an_installed_target(self):
        self.write("other/CMakeLists.txt", PROJECT + SETTINGS.replace("${CMAKE_CURRENT_SOURCE_DIR}", str(self.dir)) + f"""
            parley_generate(TARGET base PROTOS a/v1/b.proto IMPORT_DIRS {self.dir}/proto)
            set_property(TARGET parley_runtime PROPERTY EXPORT_NAME runtime)
            export(TARGETS base parley_runtime NAMESPACE other:: FILE "{self.dir}/other.cmake")
            """)
        self.run_cmake("-S", "other", "-B", "other/build", "-G", self.generator)
        self.configure('include("${CMAKE_CURRENT_SOURCE_DIR}/other.cmake")\n' + self.A + "target_link_libraries(api PUBLIC other::base)\n")
        self.configure('include("${CMAKE_CURRENT_SOURCE_DIR}/other.cmake")\n' + self.A + "target_link_libraries(api PUBLIC other::runtime)\n",
                       status=1)

    # The imported target is visible in that directory only, and not where all targets are known.
    # Its name could also be that of a library file.
    def test_a_target_may_be_imported_in_a_subdirectory(self):
        below = ("add_library(%s INTERFACE IMPORTED)\nset_property(TARGET %s PROPERTY PARLEY_GENERATED a/v1/b.proto)\n"
                 "parley_generate(TARGET api PROTOS a/v1/a.proto IMPORT_DIRS ${CMAKE_SOURCE_DIR}/proto)\n"
                 "target_link_libraries(api PUBLIC %s)\n")
        for name in "chat::api", "chat_api":
            self.write("below/CMakeLists.txt", below % (name, name, name))
            self.configure("add_subdirectory(below)\n")
        # Other targets may be between the target and the imported one, and the directory may be
        # deeper.
        self.write("below/CMakeLists.txt", "add_subdirectory(deeper)\n")
        self.write("below/deeper/CMakeLists.txt", "add_library(between INTERFACE)\ntarget_link_libraries(between INTERFACE chat_api)\n"
                   + below.replace("PUBLIC %s", "PUBLIC between%.0s") % ("chat_api", "chat_api", ""))
        self.configure("add_subdirectory(below)\n")
        # A library file is not such a target.
        self.write("below/CMakeLists.txt", below.replace("PUBLIC %s", "PUBLIC m%.0s") % ("chat_api", "chat_api", ""))
        self.configure("add_subdirectory(below)\n", status=1)

    def test_schemas_that_are_imported_for_their_options_need_not_be_generated(self):
        self.write("proto/rules.proto", 'syntax = "proto2"; package rules; import "google/protobuf/descriptor.proto";\n'
                                        "message Rules { optional int32 max = 1; }\n"
                                        "extend google.protobuf.MessageOptions { optional Rules rules = 50001; }\n")
        self.write("proto/a/v1/a.proto", 'syntax = "proto3"; import "rules.proto"; message A { option (rules.rules) = { max: 1 }; }\n')
        self.configure(self.A)
        self.build()


class BuildingWithMake(Building):
    generator = "Unix Makefiles"


class Together(Fixture):
    """Uses the real generator."""

    SETTINGS = SETTINGS.replace("${CMAKE_CURRENT_SOURCE_DIR}/gen/fake_generator.py", f"{ROOT}/codegen/protoc-gen-parley").replace(
        "${CMAKE_CURRENT_SOURCE_DIR}/options", f"{ROOT}/schema")
    FLEET = """
        syntax = "proto3";
        package fleet.%s;
        import "parley/options.proto";
        message Ship { string name = 1; }
        service Fleet {
          %s
          // Moves.
          rpc Move(Ship) returns (Ship);
        }
        """

    def test_services_of_one_target_must_not_share_a_wire_name(self):
        self.write("proto/fleet/v1/fleet.proto", self.FLEET % ("v1", ""))
        self.write("proto/fleet/v2/fleet.proto", self.FLEET % ("v2", ""))
        self.write("CMakeLists.txt", PROJECT + self.SETTINGS
                   + "parley_generate(TARGET api PROTOS fleet/v1/fleet.proto fleet/v2/fleet.proto IMPORT_DIRS proto)\n")
        self.run_cmake("-S", ".", "-B", "build", "-G", "Ninja")
        out = self.run_cmake("--build", "build", "--target", "api_generate", status=1)
        self.assertIn(f"{self.dir.resolve()}/proto/fleet/v2/fleet.proto:9: error: Fleet.Move: the wire name \"Fleet.Move\" belongs to "
                      "fleet.v1.Fleet.Move already; give one of the services a prefix, e.g. option (parley.service) = "
                      '{ prefix: "fleet.v2.Fleet." } [WIRE_NAME_TAKEN]', out)
        self.write("proto/fleet/v2/fleet.proto", self.FLEET % ("v2", 'option (parley.service) = { prefix: "fleet.v2.Fleet." };'))
        self.run_cmake("--build", "build", "--target", "api_generate")
        self.assertIn("no work to do", self.run_cmake("--build", "build", "--target", "api_generate"))


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
        self.assertIn("LOCK has no value", self.answer("parley_generate(TARGET api PROTOS proto/a/v1/b.proto LOCK)"))

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
