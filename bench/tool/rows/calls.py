"""Typed calls, pipelined, compared with the echo of a frame with the same payload, and with other
RPC libraries.
"""

from ..group import Bar, Group
from ..load import CAPNP, CAPNP_PACKAGES, EPOLL, GRPC, GRPC_PACKAGES, TYPED

NAME = "calls"
TITLE = "Typed calls echoed, 64 in flight per connection: server CPU per call"


def packages(every):
    return GRPC_PACKAGES + (CAPNP_PACKAGES if every else [])


def groups(settings):
    sizes = [64, 1024, 65536] if settings.every else [64]
    counts = [1, 16, 64] if settings.every else [16]
    return [_group(settings, size, connections) for size in sizes for connections in counts]


def _group(settings, size, connections):
    def load(name, server, script, client="bench_load"):
        return settings.load(server, "pipeline", script, name, client, size=size, connections=connections)

    contenders = (load("epoll", EPOLL, "binary") + load("parley binary", TYPED, "call-binary") + load("parley JSON", TYPED, "call-json") +
                  load("gRPC bidi", GRPC, "bidi", "bench_grpc_load") + load("gRPC unary", GRPC, "unary", "bench_grpc_load"))
    if settings.every:
        contenders += load("epoll text", EPOLL, "text") + load("Cap'n Proto", CAPNP, "call", "bench_capnp_load")
    bars = []
    if (size, connections) == (64, 16):
        bars = [Bar("typed binary call of 64 B against the epoll echo", "parley binary", 4, "epoll"),
                Bar("typed JSON call of 64 B against the epoll echo", "parley JSON", 8, "epoll"),
                Bar("CPU of gRPC bidi streaming against our binary call", "gRPC bidi", 10, "parley binary", at_least=True),
                Bar("CPU of gRPC unary against our binary call", "gRPC unary", 10, "parley binary", at_least=True)]
    return Group(NAME, f"calls-{size}-{connections}", f"{size} B, {connections} connections", "cpu_ns", "ns", contenders, "epoll", bars)
