"""Typed calls on one connection, each after the answer to the last, compared with raw TCP measured
right before each contender.
"""

from ..group import Bar, Group
from ..load import CAPNP, CAPNP_PACKAGES, EPOLL, FRAMES, GRPC, GRPC_PACKAGES, TYPED

NAME = "round-trip"
TITLE = "Round trip of 64 B, one connection, client polls unless it is said to sleep: median time"


def packages(_every):
    return GRPC_PACKAGES + CAPNP_PACKAGES


def groups(settings):
    def load(name, server, script, client="bench_load"):
        return settings.load(server, "round-trips", script, name, client, size=64)

    contenders = (load("raw TCP", ["bench_tcp_server"], "tcp") + load("epoll", EPOLL, "text") + load("parley frames", FRAMES, "text") +
                  load("parley binary", TYPED, "call-binary") + load("parley JSON", TYPED, "call-json") +
                  load("typed client, polling", TYPED, "polling", "bench_typed_client") +
                  load("typed client, sleeps", TYPED, "blocking", "bench_typed_client") +
                  load("gRPC unary, sleeps", GRPC, "unary", "bench_grpc_load") + load("Cap'n Proto, sleeps", CAPNP, "call", "bench_capnp_load"))
    return [Group(NAME, NAME, "64 B", "p50_us", "us", contenders, "raw TCP", [
        Bar("round trip of a typed call against raw TCP", "parley binary", 1.15, "raw TCP")], paired=True)]
