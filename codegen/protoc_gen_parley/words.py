"""Names and comments of a schema, in the form that every language starts from. Pure functions."""

from __future__ import annotations

import re
from typing import Tuple


def snake_case(name: str) -> str:
    """AreYouReady -> are_you_ready, GetHTTPStatus -> get_http_status, Move2D -> move2d, GetV2Status -> get_v2_status."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([0-9])([A-Z][a-z])", r"\1_\2", name)
    return name.lower()


def is_identifier(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None


def without_prefix(enum: str, value: str) -> str:
    """An enum value without the prefix `ENUM_NAME_`, if the rest is a name. It depends on no other value, so a new value renames none."""
    for prefix in (snake_case(enum).upper() + "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", enum).upper() + "_"):
        if value.startswith(prefix) and is_identifier(value[len(prefix):]):
            return value[len(prefix):]
    return value


# Characters that reorder or hide text (bidirectional controls, zero-width ones), and the templates' own marks (render.py).
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ue000-\uf8ff]")
_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def comment_lines(text: str) -> Tuple[str, ...]:
    """The lines of a schema comment. With `// ` or `# ` before it each line is a comment and nothing else, whatever text it has."""
    lines = []
    for line in _LINE_ENDS.split(text):
        line = _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", line).replace("\t", "  ")
        line = "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in line)
        line = re.sub(r"\?\?(?=[=/'()!<>-])", "? ?", line)
        line = line[1:] if line.startswith(" ") else line
        line = line.rstrip()
        while line.endswith("\\"):  # would continue the comment on the next line
            line = line[:-1].rstrip()
        lines.append(line)
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    return tuple(lines)
