"""The lock file beside each schema: FlatBuffers ids that no later edit may move, and the fingerprints of earlier shapes that go on working.

`lobby.proto` has `lobby.parley.lock`, a text made for diffs and merges:

    parley-lock 1
    message .lobby.v1.Post next 5       ids below 5 are taken, also by fields that are gone
      field 1 0 id id uint64 one -      number, id, JSON name, name, type, label, oneof's index
      field 2 4.1 text text string one 0    in a oneof: <id of the union>.<ordinal>
      oneof 4 next 3                    the union with id 4 (its type has 3); ordinals below 3 are taken
    foreign .other.v1.Thing             a message of another schema that methods here carry: its shape when last seen
    enum .lobby.v1.Mood
      value 0 MOOD_UNSPECIFIED
    method Lobby.Say
      shape event client 0 0
      ...
      fingerprint c699c85d92fa11a0
      accepted 1122334455667788         earlier shapes that lint proved compatible, one line each

A fingerprint is also a checksum: if the shapes in the file do not yield it, somebody removed an entry in order to make an incompatible
change, and no earlier shape is accepted from there on.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field, replace
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from . import order
from .fingerprint import (EnumShape, FieldShape, MessageShape, MethodShape, canonical_text, fingerprint, method_id, method_shape, reached,
                          schema_shapes)
from .model import FbsSlot, Field, Message, Oneof, Schema, Service

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


@dataclass
class Lock:
    shapes: Dict[str, object] = field(default_factory=dict)   # ".full.Name" -> MessageShape, EnumShape
    ids: Dict[str, Ids] = field(default_factory=dict)         # of the file's own messages
    methods: Dict[str, LockedMethod] = field(default_factory=dict)


# --- text ---

def parse(text: str, path: str) -> Lock:
    lock = Lock()
    lines = [(i + 1, line) for i, line in enumerate(text.split("\n")) if line.strip() and not line.startswith("#")]

    def fail(number: int, why: str) -> "LockError":
        return LockError("%s:%d: error: %s [LOCK]" % (path, number, why))

    if any(line.startswith(("<<<<<<<", ">>>>>>>", "=======")) for _, line in lines):
        raise LockError("%s: error: has conflict marks of a merge in it; keep both sides' lines, then build again [LOCK]" % path)
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
            elif current[0] == "message" and words[0] == "oneof":
                lock.ids[current[1]].unions[int(words[1])] = int(words[3])
            elif current[0] == "enum" and words[0] == "value" and len(words) == 3:
                values[current[1]].append((int(words[1]), words[2]))
            elif current[0] == "method":
                method.setdefault(words[0], []).append(line.strip().partition(" ")[2])
            else:
                raise ValueError
        except (ValueError, IndexError):
            raise fail(number, "cannot be read; take the file's last committed version and build again") from None
    for name, shapes in fields.items():
        lock.shapes[name] = MessageShape(tuple(sorted(shapes, key=lambda f: f.number)))
    for name, pairs in values.items():
        lock.shapes[name] = EnumShape(tuple(sorted(pairs)))
    for name, parts in methods.items():
        try:
            one = {key: parts[key][0] for key in ("shape", "to", "reply", "body", "in", "out", "fingerprint")}
            lock.methods[name] = LockedMethod(
                MethodShape(name, one["shape"], one["to"], one["reply"], one["body"], one["in"], one["out"]),
                int(one["fingerprint"], 16), tuple(int(a, 16) for a in parts.get("accepted", [])))
        except (KeyError, ValueError):
            raise LockError("%s: error: method %s is incomplete; delete its block, or take the last committed version [LOCK]"
                            % (path, name)) from None
    return lock


def format(lock: Lock, proto: str) -> str:
    out = [_HEAD % os.path.basename(proto)]

    def add_fields(shape: MessageShape) -> None:
        for f in shape.fields:
            out.append("  field %d %s %s %s %s %s %s\n" % (f.number, f.fbs_id, f.json_name, f.name, f.type, f.label, f.oneof))

    for name in sorted(lock.ids):
        out.append("\nmessage %s next %d\n" % (name, lock.ids[name].next))
        add_fields(lock.shapes[name])
        for id_, next_ in sorted(lock.ids[name].unions.items()):
            out.append("  oneof %d next %d\n" % (id_, next_))
    for name in sorted(n for n, s in lock.shapes.items() if isinstance(s, MessageShape) and n not in lock.ids):
        out.append("\nforeign %s\n" % name)
        add_fields(lock.shapes[name])
    for name in sorted(n for n, s in lock.shapes.items() if isinstance(s, EnumShape)):
        out.append("\nenum %s\n" % name)
        out.extend("  value %d %s\n" % value for value in lock.shapes[name].values)
    for name in sorted(lock.methods):
        m = lock.methods[name]
        out.append("\nmethod %s\n  shape %s\n  to %s\n  reply %s\n  body %s\n  in %s\n  out %s\n  fingerprint %016x\n" % (
            name, m.shape.shape, m.shape.to, m.shape.reply, m.shape.body, m.shape.request, m.shape.response, m.fingerprint))
        out.extend("  accepted %016x\n" % a for a in m.accepted)
    return "".join(out)


# --- ids ---

def assign_ids(message: Message, lock: Lock) -> Tuple[Message, Ids]:
    """The message with its FlatBuffers ids: those of the lock, the next free ones for what is new. Without an entry ids are ranks."""
    name = "." + message.full_name
    known: Dict[int, FieldShape] = {f.number: f for f in lock.shapes[name].fields} if name in lock.ids else {}
    old = lock.ids.get(name, Ids())
    ids = Ids(old.next, dict(old.unions))
    # An edited or badly merged file must not give an id twice.
    for f in known.values():
        union, _, ordinal = f.fbs_id.partition(".")
        ids.next = max(ids.next, int(union) + 1)
        if ordinal:
            ids.unions[int(union)] = max(ids.unions.get(int(union), 1), int(ordinal) + 1)

    fields: Dict[str, Field] = {}
    oneofs: Dict[str, Oneof] = {}
    union_of: Dict[int, int] = {}
    for o in message.oneofs:
        for f in o.fields:
            union, _, ordinal = known[f.number].fbs_id.partition(".") if f.number in known else ("", "", "")
            if ordinal and int(union) not in union_of.values():
                union_of.setdefault(o.index, int(union))
    for f in message.fields_by_number:
        was = known.get(f.number)
        if not f.in_oneof:
            if was and "." not in was.fbs_id:
                fields[f.name] = replace(f, fbs_id=int(was.fbs_id))
            else:
                fields[f.name] = replace(f, fbs_id=ids.next)
                ids.next += 1
            continue
        if f.oneof_index not in union_of:
            union_of[f.oneof_index] = ids.next + 1  # the union's type has the id before
            ids.next += 2
        union = union_of[f.oneof_index]
        if was and was.fbs_id.startswith("%d." % union):
            ordinal = int(was.fbs_id.partition(".")[2])
        else:
            ordinal = ids.unions.get(union, 1)
            ids.unions[union] = ordinal + 1
        fields[f.name] = replace(f, fbs_id=ordinal)
    for o in message.oneofs:
        union = union_of[o.index]
        by_ordinal = {fields[f.name].fbs_id: fields[f.name] for f in o.fields}
        oneofs[o.name] = replace(o, fbs_id=union, fbs_members=tuple(by_ordinal.get(i) for i in range(1, ids.unions[union])))
    with_ids = order.replace_fields(message, fields, oneofs)
    return replace(with_ids, fbs_slots=_slots(with_ids, ids.next)), ids


def _slots(message: Message, next_id: int) -> Tuple[FbsSlot, ...]:
    slots: Dict[int, FbsSlot] = {f.fbs_id: FbsSlot(f.fbs_id, field=f) for f in message.fields if not f.in_oneof}
    types = set()
    for o in message.oneofs:
        slots[o.fbs_id] = FbsSlot(o.fbs_id, oneof=o)
        types.add(o.fbs_id - 1)
    return tuple(slots.get(i, FbsSlot(i)) for i in range(next_id) if i not in types)


# --- a run ---

@dataclass
class LockedFile:
    """One schema of the run with its lock before and after."""

    path: str                # of the .proto
    file: Optional[str]      # path of the lock file; None: no lock_root, or the schema is in none of them
    old_text: str
    old: Lock
    new: Lock = field(default_factory=Lock)

    @property
    def new_text(self) -> str:
        return format(self.new, self.path)


def open_locks(schema: Schema, roots: Sequence[str]) -> Dict[str, LockedFile]:
    """Raises LockError for a lock that cannot be read, and for a schema to generate that is under no root."""
    locks = {}
    for f in schema.files:
        where = next((root for root in roots if os.path.exists(os.path.join(root, f.path))), None)
        if where is None:
            if f.generate and roots:
                raise LockError("%s:1: error: is in none of the folders given as lock_root (%s) [LOCK]" % (f.path, ", ".join(roots)))
            locks[f.path] = LockedFile(f.path, None, "", Lock())
            continue
        path = os.path.join(where, f.stem + SUFFIX)
        text = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as source:
                text = source.read()
        locks[f.path] = LockedFile(f.path, path, text, parse(text, f.stem + SUFFIX) if text else Lock())
    return locks


def apply(schema: Schema, locks: Mapping[str, LockedFile]) -> Schema:
    """The schema with ids in all its messages, and `new` of every lock filled with them."""
    messages = {}
    for name, m in schema.messages.items():
        messages[name], ids = assign_ids(m, locks[m.file].old)
        locks[m.file].new.ids["." + name] = ids
    shapes = schema_shapes(replace(schema, messages=messages))
    files = []
    for f in schema.files:
        new = locks[f.path].new
        services = tuple(_with_prints(s, shapes, new) for s in f.services)
        mine = set(new.ids) | {"." + e.full_name for e in f.enums}
        carried = [n for m in new.methods.values() for n in reached([m.shape.request, m.shape.response], shapes)]
        new.shapes = {n: shapes[n] for n in list(mine) + carried}
        # A message's fields may be of another schema's enum; it matters only where a method carries it.
        files.append(replace(f, messages=tuple(messages[m.full_name] for m in f.messages), services=services))
    return replace(schema, files=tuple(files), messages=messages)


def _with_prints(service: Service, shapes: Mapping[str, object], new: Lock) -> Service:
    methods = []
    for m in service.methods:
        shape = method_shape(m)
        value = fingerprint(canonical_text(shape, shapes))
        new.methods[m.wire_name] = LockedMethod(shape, value)
        methods.append(replace(m, id=method_id(m.wire_name), fingerprint=value))
    return replace(service, methods=tuple(methods))


def is_whole(locked: LockedMethod, lock: Lock) -> bool:
    """Do the shapes in the file still yield the fingerprint?"""
    return fingerprint(canonical_text(locked.shape, lock.shapes)) == locked.fingerprint


def accept(schema: Schema, locks: Mapping[str, LockedFile], broken: Mapping[str, Sequence[str]]) -> Schema:
    """Carries accepted fingerprints over, and accepts the last one where the change is compatible. `broken` names, per file, the wire
    names of methods whose change is not."""
    files = []
    for f in schema.files:
        lock = locks[f.path]
        for name, now in lock.new.methods.items():
            was = lock.old.methods.get(name)
            if was is None:
                continue
            if was.fingerprint == now.fingerprint:
                now.accepted = was.accepted
            elif name not in broken.get(f.path, ()) and is_whole(was, lock.old):
                now.accepted = tuple(a for a in was.accepted + (was.fingerprint,) if a != now.fingerprint)
        services = tuple(
            replace(s, methods=tuple(replace(m, accepted=lock.new.methods[m.wire_name].accepted) for m in s.methods)) for s in f.services)
        files.append(replace(f, services=services))
    return replace(schema, files=tuple(files))


def write(lock: LockedFile) -> None:
    """Replaces the file in one step: a build that is stopped leaves the old one."""
    folder = os.path.dirname(lock.file) or "."
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".parley-lock-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(lock.new_text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, lock.file)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
