"""Parley as part of another project's build. It adds its targets and parley_generate(), and changes
nothing else there.

Usage: subproject_test.py <cmake>
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CMAKE = sys.argv[1]

PROJECT = f"""
cmake_minimum_required(VERSION 3.25)
project(host LANGUAGES CXX)
enable_testing()
add_subdirectory("{ROOT}" parley)
parley_generate(TARGET score_api PROTOS "{ROOT}/examples/04_own_schema/proto/score/v1/score.proto"
  IMPORT_DIRS "{ROOT}/examples/04_own_schema/proto" LOCK check)
add_executable(host main.cpp)
target_link_libraries(host PRIVATE score_api parley::client parley::server)
file(GENERATE OUTPUT options.txt CONTENT "$<TARGET_PROPERTY:host,COMPILE_OPTIONS>;$<TARGET_PROPERTY:parley_client,INTERFACE_COMPILE_OPTIONS>")
"""


class Subproject(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="parley-subproject-")
        cls.addClassCleanup(scratch.cleanup)
        cls.dir = pathlib.Path(scratch.name)
        (cls.dir / "CMakeLists.txt").write_text(PROJECT)
        (cls.dir / "main.cpp").write_text("int main() {}\n")
        cls.cmake("-S", ".", "-B", "build", "-G", "Ninja")

    @classmethod
    def cmake(cls, *arguments):
        done = subprocess.run([CMAKE, *arguments], cwd=cls.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        return done.stdout

    def test_a_schema_of_the_host_is_generated(self):
        self.cmake("--build", "build", "--target", "score_api_generate")
        self.assertTrue((self.dir / "build/generated/score_api/score/v1/score.client.hpp").exists())

    def test_neither_tests_nor_examples_are_built(self):
        targets = self.cmake("--build", "build", "--target", "help")
        self.assertIn("parley_client", targets)
        self.assertNotIn("lobby_server", targets)
        self.assertNotIn("public_headers_alone", targets)
        self.assertNotIn("regenerate", targets)

    def test_no_flag_reaches_the_host(self):
        self.assertEqual((self.dir / "build/options.txt").read_text().strip(";"), "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
