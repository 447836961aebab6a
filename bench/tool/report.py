"""The figures as a table for the terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
import pathlib
from typing import Dict, List, Optional

from .group import Results


def number(value: Optional[float]) -> str:
    if value is None:
        return "-"
    if value >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cells(results: Results) -> List[List[str]]:
    group = results.group
    lines = []
    for contender in group.contenders:
        outcome = results.outcomes[contender.name]
        if outcome.failure and not outcome.samples:
            lines.append([contender.name, "failed", outcome.failure, ""])
            continue
        values = sorted(results.values(contender.name))
        spread = f"{number(values[0])} .. {number(values[-1])}" if values else ""
        ratio = results.ratio(contender.name, group.floor) if group.floor and contender.name != group.floor else None
        lines.append([contender.name, number(results.median(contender.name)), spread, f"{ratio:.2f}x" if ratio else ""])
    return lines


def bars(all_results: List[Results]) -> List[List[str]]:
    lines = []
    for results in all_results:
        for bar in results.group.bars:
            value = results.measured(bar)
            unit = "x" if bar.against else f" {results.group.unit}"
            shown = "-" if value is None else (f"{value:.2f}x" if bar.against else number(value) + unit)
            lines.append([bar.what, f"{'>=' if bar.at_least else '<='} {bar.limit:g}{unit}", shown, results.verdict(bar)])
    return lines


def _columns(lines: List[List[str]], indent: str) -> List[str]:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))] if lines else []
    return [(indent + "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths)))).rstrip()
            for line in lines]


def table(all_results: List[Results], titles: Dict[str, str]) -> str:
    out: List[str] = []
    row = None
    for results in all_results:
        group = results.group
        if group.row != row:
            row = group.row
            out += ["", titles[row]]
        out.append(f"  {group.title} ({group.unit}: median, least .. most, median ratio to {group.floor})" if group.floor else
                   f"  {group.title} ({group.unit}: median, least .. most)")
        out += _columns(_cells(results), "    ")
    verdicts = bars(all_results)
    if verdicts:
        out += ["", "Bars"] + _columns(verdicts, "  ")
    return "\n".join(out)


def markdown(all_results: List[Results], titles: Dict[str, str]) -> str:
    out: List[str] = []
    row = None
    for results in all_results:
        group = results.group
        if group.row != row:
            row = group.row
            out += ([""] if out else []) + [f"### {titles[row]}"]
        out += ["", f"{group.title}:", "", f"| | median, {group.unit} | least .. most | ratio |", "| --- | ---: | ---: | ---: |"]
        out += ["| " + " | ".join(line) + " |" for line in _cells(results)]
    return "\n".join(out)


def write_json(path: pathlib.Path, machine: Dict[str, str], all_results: List[Results], skipped: List[str]) -> None:
    groups = []
    for results in all_results:
        group = results.group
        contenders = {}
        for contender in group.contenders:
            outcome = results.outcomes[contender.name]
            contenders[contender.name] = {
                "median": results.median(contender.name),
                "ratio": results.ratio(contender.name, group.floor) if group.floor else None,
                "samples": outcome.samples,
                "floor_samples": outcome.floors,
                "failure": outcome.failure,
            }
        groups.append({
            "row": group.row, "name": group.name, "title": group.title, "figure": group.figure, "unit": group.unit, "floor": group.floor,
            "contenders": contenders,
            "bars": [{"what": bar.what, "contender": bar.contender, "against": bar.against, "limit": bar.limit, "at_least": bar.at_least,
                      "measured": results.measured(bar), "verdict": results.verdict(bar)} for bar in group.bars],
        })
    path.write_text(json.dumps({"format": 1, "machine": machine, "groups": groups, "skipped": skipped}, indent=1) + "\n")
