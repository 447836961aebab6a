"""The compiler's messages about generated code. CXX names the compiler. By hand: CXX=g++ python3
tests/codegen/compile_test.py
"""

import unittest
from unittest import mock

from support import HERE, TestCase, generate, compile_errors
from protoc_gen_parley import __version__
from protoc_gen_parley.backends.cpp import file

LINE = 'syntax = "proto3";\npackage t.v1;\nmessage Line { string text = 1; }\n'


SERVICE = """syntax = "proto3";
%s
import "google/protobuf/empty.proto";
import "parley/options.proto";
message Line { string text = 1; }
service Desk {
  option (parley.service) = { prefix: "%s" };
  // Says it.
  rpc Say(Line) returns (google.protobuf.Empty) { option (parley.event) = { to: [ALL] }; }
}
"""


class CompileTestCase(TestCase):
    def errors_of(self, folder, *protos, options=()):
        """Compiles everything that is generated for these schemas in one translation unit, and
        returns the compiler's errors."""
        made = generate([folder], *protos)
        self.assertEqual([], made.errors)
        out = self.scratch()
        for name, text in made.files.items():
            self.write(out, name, text)
        return compile_errors(out, "".join('#include "%s"\n' % name for name in made.files if name.endswith("pp")), *options)


class NamesTest(CompileTestCase):
    """Any name that proto3 allows compiles."""

    def test_names_that_are_macros(self):
        self.assertEqual([], self.errors_of(HERE / "compile", "macros.proto", "odd.proto"))

    def test_an_optimised_build_has_no_warnings(self):
        self.assertEqual([], self.errors_of(HERE / "compile", "odd.proto", options=["-O3"]))

    def test_names_that_meet_in_the_fbs_are_fine_in_cpp(self):
        self.assertEqual([], self.errors_of(HERE / "fbs", "clashes.proto"))

    def test_packages_that_are_names_of_c_or_of_libraries(self):
        folder = self.scratch()
        packages = ("system.v1 time.v1 signal.v1 poll.v1 access.v1 link.v1 clock.v1 truncate.v1 socket.v1 free.v1 send.v1 daemon.v1 log.v1 "
                    "random.v1 round.v1 times stat sync environ gamma index exp remove x.log.v1 a.std.b unix.v1 linux.v1 posix.v1 boost.v1 "
                    "google.v1 asio.v1 simdjson.v1 flatbuffers std.v1 size_t FILE").split()
        for package in packages:
            self.write(folder, package.replace(".", "/") + ".proto", SERVICE % ("package %s;" % package, package + "."))
        self.assertEqual([], self.errors_of(folder, *(package.replace(".", "/") + ".proto" for package in packages)))

    def test_types_that_are_names_of_c_in_no_package(self):
        folder = self.scratch()
        types = "".join("message %s { int32 %s = 1; }\n" % (name, name) for name in ("time", "stat", "FILE", "tm", "div_t", "index"))
        self.write(folder, "t.proto", SERVICE % ("", "t.") + types + """
            enum signal { SIGNAL_NONE = 0; SIGNAL_SIGHUP = 1; }
            message Uses { time a = 1; repeated stat b = 2; FILE c = 3; tm d = 4; signal e = 5; map<int32, index> f = 6; }
            service socket {
              // Sends.
              rpc Send(time) returns (stat);
              // Closes.
              rpc Close(FILE) returns (Uses);
            }
            """)
        self.assertEqual([], self.errors_of(folder, "t.proto"))


class VersionTest(TestCase):
    def compiled(self, version):
        folder = self.scratch()
        self.write(folder, "t/v1/t.proto", LINE)
        with mock.patch.object(file, "__version__", version):
            made = generate([folder], "t/v1/t.proto")
        self.assertEqual([], made.errors)
        for name, text in made.files.items():
            self.write(folder, name, text)
        return compile_errors(folder, '#include "t/v1/t.codec.hpp"\n')

    def test_generated_code_fits_the_runtime_of_its_version(self):
        self.assertEqual([], self.compiled(__version__))
        self.assertEqual([], self.compiled(__version__.rpartition(".")[0] + ".77"), "a patch release changes nothing here")

    def test_generated_code_of_another_version_says_what_to_do(self):
        for version, needed in (("0.77.3", "0.77"), ("77.1.0", "77.1")):
            errors = self.compiled(version)
            self.assertEqual(1, len(errors), errors)
            self.assertIn("static assertion failed", errors[0])
            self.assertIn("t/v1/t.proto was generated for Parley %s, but parley/version.hpp is of another version: generate it again with the "
                          "protoc-gen-parley of that version, or install Parley %s" % (needed, needed), errors[0])


if __name__ == "__main__":
    unittest.main()
