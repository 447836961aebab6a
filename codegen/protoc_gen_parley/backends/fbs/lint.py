"""Rules about names that would meet in the .fbs."""

from __future__ import annotations

from typing import Dict, Iterator, Tuple

from ...lint.core import ERROR, Hit, Place, Rules, Run
from ...model import Message
from . import tables

RULES = Rules()


@RULES.rule("NAME_TAKEN", ERROR, "Every table of the binary form belongs to one message.", across=True)
def name_taken(run: Run) -> Iterator[Hit]:
    first: Dict[Tuple[str, str], Message] = {}
    for f in run.schema.files:
        for m in f.messages:
            table = tables.table_name(m)
            other = first.setdefault((m.package, table), m)
            if f.generate and other.flat_name != m.flat_name:  # those that are flat alike meet in C++ too, which says so
                yield Place((f, m)), "", "has the table %s in the .fbs, as %s has" % (table, other.full_name)
