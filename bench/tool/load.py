"""Contenders that consist of a server and the load client."""

from __future__ import annotations

import dataclasses
from typing import Dict, List, Optional, Sequence, Union

from . import programs
from .group import Contender


@dataclasses.dataclass
class Settings:
    rounds: int
    warm_up: float   # seconds before each measurement
    seconds: float   # of each measurement
    every: bool  # all rows, and not only those with a bar
    quick: bool
    programs: programs.Programs
    named: List[str] = dataclasses.field(default_factory=list)  # rows that were requested by name
    skipped: List[str] = dataclasses.field(default_factory=list)

    def skip(self, what: str) -> None:
        if what not in self.skipped:
            self.skipped.append(what)

    def load(self, server: Sequence[str], mode: Optional[str], script: str, name: str, client: Union[str, Sequence[str]] = "bench_load",
             cores: Optional[Sequence[int]] = None, **options) -> List[Contender]:
        """Returns one contender, or none if its programs are not installed, because peers are
        optional. `options` are the client's."""
        client = [client] if isinstance(client, str) else client
        missing = [program for program in (server[0], client[0]) if not self.programs.find(program)]
        if missing:
            self.skip(f"{name}: {missing[0]} is not there" + (f" ({NEEDS[missing[0]]})" if missing[0] in NEEDS else ""))
            return []
        command = [self.programs.find(server[0]), *server[1:]]
        given = {"warm_up": self.warm_up, "seconds": self.seconds, **options}
        arguments = [*([f"mode={mode}"] if mode else []), f"script={script}", *(f"{key}={value}" for key, value in given.items())]

        def measure() -> Dict[str, float]:
            with programs.server(command, cores or programs.SERVER_CORES) as (process, port):
                return programs.client([self.programs.find(client[0]), *client[1:], f"port={port}", f"server={process}", *arguments])

        return [Contender(name, measure)]


EPOLL = ["bench_epoll_server"]
EPOLL_TO_ALL = ["bench_epoll_server", "mode=all"]
FRAMES = ["bench_frame_server"]
FRAMES_TO_ALL = ["bench_frame_server", "mode=all"]
TYPED = ["bench_typed_server"]
ASIO = ["bench_asio_server"]
BEAST = ["bench_beast_server"]
BEAST_TO_ALL = ["bench_beast_server", "mode=all"]
WEBSOCKETPP = ["bench_websocketpp_server"]
WEBSOCKETPP_TO_ALL = ["bench_websocketpp_server", "mode=all"]
GRPC = ["bench_grpc_server"]
CAPNP = ["bench_capnp_server"]
NODE = ["node", str(programs.BENCH / "peers" / "ws_server.js")]
RAW_PYTHON = str(programs.BENCH / "peers" / "websocket_clients.py")
PYTHON = ["/usr/bin/python3", str(programs.BENCH / "peers" / "websockets_server.py")]

# The Debian packages of a peer. They are named when the peer is skipped.
GRPC_PACKAGES = ["libgrpc++-dev", "protobuf-compiler-grpc", "libprotobuf-dev"]
CAPNP_PACKAGES = ["libcapnp-dev", "capnproto"]
WEBSOCKET_PACKAGES = ["libboost1.81-dev", "nodejs", "node-ws", "python3-websockets"]
NEEDS = {
    "bench_grpc_server": " ".join(GRPC_PACKAGES),
    "bench_capnp_server": " ".join(CAPNP_PACKAGES),
    "bench_beast_server": "libboost1.81-dev",
    "node": "nodejs node-ws",
}
