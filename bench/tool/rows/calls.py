"""Typed calls, pipelined: 64 in flight on each connection."""

from ..group import Bar, Group
from ..load import EPOLL, TYPED

NAME = "calls"
TITLE = "Typed calls echoed, 64 in flight per connection: server CPU per call"
PACKAGES = []


def groups(settings):
    sizes = [64, 1024, 65536] if settings.every else [64]
    counts = [1, 16, 64] if settings.every else [16]
    return [_group(settings, size, connections) for size in sizes for connections in counts]


def _group(settings, size, connections):
    def load(name, server, script, **more):
        return settings.load(name, server, "pipeline", script, size=size, connections=connections, **more)

    contenders = (load("epoll", EPOLL, "binary") + load("epoll text", EPOLL, "text") +
                  load("parley binary", TYPED, "call-binary") + load("parley JSON", TYPED, "call-json"))
    bars = []
    if (size, connections) == (64, 16):
        bars = [Bar("typed binary call of 64 B against the epoll echo", "parley binary", 4, "epoll"),
                Bar("typed JSON call of 64 B against the epoll echo", "parley JSON", 8, "epoll")]
    return Group(NAME, f"calls-{size}-{connections}", f"{size} B, {connections} connections", "cpu_ns", "ns", contenders, "epoll", bars)
