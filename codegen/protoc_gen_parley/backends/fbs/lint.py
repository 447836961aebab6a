"""Rules about names that clash in the .fbs."""

from __future__ import annotations

from itertools import combinations
from typing import Dict, Iterator, Tuple

from ...lint.core import ERROR, Hit, Place, Rules, Run
from ...model import Message
from . import tables

RULES = Rules()


@RULES.rule("NAME_TAKEN", ERROR, "Every table of the binary form belongs to one message.", across=True)
def name_taken(run: Run) -> Iterator[Hit]:
    yield from _in_packages(run)
    yield from _in_includes(run)


def _in_packages(run: Run) -> Iterator[Hit]:
    first: Dict[Tuple[str, str], Message] = {}
    for f in run.schema.files:
        for m in f.messages:
            table = tables.table_name(m)
            other = first.setdefault((m.package, table), m)
            if f.generate and other.flat_name != m.flat_name:  # messages with the same flat name clash in C++ too, whose rule reports it
                yield Place((f, m)), "", "has the table %s in the .fbs, like %s" % (table, other.full_name)


def _in_includes(run: Run) -> Iterator[Hit]:
    """A file avoids the names in its includes. Two files without a relation may still be included by a third."""
    view_of = tables.views(run.schema)
    for place in run.files():
        below = sorted(view_of(place.file).below.values(), key=lambda view: view.path)
        for one, other in combinations(below, 2):
            if one.namespace == other.namespace:
                for table in sorted(one.made & (other.made | other.own) | one.own & other.made):
                    yield place, "", ("%s and %s, whose types it uses, both have the table %s in the .fbs; rename the message with "
                                      "that name or the one that produces the other" % (one.path, other.path, table))
