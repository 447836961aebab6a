"""The cost of a typed call as the number of connections grows, and the number of the server's loops
where the machine has enough cores.
"""

from .. import programs
from ..group import Group
from ..load import EPOLL, TYPED

NAME = "growth"
TITLE = "Growth: server CPU per typed call of 64 B, 16 in flight per connection"

_CORES_NEEDED = 4


def packages(_every):
    return []


def groups(settings):
    if not settings.every:
        return []
    found = [_by_connections(settings, count) for count in (1, 4, 16, 64, 256, 1024)]
    if len(programs.CORES) < _CORES_NEEDED:
        settings.skip(f"growth with cores: this machine has {len(programs.CORES)}, {_CORES_NEEDED} are needed")
        return found
    return found + [_by_cores(settings)]


def _by_connections(settings, count):
    def load(name, server, script):
        return settings.load(server, "pipeline", script, name, size=64, connections=count, in_flight=16)

    contenders = load("epoll", EPOLL, "binary") + load("parley binary", TYPED, "call-binary") + load("parley JSON", TYPED, "call-json")
    return Group(NAME, f"growth-{count}", f"{count} connections", "cpu_ns", "ns", contenders, "epoll")


def _by_cores(settings):
    # The client uses the last core and the server the first ones.
    contenders = []
    for loops in (1, 2, 4, 8, 16):
        if loops < len(programs.CORES):
            contenders += settings.load([*TYPED, f"threads={loops}"], "pipeline", "call-binary", f"{loops} loops", size=64, connections=256,
                                        in_flight=16, cores=programs.CORES[:loops])
    return Group(NAME, "growth-cores", "256 connections, binary, by event loops", "cpu_ns", "ns", contenders, "1 loops")
