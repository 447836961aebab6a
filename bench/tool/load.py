"""Contenders that are a server with the load client before it."""

from __future__ import annotations

import dataclasses
from typing import Dict, List, Optional, Sequence

from . import programs
from .group import Contender


@dataclasses.dataclass
class Settings:
    rounds: int
    warm_up: float   # seconds before each measurement
    seconds: float   # of each measurement
    every: bool      # all rows, not only those with a bar
    quick: bool
    programs: programs.Programs
    skipped: List[str] = dataclasses.field(default_factory=list)

    def skip(self, what: str) -> None:
        if what not in self.skipped:
            self.skipped.append(what)

    def load(self, name: str, server: Sequence[str], mode: str, script: str, needs: Optional[str] = None, client: str = "bench_load",
             cores: Optional[Sequence[int]] = None, **options) -> List[Contender]:
        """One contender, or none if its programs are not there: peers are optional. `options` are the load client's."""
        for program in (server[0], client):
            if program.startswith("bench_") and not self.programs.has(program):
                self.skip(f"{name}: {needs or program} is not installed")
                return []
        command = [*(self.programs.command(server[0]) if server[0].startswith("bench_") else [server[0]]), *server[1:]]
        given = {"warm_up": self.warm_up, "seconds": self.seconds, **options}
        arguments = [f"mode={mode}", f"script={script}", *(f"{key}={value}" for key, value in given.items())]

        def measure() -> Dict[str, float]:
            with programs.server(command, cores) as (process, port):
                return programs.client([*self.programs.command(client), f"port={port}", f"server={process}", *arguments])

        return [Contender(name, measure)]


EPOLL = ["bench_epoll_server"]
EPOLL_TO_ALL = ["bench_epoll_server", "mode=all"]
FRAMES = ["bench_frame_server"]
FRAMES_TO_ALL = ["bench_frame_server", "mode=all"]
TYPED = ["bench_typed_server"]
