"""The bars on every processor that they were measured on. They are kept in bench/processors.json
and shown in RESULTS.md with a column for each.
"""

from __future__ import annotations

import json
import pathlib
from typing import Dict, List

# The measured value of each bar, by processor, as in the table: {"AMD EPYC": {"frames of 64 B
# against epoll": "1.11x"}}.
Seen = Dict[str, Dict[str, str]]


def load(path: pathlib.Path) -> Seen:
    return json.loads(path.read_text()) if path.exists() else {}


def remember(path: pathlib.Path, processor: str, bars: List[List[str]]) -> Seen:
    """Replaces the values of this processor by `bars`, the lines of report.bars(): what, bar,
    measured, verdict."""
    seen = load(path)
    measured_now = {what: measured + (" (not reached)" if verdict == "not reached" else "")
                    for what, _, measured, verdict in bars if verdict != "not measured"}
    seen[processor] = {**seen.get(processor, {}), **measured_now}
    path.write_text(json.dumps(seen, indent=2, sort_keys=True) + "\n")
    return seen


def markdown(seen: Seen, bars: List[List[str]]) -> str:
    processors = sorted(seen)
    out = ["| what | bar | " + " | ".join(processors) + " |", "| --- | --- |" + " --- |" * len(processors)]
    out += [f"| {what} | {bar} | " + " | ".join(seen[name].get(what, "-") for name in processors) + " |" for what, bar, _, _ in bars]
    return "\n".join(out)
