"""The shared code of the generator tests: schemas go through the real protoc, and the generator runs in this process."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "codegen"))
sys.dont_write_bytecode = True

from google.protobuf import descriptor_pb2  # noqa: E402

from protoc_gen_parley import __main__ as plugin  # noqa: E402

SCHEMA = ROOT / "schema"
LAUNCHER = ROOT / "codegen" / "protoc-gen-parley"
CXX = os.environ.get("CXX", "c++")
PROTOC = os.environ.get("PROTOC", "protoc")
# Set by a developer who has examined the difference. Expected files are then written instead of
# compared.
UPDATE = os.environ.get("PARLEY_UPDATE_EXPECTED") == "1"


def descriptors(folders, *names):
    """The FileDescriptorProtos of the named schemas and of all their imports, as protoc passes them
    to a plugin."""
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "set")
        command = [PROTOC, *("-I%s" % f for f in folders), "-I%s" % SCHEMA, "--include_imports", "--include_source_info",
                   "--descriptor_set_out=" + out, *names]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise AssertionError(done.stderr)  # warnings of protoc are ignored
        with open(out, "rb") as data:
            return descriptor_pb2.FileDescriptorSet.FromString(data.read()).file


class Result:
    def __init__(self, files, errors, warnings):
        self.files = files          # output path -> text
        self.errors = errors        # lines
        self.warnings = warnings    # lines

    @property
    def findings(self):
        return self.errors + self.warnings


def generate(folders, *names, **parameters):
    """Runs the generator on schemas. Returns the findings that the plugin would report as lines."""
    warnings = []
    files = descriptors(folders, *names)
    try:
        made = plugin.generate(files, names, plugin.Parameters(**parameters), warnings.append)
        errors = []
    except (plugin.Refused, plugin.LoadError, plugin.lock.LockError) as problem:
        made, errors = {}, str(problem).split("\n")
    return Result(made, errors, [w for w in warnings if "[LOCK]" not in w])


def compile_errors(folder, source, *options):
    """The compiler's error lines for a source that includes files of `folder` or of the runtime.
    `options` are those of a build. Without any, only the syntax is checked."""
    command = [CXX, "-std=c++20", *(options or ["-fsyntax-only"]), "-o", os.devnull, "-c", "-Wall", "-Wextra", "-Werror", "-DASIO_STANDALONE",
               *(["-DASIO_HAS_CO_AWAIT=1"] if "clang" in CXX else []), "-fdiagnostics-color=never", "-fmessage-length=0", "-I%s" % folder, "-I%s" % (ROOT / "runtime"), "-x", "c++", "-"]
    done = subprocess.run(command, input=source, stderr=subprocess.PIPE, text=True, check=False)
    found = [line for line in done.stderr.splitlines() if "error:" in line]
    if done.returncode and not found:
        raise AssertionError(done.stderr)
    return found


class TestCase(unittest.TestCase):
    maxDiff = None

    def hold_against(self, path, text):
        """Compares the text with a committed file, or writes that file."""
        path = pathlib.Path(path)
        if UPDATE:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        self.assertTrue(path.exists(), "%s is missing; PARLEY_UPDATE_EXPECTED=1 writes it" % path)
        self.assertEqual(path.read_text(encoding="utf-8"), text, "%s; PARLEY_UPDATE_EXPECTED=1 writes it anew" % path)

    def scratch(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)

    def write(self, folder, name, text):
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path
