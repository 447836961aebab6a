"""Writes bench/RESULTS.md, which is never edited by hand."""

from __future__ import annotations

import pathlib
from typing import Dict, List

from . import report, seen
from .group import Results

_METHOD = """# Figures

Written by `scripts/bench{all} --write-results`; do not edit. [README.md](README.md) says how it is measured and how to repeat it.

**Read ratios, not absolutes**: they hold between contenders of one comparison, which were measured in turn within each of {rounds} rounds of one run.
A ratio is the median of the quotients within the rounds. CPU is the server's alone, all threads, divided by messages; what a peer's own client
costs is in no figure. Everything is on 127.0.0.1, without compression, without TLS outside of its own row, server and client on {cores}.

- *epoll*, *Asio*: frames by hand, with UTF-8 validated, without control frames or fragments: floors, not servers.
- *parley frames*: our WebSocket transport without envelopes. *parley binary*, *parley JSON*: a generated handler on a real server; its payload has
  16 bytes of numbers and the rest in a bytes field (base64 in JSON, so a third longer on the wire).
- gRPC and Cap'n Proto: their own servers and clients with their default threads, the server's all on one core.
"""


def write(path: pathlib.Path, machine: Dict[str, str], cores: int, rounds: int, all_results: List[Results], titles: Dict[str, str],
          skipped: List[str], every: bool) -> None:
    out = [_METHOD.format(all=" --all" if every else "", rounds=rounds, cores="one core each" if cores > 1 else "the same core"), "## The machine", ""]
    out += [f"- {name}: {value}" for name, value in machine.items()]
    known = seen.remember(path.with_name("processors.json"), machine["processor"], report.bars(all_results))
    out += ["", "## Bars, on each processor that they were measured on", "", seen.markdown(known, report.bars(all_results))]
    out += ["", "## Figures of this processor", "", report.markdown(all_results, titles)]
    if not every:
        out += ["", "Rows without a bar, and the peers that no bar names, come with `scripts/bench --all`."]
    if skipped:
        out += ["", "## Not measured here", ""] + [f"- {what}" for what in skipped]
    path.write_text("\n".join(out) + "\n")
