"""Runs the templates of a backend, and breaks long lines and comments.

For template authors:
  - `{{ lines | comment }}` or `{{ lines | comment("  ") }}` yields complete comment lines, or nothing. Write it at the start of a template
    line, directly followed by the code that the comment belongs to.
  - A `¶` marks a place where a line of more than 140 columns may be broken: `parley::send_event(link_, ¶{{ name }})`. It prints nothing.
    The text after the break is indented by four more columns. `¶¶` aligns it with the innermost open bracket instead.
  - `{{ list_of_strings | in_brackets }}` is `(a, b)` with such breaks in it; `in_brackets("<>")` is `<a, b>`.
  - `{⏎ return 1;⏎ }` is one line if it fits, and a block of three lines otherwise.
"""

from __future__ import annotations

import os
import re
import textwrap
from typing import Any, Callable, List, Mapping, Sequence, Tuple

import jinja2

from . import __version__

COLUMNS = 140
_BREAK = "\ue000"          # replaces ¶; comments and literals cannot contain it (words.py)
_BLOCK = "\ue001"          # replaces ⏎


class _Loader(jinja2.BaseLoader):
    """The templates of a backend, and those that all backends share."""

    def __init__(self, *folders: str):
        self._folders = folders

    def get_source(self, environment: jinja2.Environment, template: str) -> Tuple[str, str, Callable[[], bool]]:
        paths = (os.path.join(folder, "templates", template) for folder in self._folders)
        path = next((p for p in paths if os.path.exists(p)), None)
        if path is None:
            raise jinja2.TemplateNotFound(template)
        with open(path, encoding="utf-8") as source:
            return source.read().replace("¶", _BREAK).replace("⏎", _BLOCK), path, lambda: True


def comment(lines: Sequence[str], indent: str = "", mark: str = "//") -> str:
    out: List[str] = []
    for line in lines:
        hanging = re.match(r"\s*(?:[-*] |\d+\. )?", line)
        wrapped = textwrap.wrap(
            line, COLUMNS - len(indent) - len(mark) - 1, subsequent_indent=" " * (hanging.end() if hanging else 0),
            break_long_words=True, break_on_hyphens=False,
            replace_whitespace=False, drop_whitespace=True) or [""]
        for piece in wrapped:
            out.append(("%s%s %s" % (indent, mark, piece)).rstrip().rstrip("\\").rstrip())
    return "".join(line + "\n" for line in out)


class _Brackets:
    """The columns after the open brackets of the line that is being assembled. Text in quotes does not count."""

    def __init__(self) -> None:
        self._open: List[int] = []

    def add(self, text: str, column: int) -> None:
        quoted = skip = False
        for i, ch in enumerate(text):
            if skip:
                skip = False
            elif quoted:
                skip = ch == "\\"
                quoted = ch != '"'
            elif ch == '"':
                quoted = True
            elif ch in "(<{[":
                self._open.append(column + i + 1)
            elif ch in ")>}]" and self._open and text[i - 1:i + 1] != "->":
                self._open.pop()

    def broken(self, column: int) -> None:
        """A line ended inside the innermost bracket. Its contents continue at `column` of the next line."""
        if self._open:
            self._open[-1] = column

    @property
    def innermost(self) -> int:
        return self._open[-1] if self._open else COLUMNS


def _lay_out(line: str) -> str:
    """Breaks one template line at its marks if it would be too long."""
    plain = line.replace(_BREAK, "").replace(_BLOCK, "")
    if plain == line or len(plain) <= COLUMNS:
        return plain
    indent = " " * (len(line) - len(line.lstrip(" ")))
    if _BLOCK in line:
        first, *body, last = line.split(_BLOCK)
        lines = [first] + [indent + "  " + part.strip(" ") for part in body] + [indent + last.strip(" ")]
        return "\n".join(_lay_out(part) for part in lines)
    out: List[str] = []
    pieces = re.split("(%s+)" % _BREAK, line)
    current = pieces[0]
    brackets = _Brackets()
    brackets.add(current, 0)
    for mark, piece in zip(pieces[1::2], pieces[2::2]):
        if len(current) + len(piece.rstrip()) > COLUMNS:
            out.append(current.rstrip())
            aligned = len(mark) > 1 and brackets.innermost + len(piece.rstrip()) <= COLUMNS
            current = " " * brackets.innermost if aligned else indent + "    "
            brackets.broken(len(current))
            piece = piece.lstrip(" ")
        brackets.add(piece, len(current))
        current += piece
    return "\n".join(out + [current])


def lay_out(text: str) -> str:
    text = "\n".join(_lay_out(line).rstrip() for line in text.split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", text)
    return text.strip("\n") + "\n"


def _in_brackets(items: Sequence[str], brackets: str = "()") -> str:
    """A list of parameters or arguments that may be broken after the bracket and after each comma."""
    return brackets[0] + (_BREAK if items else "") + (", " + _BREAK * 2).join(items) + brackets[1]


def environment(folder: str, comment_mark: str, filters: Mapping[str, Callable[..., Any]]) -> jinja2.Environment:
    env = jinja2.Environment(
        loader=_Loader(folder, os.path.dirname(os.path.abspath(__file__))), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)
    env.filters["comment"] = lambda lines, indent="": comment(lines, indent, comment_mark)
    env.filters["in_brackets"] = _in_brackets
    env.filters.update(filters)
    env.globals["comment_mark"] = comment_mark
    env.globals["version"] = __version__
    return env
