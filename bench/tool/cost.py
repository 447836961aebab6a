"""The cost of building: the CPU time of a command and its children, and the size of a program."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
from typing import Dict, List


def cpu_seconds(command: List[str], folder: pathlib.Path, **environment: str) -> Dict[str, float]:
    """User and system time, including that of children that were waited for."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **environment})
    complaint = process.stderr.read()
    process.stderr.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(complaint.strip().splitlines()[-1] if complaint.strip() else f"{command[0]} failed")
    return {"seconds": used.ru_utime + used.ru_stime}


def compile_time(build: pathlib.Path, source: str) -> Dict[str, float]:
    """The time to compile a file of the build with its own command line, but with -O2 and without
    the compiler cache."""
    entries = json.loads((build / "compile_commands.json").read_text())
    entry = next(one for one in entries if one["file"].endswith(source))
    command = [word for word in shlex.split(entry["command"]) if not word.endswith("ccache")]
    command = ["-O2" if re.fullmatch(r"-O.", word) else word for word in command]
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as scratch:
        command[command.index("-o") + 1] = f"{scratch}/out.o"
        for option in ("-MF", "-MT"):
            if option in command:
                command[command.index(option) + 1] = f"{scratch}/out.d"
        return cpu_seconds(command, pathlib.Path(entry["directory"]), CCACHE_DISABLE="1")


def stripped_size(program: str) -> Dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as scratch:
        subprocess.run(["strip", "-o", f"{scratch}/stripped", program], check=True, timeout=60)
        return {"bytes": float(os.path.getsize(f"{scratch}/stripped"))}


def cached(build: pathlib.Path, name: str) -> str:
    """The value of a variable in the build's CMake cache."""
    found = re.search(rf"^{name}:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError(f"{name} is not in the CMake cache")
    return found.group(1)
