"""The measured programs: where they are, the cores they run on, and how they are ended."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pathlib
import resource
import selectors
import shutil
import signal
import subprocess
import time
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES = CORES[:1]
CLIENT_CORES = CORES[-1:]
BENCH = pathlib.Path(__file__).resolve().parent.parent

# The folder in which Debian installs the modules of Node's packages.
_ENVIRONMENT = {**os.environ, "NODE_PATH": "/usr/share/nodejs"}
_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class Programs:
    def __init__(self, build: pathlib.Path):
        self.build = build
        self.folder = build / "bench" / "bin"

    def find(self, name: str) -> Optional[str]:
        """Finds a program of the build by its name, and any other by its path."""
        own = self.folder / name
        return str(own) if own.exists() else None if name.startswith("bench_") else shutil.which(name)


def _child(cores: Sequence[int]):
    def prepare() -> None:
        os.sched_setaffinity(0, cores)
        # Each process needs a descriptor for each of its connections, which may be ten thousand.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # Makes the kernel end the child if this program ends in any way.
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return prepare


def _first_line(process: subprocess.Popen, seconds: float) -> str:
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        until = time.monotonic() + seconds
        text = b""
        while not text.endswith(b"\n"):
            if not selector.select(max(0.0, until - time.monotonic())):
                raise RuntimeError("the server said no port within its time")
            piece = os.read(process.stdout.fileno(), 1)
            if not piece:
                raise RuntimeError("the server ended before it listened")
            text += piece
    return text.decode()


@contextlib.contextmanager
def server(command: Sequence[str], cores: Sequence[int]) -> Iterator[Tuple[int, int]]:
    """Starts a server that prints "port N" once it listens. Yields its process id and its port. The
    server is ended afterwards in any case."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               preexec_fn=_child(cores), env=_ENVIRONMENT)
    try:
        word, port = _first_line(process, 10).split()
        if word != "port":
            raise RuntimeError("the server did not say its port")
        yield process.pid, int(port)
    finally:
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def client(command: Sequence[str], seconds: float = 90) -> Dict[str, float]:
    """Runs a program that prints one line of JSON, and returns its content."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds,
                              preexec_fn=_child(CLIENT_CORES), env=_ENVIRONMENT)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"no result after {seconds} s") from None
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def run(command: Sequence[str], seconds: float = 120) -> None:
    """Runs a program that must succeed."""
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=seconds)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as why:
        raise RuntimeError(f"{command[0]} failed") from why
