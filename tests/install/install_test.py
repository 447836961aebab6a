"""Installs this build into an empty prefix and builds examples/04_own_schema against it, as a user's project would.

Usage: install_test.py <cmake> <build dir> <source dir> <C++ compiler> <C++ flags>
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from programs import Program  # noqa: E402

CMAKE, BUILD, SOURCE, COMPILER, FLAGS = sys.argv[1:6]

RAW_PROJECT = """cmake_minimum_required(VERSION 3.25)
project(raw LANGUAGES CXX)
find_package(Parley REQUIRED COMPONENTS client server)
add_executable(raw_server {examples}/07_raw/server.cpp)
target_link_libraries(raw_server PRIVATE parley::server)
add_executable(raw {examples}/07_raw/main.cpp)
target_link_libraries(raw PRIVATE parley::client)
add_executable(guest guest.cpp)
target_link_libraries(guest PRIVATE parley::client)
"""

RAW_GUEST = r"""#include <parley/raw.hpp>

#include <iostream>
#include <string>

int main(int, char** argv) {
  const std::string server = argv[1];
  parley::raw_connection echo{server + "/echo", {.subprotocols = {"other", "text.v1"}}};
  std::cout << echo.ask("hello") << ", in " << echo.subprotocol() << '\n';
  std::cout << "binary: " << (echo.ask(parley::raw_message::binary({1, 2, 3})) == parley::raw_message::binary({1, 2, 3})) << '\n';
  parley::raw_connection time{server + "/time"};
  std::cout << "seconds: " << time.receive() << '\n';
  try {
    parley::raw_connection{server + "/elsewhere"}.connect();
  } catch (const parley::call_failed& refused) { std::cout << "elsewhere: " << refused.code().message() << '\n'; }
  echo.close(4001, "enough");
  std::cout << "closed with " << echo.close_code() << '\n';
}
"""


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="parley-install-")
        cls.addClassCleanup(scratch.cleanup)
        cls.dir = pathlib.Path(scratch.name).resolve()
        # The prefix is moved after the installation, because nothing may contain its original path.
        run(CMAKE, "--install", BUILD, "--prefix", cls.dir / "first")
        cls.prefix = (cls.dir / "first").rename(cls.dir / "prefix")

    def test_another_project_builds_and_talks(self):
        build = self.dir / "build"
        run(CMAKE, "-S", pathlib.Path(SOURCE, "examples/04_own_schema"), "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_CXX_FLAGS={FLAGS} -Wall -Wextra -Werror")
        run(CMAKE, "--build", build)
        self.assertEqual(run(build / "score", timeout=60), "red scored: 1\ngreen does not play\nScore.Cheer: this team does not play\n")
        self.assertIn("no work to do", run(CMAKE, "--build", build))
        cache = (build / "CMakeCache.txt").read_text()
        self.assertNotIn(str(pathlib.Path(SOURCE) / "runtime"), cache)

    def test_the_plugin_works_from_the_prefix_with_protoc_alone(self):
        out = self.dir / "out"
        out.mkdir()
        protos = pathlib.Path(SOURCE, "examples/04_own_schema/proto")
        run("protoc", f"--plugin=protoc-gen-parley={self.prefix / 'bin/protoc-gen-parley'}", f"--parley_out={out}", f"-I{protos}",
            f"-I{self.prefix / 'share/parley/proto'}", "score/v1/score.proto", env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        self.assertTrue((out / "score/v1/score.client.hpp").exists())

    def test_a_component_that_does_not_exist_is_named(self):
        project = self.dir / "components"
        project.mkdir()
        (project / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES CXX)\n"
                                                "find_package(Parley REQUIRED COMPONENTS client clients)\n")
        done = subprocess.run([CMAKE, "-S", project, "-B", project / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                               f"-DCMAKE_CXX_COMPILER={COMPILER}"], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("there is no component clients; there are runtime, client, server and generator", " ".join(done.stderr.split()))

    def test_private_things_stay_at_home(self):
        headers = sorted(str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*.hpp"))
        self.assertTrue(any(path.endswith("parley/client.hpp") for path in headers), headers)
        self.assertEqual([path for path in headers if "websocketpp" in path or "loopback" in path and "/detail/" in path], [])
        naming_websocketpp = [str(path) for path in self.prefix.rglob("*.hpp") if re.search(r"#\s*include\s*<websocketpp", path.read_text())]
        self.assertEqual(naming_websocketpp, [])

    def test_a_c_program_finds_header_and_library(self):
        build, project = self.dir / "c", self.dir / "c-project"
        project.mkdir()
        (project / "main.c").write_text('#include <parley/c/parley.h>\n#include <stdio.h>\n'
                                        'int main(void) { parley_client_free(NULL); puts(parley_code_name(PARLEY_DENIED)); return 0; }\n')
        (project / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(c LANGUAGES C CXX)\n"
                                                "find_package(Parley REQUIRED)\nadd_executable(main main.c)\n"
                                                "target_link_libraries(main PRIVATE parley::c)\nset_target_properties(main PROPERTIES LINKER_LANGUAGE CXX)\n")
        run(CMAKE, "-S", project, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_COMPILER={COMPILER}",
            f"-DCMAKE_CXX_FLAGS={FLAGS}")
        run(CMAKE, "--build", build)
        self.assertEqual(run(build / "main", timeout=60), "denied\n")

    def test_a_server_and_a_client_without_a_schema(self):
        build, project = self.dir / "raw", self.dir / "raw-project"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(RAW_PROJECT.format(examples=pathlib.Path(SOURCE, "examples").as_posix()))
        (project / "guest.cpp").write_text(RAW_GUEST)
        run(CMAKE, "-S", project, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_COMPILER={COMPILER}",
            f"-DCMAKE_CXX_FLAGS={FLAGS} -Wall -Wextra -Werror")
        run(CMAKE, "--build", build)
        server = Program([build / "raw_server", "0"])
        self.addCleanup(server.kill)
        url = server.line_with(r"listening on (ws://\S+)")[1]
        self.assertRegex(run(build / "guest", url, timeout=60),
                         r"^hello, in text\.v1\nbinary: 1\nseconds: \d{10,}\nelsewhere: unimplemented\nclosed with 4001\n$")
        server.line_with(r"127\.0\.0\.1:\d+ asked for /echo, speaks text\.v1")
        server.line_with(r"127\.0\.0\.1:\d+ asked for /time, speaks $")
        server.expect_clean_end(server.stop())

    def test_no_file_names_the_place_it_was_built_in(self):
        # Only libraries contain these paths, in their debug information.
        places = (BUILD, SOURCE, str(self.dir / "first"))
        found = [f"{path.relative_to(self.prefix)} names {place}" for path in self.prefix.rglob("*") if path.is_file() and not re.search(r"\.(a|so)\b", path.name)
                 for place in places if place in path.read_text(errors="replace")]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[6:], warnings="ignore")
