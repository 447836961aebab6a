"""The lock file beside each schema: FlatBuffers ids that no later edit may change, and the fingerprints of earlier shapes that still work.

The lock file of `lobby.proto` is `lobby.parley.lock`, a text that is suitable for diffs and merges:

    parley-lock 1
    message .lobby.v1.Post next 5       ids below 5 are used, also by removed fields
      limits 2.max_len=80               or `-`; unknown if the line is absent
      field 1 0 id id uint64 one -      number, id, JSON name, name, type, label, oneof's index
      field 2 4.1 text text string one 0    in a oneof: <id of the union>.<ordinal>
      oneof 4 next 3                    the union with id 4 (its type has 3); ordinals below 3 are used
    foreign .other.v1.Thing             a message of another schema that methods here carry, in its last known shape
    enum .lobby.v1.Mood
      value 0 MOOD_UNSPECIFIED
    method Lobby.Say
      shape event client 0 0
      ...
      max_bytes 0                       unknown if the line is absent
      errors -                          the enum that `errors` names; unknown if the line is absent
      fingerprint c699c85d92fa11a0
      accepted 1122334455667788         an earlier shape that lint proved compatible; one line for each

A fingerprint is also a checksum. If the shapes in the file do not yield it, an entry was removed in order to make an incompatible change,
and no earlier shape is accepted from then on.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

from .fingerprint import EnumShape, FieldShape, MessageShape, MethodShape, Shape

SUFFIX = ".parley.lock"
_HEAD = """\
# Written by protoc-gen-parley from %s; commit it with the schema. It keeps FlatBuffers ids in place and old peers accepted.
# To make an incompatible change on purpose, delete the lines of what changes (a field's line, a value's, a method's block) and build.
parley-lock 1
"""


class LockError(Exception):
    """A lock file that cannot be read."""


@dataclass
class Ids:
    """The id space of one message."""

    next: int = 0
    unions: Dict[int, int] = field(default_factory=dict)  # id of the union's value -> next ordinal


@dataclass
class LockedMethod:
    shape: MethodShape
    fingerprint: int
    accepted: Tuple[int, ...] = ()
    max_bytes: Optional[int] = None  # 0: the connection's limit; None: unknown
    errors: Optional[str] = None     # full name of the enum, or "-"; None: unknown


Limits = Dict[int, Tuple[int, int]]  # field number -> max_len, max_count; 0 and an absent field mean none


@dataclass
class Lock:
    shapes: Dict[str, Shape] = field(default_factory=dict)    # by ".full.Name"
    ids: Dict[str, Ids] = field(default_factory=dict)         # of the file's own messages
    limits: Dict[str, Limits] = field(default_factory=dict)   # likewise, if they are known
    methods: Dict[str, LockedMethod] = field(default_factory=dict)

    def message(self, name: str) -> Optional[MessageShape]:
        shape = self.shapes.get(name)
        return shape if isinstance(shape, MessageShape) else None


def parse(text: str, path: str) -> Lock:
    lock = Lock()
    lines = [(i + 1, line) for i, line in enumerate(text.split("\n")) if line.strip() and not line.startswith("#")]

    def fail(number: int, why: str) -> "LockError":
        return LockError("%s:%d: error: %s [LOCK]" % (path, number, why))

    if any(line.startswith(("<<<<<<<", ">>>>>>>", "=======")) for _, line in lines):
        raise LockError("%s: error: contains conflict markers of a merge; keep the lines of both sides and build again [LOCK]" % path)
    if not lines or lines[0][1].strip() != "parley-lock 1":
        raise LockError("%s:1: error: not a lock file of version 1 [LOCK]" % path)
    current: Optional[Tuple[str, str]] = None
    fields: Dict[str, List[FieldShape]] = {}
    values: Dict[str, List[Tuple[int, str]]] = {}
    method: Dict[str, List[str]] = {}
    methods: Dict[str, Dict[str, List[str]]] = {}
    for number, line in lines[1:]:
        words = line.split()
        try:
            if not line.startswith(" "):
                kind, name = words[0], line.split(" ", 1)[1].strip()
                if kind == "message":
                    name = words[1]
                    lock.ids[name] = Ids(next=int(words[3]))
                    fields[name] = []
                elif kind == "foreign":
                    fields[name] = []
                elif kind == "enum":
                    values[name] = []
                elif kind == "method":
                    method = methods.setdefault(name, {})
                else:
                    raise ValueError
                current = (kind, name)
            elif current is None:
                raise ValueError
            elif current[0] in ("message", "foreign") and words[0] == "field" and len(words) == 8:
                if not re.fullmatch(r"\d+(\.\d+)?", words[2]):
                    raise ValueError
                fields[current[1]].append(FieldShape(int(words[1]), words[2], words[3], words[4], words[5], words[6], words[7]))
            elif current[0] == "message" and words[0] == "limits":
                lock.limits[current[1]] = _parse_limits(words[1:])
            elif current[0] == "message" and words[0] == "oneof":
                lock.ids[current[1]].unions[int(words[1])] = int(words[3])
            elif current[0] == "enum" and words[0] == "value" and len(words) == 3:
                values[current[1]].append((int(words[1]), words[2]))
            elif current[0] == "method":
                method.setdefault(words[0], []).append(line.strip().partition(" ")[2])
            else:
                raise ValueError
        except (ValueError, IndexError):
            raise fail(number, "cannot be read; restore the last committed version of the file and build again") from None
    for name, shapes in fields.items():
        lock.shapes[name] = MessageShape(tuple(sorted(shapes, key=lambda f: f.number)))
    for name, pairs in values.items():
        lock.shapes[name] = EnumShape(tuple(sorted(pairs)))
    for name, parts in methods.items():
        try:
            one = {key: parts[key][0] for key in ("shape", "to", "reply", "body", "in", "out", "fingerprint")}
            lock.methods[name] = LockedMethod(
                MethodShape(name, one["shape"], one["to"], one["reply"], one["body"], one["in"], one["out"]),
                int(one["fingerprint"], 16), tuple(int(a, 16) for a in parts.get("accepted", [])),
                int(parts["max_bytes"][0]) if "max_bytes" in parts else None, parts.get("errors", [None])[0])
        except (KeyError, ValueError):
            raise LockError("%s: error: method %s is incomplete; delete its block, or restore the last committed version [LOCK]"
                            % (path, name)) from None
    return lock


def _parse_limits(words: List[str]) -> Limits:
    limits: Dict[int, List[int]] = {}
    for word in words if words != ["-"] else ():
        found = re.fullmatch(r"(\d+)\.(max_len|max_count)=(\d+)", word)
        if found is None:
            raise ValueError
        number, name, value = found.groups()
        limits.setdefault(int(number), [0, 0])[name == "max_count"] = int(value)
    return {number: (both[0], both[1]) for number, both in limits.items()}


def _format_limits(limits: Limits) -> str:
    words = ["%d.%s=%d" % (number, name, value) for number, both in sorted(limits.items())
             for name, value in zip(("max_len", "max_count"), both) if value]
    return " ".join(words) or "-"


def format(lock: Lock, proto: str) -> str:
    out = [_HEAD % os.path.basename(proto)]

    def add_fields(shape: MessageShape) -> None:
        for f in shape.fields:
            out.append("  field %d %s %s %s %s %s %s\n" % (f.number, f.fbs_id, f.json_name, f.name, f.type, f.label, f.oneof))

    messages = {name: shape for name, shape in lock.shapes.items() if isinstance(shape, MessageShape)}
    for name in sorted(lock.ids):
        out.append("\nmessage %s next %d\n" % (name, lock.ids[name].next))
        if name in lock.limits:
            out.append("  limits %s\n" % _format_limits(lock.limits[name]))
        add_fields(messages[name])
        for id_, next_ in sorted(lock.ids[name].unions.items()):
            out.append("  oneof %d next %d\n" % (id_, next_))
    for name in sorted(messages.keys() - lock.ids.keys()):
        out.append("\nforeign %s\n" % name)
        add_fields(messages[name])
    for name, shape in sorted(lock.shapes.items()):
        if isinstance(shape, EnumShape):
            out.append("\nenum %s\n" % name)
            out.extend("  value %d %s\n" % value for value in shape.values)
    for name in sorted(lock.methods):
        m = lock.methods[name]
        out.append("\nmethod %s\n  shape %s\n  to %s\n  reply %s\n  body %s\n  in %s\n  out %s\n" % (
            name, m.shape.shape, m.shape.to, m.shape.reply, m.shape.body, m.shape.request, m.shape.response))
        if m.max_bytes is not None:
            out.append("  max_bytes %d\n" % m.max_bytes)
        if m.errors is not None:
            out.append("  errors %s\n" % m.errors)
        out.append("  fingerprint %016x\n" % m.fingerprint)
        out.extend("  accepted %016x\n" % a for a in m.accepted)
    return "".join(out)


def write(path: str, text: str) -> None:
    """Replaces the file in one step. An interrupted build leaves the old file."""
    folder = os.path.dirname(path) or "."
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".parley-lock-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
