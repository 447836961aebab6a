"""The build time of the library's users: the generator, the compiler, and the size of the results."""

import pathlib
import sys
import tempfile

from .. import big_schema, cost, programs
from ..group import Bar, Contender, Group

NAME = "build"
TITLE = "Building: CPU time and sizes"

_MESSAGES = 500


def packages(_every):
    return []


def groups(settings):
    build = settings.programs.build
    found = [
        Group(NAME, "build-generator", f"generator, a schema of {_MESSAGES} messages", "seconds", "s", [
            Contender("protoc with our plugin", lambda: _generate(build))], None, [
                Bar(f"generator for {_MESSAGES} messages, CPU seconds", "protoc with our plugin", 2)]),
        Group(NAME, "build-compile", "compiling one translation unit at -O2", "seconds", "s", [
            _compiled(build, "standard headers only", "cost/standard.cpp"), _compiled(build, "client", "cost/client.cpp"),
            _compiled(build, "server", "cost/server.cpp"), _compiled(build, "codecs of 14 messages", "bench/v1/kinds.codec.cpp")], None, [
                Bar("generated client's translation unit at -O2, CPU seconds", "client", 2.5)]),
    ]
    if settings.every:
        found.append(Group(NAME, "build-size", "size of a stripped program, release build", "bytes", "B", [
            Contender(name, lambda name=name: cost.stripped_size(settings.programs.find(f"bench_cost_{name}")))
            for name in ("standard", "client", "server")], None, rounds=1))
    return found


def _compiled(build, name, source):
    return Contender(name, lambda: cost.compile_time(build, source))


def _generate(build):
    root = programs.BENCH.parent
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as scratch:
        pathlib.Path(scratch, "big.proto").write_text(big_schema.write(_MESSAGES))
        python = cost.cached(build, "PARLEY_PYTHON") or sys.executable
        # Runs the generator like a build.
        return cost.cpu_seconds([python, str(root / "cmake" / "parley_generate.py"), "--protoc", cost.cached(build, "PARLEY_PROTOC"),
                                 "--plugin", str(root / "codegen" / "protoc-gen-parley"), "--import-dir", scratch,
                                 "--import-dir", str(root / "schema"), "--proto", "big.proto", "--out", f"{scratch}/out",
                                 "--opt", f"lock_root={scratch}", "--opt", "lock=read"], pathlib.Path(scratch))
