"""What a connection keeps that does nothing: resident memory of the server, without the kernel's socket buffers."""

from ..group import Bar, Group
from ..load import EPOLL, FRAMES, TYPED

NAME = "idle"
TITLE = "Idle connections: server memory per connection"
PACKAGES = []


def groups(settings):
    found = []
    for count in [1000] if settings.quick else [1000, 10_000]:
        def load(name, server, script, **more):
            return settings.load(name, server, "idle", script, connections=count, **more)

        contenders = (load("epoll", EPOLL, "text") + load("parley frames", FRAMES, "text") +
                      load("parley binary", TYPED, "call-binary") + load("parley JSON", TYPED, "call-json"))
        # The same from run to run within a few bytes.
        found.append(Group(NAME, f"idle-{count}", f"{count} connections", "bytes", "B", contenders, None, [
            Bar(f"bytes of an idle connection, {count} of them", "parley binary", 4096)], rounds=2))
    return found
