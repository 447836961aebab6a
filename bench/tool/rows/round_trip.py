"""One typed call after the other on one connection, against raw TCP measured right before each."""

from ..group import Bar, Group
from ..load import EPOLL, TYPED

NAME = "round-trip"
TITLE = "Round trip of 64 B, one connection, busy-polled client: median time"
PACKAGES = []


def groups(settings):
    def load(name, server, script, **more):
        return settings.load(name, server, "round-trips", script, size=64, **more)

    contenders = (load("raw TCP", ["bench_tcp_server"], "tcp") + load("epoll", EPOLL, "text") +
                  load("parley binary", TYPED, "call-binary") + load("parley JSON", TYPED, "call-json"))
    return [Group(NAME, NAME, "64 B", "p50_us", "us", contenders, "raw TCP", [
        Bar("round trip of a typed call against raw TCP", "parley binary", 1.15, "raw TCP")], paired=True)]
