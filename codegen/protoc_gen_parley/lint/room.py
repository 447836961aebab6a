"""Rules about the limits of the wire. They need ids and accepted shapes from the lock file."""

from __future__ import annotations

from typing import Iterator

from .. import binary
from .core import ERROR, WARNING, Hit, Run, rule

_MOST_ALTERNATIVES = 255  # a union's type is a ubyte, and 0 is "none"
_MOST_BYTES = 65_535      # of a table and of its vtable, whose sizes are ushorts
_HELLO_TAKEN = 65_536     # of a client's hello, accepted by a server with the default max_message


@rule("BINARY_LIMIT", ERROR,
      "The counts of the binary form fit their types: 255 members of a oneof, 65535 bytes of a message's own fields.", needs_lock=True)
def binary_limit(run: Run) -> Iterator[Hit]:
    for place, m in run.messages():
        for o in m.oneofs:
            if len(o.fbs_members) > _MOST_ALTERNATIVES:
                gone = sum(member is None for member in o.fbs_members)
                yield place, "", "the oneof %s has %d members%s, but the binary form allows %d; split it, or put some into a message" % (
                    o.name, len(o.fbs_members), ", with %d that are gone and keep their number" % gone if gone else "", _MOST_ALTERNATIVES)
        size, ids = binary.table_size(m)
        if max(size, 4 + 2 * ids) > _MOST_BYTES:
            yield place, "", "its %d fields can take %d bytes in a binary table, but a table can have %d; put some into other messages" % (
                len(m.fields), max(size, 4 + 2 * ids), _MOST_BYTES)


@rule("HELLO_LARGE", WARNING,
      "The part of a client's hello that describes a service leaves room in the 65536 bytes that a server accepts by "
      "default.", needs_lock=True)
def hello_large(run: Run) -> Iterator[Hit]:
    for place, s in run.services():
        # The size in JSON, which is the longer form: "Lobby.Say":"c699c85d92fa11a0", and "Lobby.Say":["1122334455667788",...],
        size = sum(len(m.wire_name.encode("utf-8")) + 22 for m in s.methods)
        size += sum(len(m.wire_name.encode("utf-8")) + 6 + 19 * len(m.accepted) for m in s.methods if m.accepted)
        if size > _HELLO_TAKEN * 3 // 4:
            shapes = sum(len(m.accepted) for m in s.methods)
            yield place, "", "its methods (%d) and their earlier shapes (%d) take %d bytes in a hello, but a server accepts %d; %s" % (
                len(s.methods), shapes, size, _HELLO_TAKEN, "delete `accepted` lines of unused shapes from the lock file"
                if shapes > len(s.methods) else "split the service, or raise the server's max_message")
