"""Events from one client to all, including the sender: CPU time for each delivery."""

from ..group import Bar, Group
from ..load import BEAST_TO_ALL, EPOLL_TO_ALL, FRAMES_TO_ALL, TYPED, WEBSOCKETPP_TO_ALL

NAME = "events"
TITLE = "Events of 64 B fanned out: server CPU per delivery"


def packages(every):
    return ["libboost1.81-dev"] if every else []


def groups(settings):
    receivers = [1, 100, 1000, 10_000] if settings.every else [1000]
    return [_group(settings, count, burst) for count in receivers for burst in (1, 8)]


def _group(settings, receivers, burst):
    def load(name, server, script):
        return settings.load(server, "fan-out", script, name, size=64, connections=receivers, burst=burst)

    contenders = (load("epoll", EPOLL_TO_ALL, "text") + load("parley binary", TYPED, "event-binary") +
                  load("parley JSON", TYPED, "event-json"))
    if receivers > 1:
        contenders += load("parley mixed", TYPED, "event-binary,event-json")
    if settings.every:
        contenders += load("parley frames", FRAMES_TO_ALL, "text")
    if settings.every and receivers <= 1000:
        contenders += load("Boost.Beast", BEAST_TO_ALL, "text") + load("websocketpp", WEBSOCKETPP_TO_ALL, "text")
    bars = []
    if receivers == 1000:
        how = "one at a time" if burst == 1 else "in bursts of 8"
        bars = [Bar(f"typed event to 1000 receivers, {how}, against epoll", "parley binary", 1.15 if burst == 1 else 1.2, "epoll")]
    title = f"{receivers} receivers, " + ("one at a time" if burst == 1 else f"bursts of {burst}")
    # Opening ten thousand connections takes seconds.
    return Group(NAME, f"events-{receivers}-{burst}", title, "cpu_ns", "ns", contenders, "epoll", bars, rounds=3 if receivers > 1000 else None)
