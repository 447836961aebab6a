"""One picture for each row: bars on a logarithmic scale, as SVG that any browser and code host
displays.
"""

from __future__ import annotations

import html
import math
import pathlib
from typing import Dict, List

from .group import Results
from .report import number

_WIDTH = 860
_LEFT = 190  # where the bars begin
_RIGHT = 150  # the space for their labels
_BAR = 16
_GAP = 5
_TITLE = 26
_HEAD = 56.0
_COLOURS = {"floor": "#8a8f98", "parley": "#2463c9", "peer": "#d08a2e"}


def _colour(name: str, floor: str) -> str:
    if name.startswith(("parley", "typed client")):
        return _COLOURS["parley"]
    return _COLOURS["floor"] if name == floor or name in ("epoll", "epoll text", "Asio", "raw TCP") else _COLOURS["peer"]


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12, weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">{html.escape(text)}</text>'


def _bars(results: Results, top: float) -> List[str]:
    group = results.group
    values = {contender.name: results.median(contender.name) for contender in group.contenders}
    known = [value for value in values.values() if value and value > 0]
    out = [_text(10, top + 17, f"{group.title} ({group.unit})", weight="bold")]
    if not known:
        return out
    # The scale begins at half of the shortest bar, so that this bar is visible.
    low, high = math.log10(min(known) / 2), math.log10(max(known))
    scale = (_WIDTH - _LEFT - _RIGHT) / max(high - low, 0.1)
    y = top + _TITLE
    for name, value in values.items():
        out.append(_text(_LEFT - 8, y + 12, name, "end"))
        if value and value > 0:
            width = (math.log10(value) - low) * scale
            ratio = results.ratio(name, group.floor) if group.floor and name != group.floor else None
            out.append(f'<rect x="{_LEFT}" y="{y:.1f}" width="{width:.1f}" height="{_BAR}" fill="{_colour(name, group.floor or "")}"/>')
            out.append(_text(_LEFT + width + 6, y + 12, number(value) + (f"  ({ratio:.2f}x)" if ratio else "")))
        else:
            out.append(_text(_LEFT, y + 12, "not measured"))
        y += _BAR + _GAP
    return out


def _height(results: Results) -> float:
    return _TITLE + len(results.group.contenders) * (_BAR + _GAP) + 14


def draw(title: str, all_results: List[Results]) -> str:
    height = _HEAD + sum(_height(results) for results in all_results)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" viewBox="0 0 {_WIDTH} {height:.0f}" '
           'font-family="sans-serif" fill="#1c1f24">', f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
           _text(10, 22, title, size=14, weight="bold"), _text(10, 40, "logarithmic; lower is better")]
    top = _HEAD
    for results in all_results:
        out += _bars(results, top)
        top += _height(results)
    return "\n".join(out + ["</svg>", ""])


def write(folder: pathlib.Path, titles: Dict[str, str], all_results: List[Results]) -> List[pathlib.Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for row, title in titles.items():
        mine = [results for results in all_results if results.group.row == row]
        if mine:
            written.append(folder / f"{row}.svg")
            written[-1].write_text(draw(title, mine))
    return written
