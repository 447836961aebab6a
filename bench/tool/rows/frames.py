"""WebSocket messages echoed without envelopes: what the transport costs over a hand-framed epoll loop."""

from ..group import Bar, Group
from ..load import EPOLL, FRAMES

NAME = "frames"
TITLE = "Frames echoed, 16 connections, 64 in flight: server CPU per message"
PACKAGES = []

SIZES = {64: 1.25, 1024: 1.25, 65536: 1.15}


def groups(settings):
    found = []
    for size, limit in SIZES.items():
        def load(name, server, **more):
            return settings.load(name, server, "pipeline", "text", size=size, connections=16, **more)

        contenders = load("epoll", EPOLL) + load("parley frames", FRAMES)
        found.append(Group(NAME, f"frames-{size}", f"{size} B text", "cpu_ns", "ns", contenders, "epoll", [
            Bar(f"frames of {size} B against epoll", "parley frames", limit, "epoll")]))
    return found
