"""The facts about the machine that a reader needs, without names that identify it."""

from __future__ import annotations

import os
import pathlib
import platform
import re
import subprocess
from typing import Dict


def _first_match(path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    except OSError:
        return "unknown"
    return found.group(1).strip() if found else "unknown"


def _first_line(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "unknown"


def _package(name: str) -> str:
    return _first_line("dpkg-query", "-W", "-f=${Version}\n", name)


def describe(build: pathlib.Path) -> Dict[str, str]:
    compiler = _first_match(str(build / "CMakeCache.txt"), r"^CMAKE_CXX_COMPILER:\w+=(.*)$")
    inlined = _first_match(str(build / "CMakeCache.txt"), r"^CMAKE_INTERPROCEDURAL_OPTIMIZATION:\w+=(.*)$") in ("ON", "1", "TRUE")
    facts = {
        "processor": _first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$"),
        "cores": str(len(os.sched_getaffinity(0))),
        "virtual": "yes" if "hypervisor" in _first_match("/proc/cpuinfo", r"^flags\s*:\s*(.*)$").split() else "no",
        "kernel": ".".join(re.findall(r"\d+", platform.release())[:2]),
        "congestion control": _first_match("/proc/sys/net/ipv4/tcp_congestion_control", r"(.*)"),
        "system": _first_match("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "compiler": _first_line(compiler, "--version"),
        "build": f"Release (-O3), {'with' if inlined else 'no'} link-time optimisation, no -march",
    }
    for name in ("libasio-dev", "libwebsocketpp-dev", "libsimdjson-dev", "libflatbuffers-dev", "libprotobuf-dev", "libgrpc++-dev", "libcapnp-dev",
                 "libboost1.81-dev", "nlohmann-json3-dev", "node-ws", "python3-websockets"):
        version = _package(name)
        if version and version != "unknown":
            facts[name] = version
    return facts
