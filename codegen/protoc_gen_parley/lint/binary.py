"""Rules about what the binary form has room for. They need the ids that the lock file keeps."""

from __future__ import annotations

from typing import Iterator

from .. import cpptypes
from .core import ERROR, Hit, Run, rule

_MOST_ALTERNATIVES = 255  # a union's type is a ubyte, and 0 is "none"
_MOST_BYTES = 65_535      # of a table and of its vtable: their sizes are ushorts


@rule("BINARY_LIMIT", ERROR, "What the binary form counts fits its type: 255 members of a oneof, 65535 bytes of a message's own fields.", needs_ids=True)
def binary_limit(run: Run) -> Iterator[Hit]:
    for place, m in run.messages():
        for o in m.oneofs:
            if len(o.fbs_members) > _MOST_ALTERNATIVES:
                gone = sum(member is None for member in o.fbs_members)
                yield place, "", "the oneof %s has %d members%s, and the binary form can tell %d apart; split it, or put some into a message" % (
                    o.name, len(o.fbs_members), ", with %d that are gone and keep their number" % gone if gone else "", _MOST_ALTERNATIVES)
        size, ids = cpptypes.table_size(m)
        if max(size, 4 + 2 * ids) > _MOST_BYTES:
            yield place, "", "its %d fields can take %d bytes in one binary table, and a table has %d; put some into messages of their own" % (
                len(m.fields), max(size, 4 + 2 * ids), _MOST_BYTES)
