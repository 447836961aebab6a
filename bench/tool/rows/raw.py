"""Connections without a schema compared with Python's clients, at the same echo server: the time of
a message.
"""

from .. import python_peers
from ..group import Bar, Group
from ..load import FRAMES, RAW_PYTHON

NAME = "raw"
TITLE = "Connections without a schema, one connection, echoed: time per message, median of passes of a thousand"

_SIZES = [512, 4096, 16384, 65536]
_PATTERNS = {"ask": "one after the other", "window": "100 on the way", "first": "1000 sent before the first is received"}
# Ours, and the client of theirs that works in the same way.
_PAIRS = {"parley blocking": ("blocking", "websocket-rs sync", "rs-sync"), "parley coroutine": ("coroutine", "websocket-rs async", "rs-async")}


def packages(_every):
    return []


def groups(settings):
    if not settings.every and NAME not in settings.named:
        return []
    python = python_peers.have(settings, ["websocket-rs==0.7.3", "websockets"])
    return [_group(settings, python, size, pattern) for pattern in _PATTERNS for size in _SIZES]


def _group(settings, python, size, pattern):
    contenders, bars = [], []
    for ours, (form, theirs, foreign) in _PAIRS.items():
        contenders += settings.load(FRAMES, None, f"{form}-{pattern}", ours, "bench_raw_client", size=size)
        if python:
            contenders += settings.load(FRAMES, None, f"{foreign}-{pattern}", theirs, [python, RAW_PYTHON], size=size)
            bars.append(Bar(f"{ours}: {size} B, {_PATTERNS[pattern]}, against {theirs}", ours, 1, theirs))
    if python:
        for form in ("sync", "async"):
            contenders += settings.load(FRAMES, None, f"websockets-{form}-{pattern}", f"websockets {form}", [python, RAW_PYTHON], size=size)
    return Group(NAME, f"raw-{pattern}-{size}", f"{size} B, {_PATTERNS[pattern]}", "us", "us", contenders, None, bars)
