"""The memory of a connection that does nothing: resident memory of the server, without the kernel's
socket buffers.
"""

from ..group import Bar, Group
from ..load import BEAST, EPOLL, FRAMES, TYPED, WEBSOCKETPP

NAME = "idle"
TITLE = "Idle connections: server memory per connection"


def packages(every):
    return ["libboost1.81-dev"] if every else []


def groups(settings):
    found = []
    for count in [1000] if settings.quick else [1000, 10_000]:
        def load(name, server, script):
            return settings.load(server, "idle", script, name, connections=count)

        contenders = (load("epoll", EPOLL, "text") + load("parley frames", FRAMES, "text") +
                      load("parley binary", TYPED, "call-binary") + load("parley JSON", TYPED, "call-json"))
        if settings.every:
            contenders += load("Boost.Beast", BEAST, "text") + load("websocketpp", WEBSOCKETPP, "text")
        # The figure varies by a few bytes only from run to run.
        found.append(Group(NAME, f"idle-{count}", f"{count} connections", "bytes", "B", contenders, None, [
            Bar(f"bytes of an idle connection, {count} of them", "parley binary", 4096)], rounds=2))
    return found
