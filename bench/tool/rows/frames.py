"""WebSocket messages that are echoed without envelopes: the cost of the transport compared with an
epoll loop with frames by hand.
"""

from ..group import Bar, Group
from ..load import ASIO, BEAST, EPOLL, FRAMES, NODE, PYTHON, WEBSOCKET_PACKAGES, WEBSOCKETPP

NAME = "frames"
TITLE = "Frames echoed, 64 in flight per connection: server CPU per message"

_LIMITS = {64: 1.25, 1024: 1.25, 65536: 1.15}


def packages(every):
    return WEBSOCKET_PACKAGES if every else []


def groups(settings):
    kinds = ["text", "binary"] if settings.every else ["text"]
    return [_group(settings, size, kind) for kind in kinds for size in _LIMITS]


def _group(settings, size, kind):
    def load(name, server):
        return settings.load(server, "pipeline", kind, name, size=size, connections=16)

    contenders = load("epoll", EPOLL) + load("parley frames", FRAMES)
    if settings.every:
        contenders += load("Asio", ASIO)
    if settings.every and kind == "text":
        contenders += (load("Boost.Beast", BEAST) + load("websocketpp", WEBSOCKETPP) + load("node ws", NODE) +
                       load("Python websockets", PYTHON))
    bars = []
    if kind == "text":
        bars = [Bar(f"frames of {size} B against epoll", "parley frames", _LIMITS[size], "epoll")]
    return Group(NAME, f"frames-{kind}-{size}", f"{size} B {kind}, 16 connections", "cpu_ns", "ns", contenders, "epoll", bars)
