"""FlatBuffers ids that no later edit may change, and earlier shapes that still work: a schema and its lock file before and after a run.
lockfile.py reads and writes the text of the file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Collection, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from . import order
from .fingerprint import (FieldShape, MessageShape, Shapes, canonical_text, fingerprint, method_id, method_shape, reached, schema_shapes,
                          type_of)
from .lockfile import SUFFIX, Ids, Lock, LockError as LockError, LockedMethod, format, parse
from .model import FbsSlot, Field, Message, Oneof, Schema, Service

# --- ids ---

def assign_ids(message: Message, lock: Lock) -> Tuple[Message, Ids]:
    """Returns the message with its FlatBuffers ids: those of the lock, and the next free ones for new fields. Without a lock entry, ids
    are ranks."""
    name = "." + message.full_name
    locked = lock.message(name) if name in lock.ids else None
    known: Dict[int, FieldShape] = {f.number: f for f in locked.fields} if locked else {}
    old = lock.ids.get(name, Ids())
    ids = Ids(old.next, dict(old.unions))
    # An edited or badly merged file must not lead to duplicate ids.
    for shape in known.values():
        slot, _, kept = shape.fbs_id.partition(".")
        ids.next = max(ids.next, int(slot) + 1)
        if kept:
            ids.unions[int(slot)] = max(ids.unions.get(int(slot), 1), int(kept) + 1)

    fields: Dict[str, Field] = {}
    oneofs: Dict[str, Oneof] = {}
    union_of: Dict[int, int] = {}
    for o in message.oneofs:
        for f in o.fields:
            slot, _, kept = known[f.number].fbs_id.partition(".") if f.number in known else ("", "", "")
            if kept and int(slot) not in union_of.values():
                union_of.setdefault(o.index, int(slot))
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
            union_of[f.oneof_index] = ids.next + 1  # the union's type has the previous id
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

    # Messages that the schema no longer has. They were deleted, or moved to another schema whose run will find them here.
    orphans: Set[str] = field(default_factory=set)
    settled: Set[str] = field(default_factory=set)  # those that another lock already has

    @property
    def is_stale(self) -> bool:
        """Whether writing would change the file. A block that may be removed is not a reason on its own."""
        return self.file is not None and self._text(self.orphans) != self.old_text

    @property
    def new_text(self) -> str:
        return self._text(self.orphans - self.settled)

    def _text(self, orphans: Set[str]) -> str:
        old, new = self.old, self.new
        return format(Lock(
            shapes={**{name: old.shapes[name] for name in orphans}, **new.shapes},
            ids={**{name: old.ids[name] for name in orphans}, **new.ids},
            limits={**{name: old.limits[name] for name in orphans if name in old.limits}, **new.limits},
            methods=new.methods), self.path)


def open_locks(schema: Schema, roots: Sequence[str]) -> Dict[str, LockedFile]:
    """Raises LockError for a lock that cannot be read, and for a schema that is to be generated but is under no root."""
    locks = {}
    for f in schema.files:
        where = next((root for root in roots if os.path.exists(os.path.join(root, f.path))), None)
        if where is None:
            if f.generate and roots:
                raise LockError("%s:1: error: is in none of the lock_root folders (%s) [LOCK]" % (f.path, ", ".join(roots)))
            locks[f.path] = LockedFile(f.path, None, "", Lock())
            continue
        path = os.path.join(where, f.stem + SUFFIX)
        text = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as source:
                text = source.read()
        locks[f.path] = LockedFile(f.path, path, text, parse(text, f.stem + SUFFIX) if text else Lock())
    _follow_moves(schema, locks, roots)
    return locks


def _follow_moves(schema: Schema, locks: Mapping[str, LockedFile], roots: Sequence[str]) -> None:
    """Moves the block of a message that is now in another file: from another lock of this run, or from any other lock under the roots."""
    missing: List[Message] = []
    for f in schema.files:
        mine = locks[f.path]
        if mine.file is not None:
            mine.orphans = set(mine.old.ids) - {"." + m.full_name for m in f.messages}
            missing += [m for m in f.messages if "." + m.full_name not in mine.old.ids]
    if not missing and not any(locked.orphans for locked in locks.values()):
        return
    on_disk = {locked.file: locked.old for locked in locks.values() if locked.file is not None}
    on_disk.update(_other_locks(roots, set(on_disk)))
    holders = {file: set(lock.ids) for file, lock in on_disk.items()}
    for m in missing:
        name = "." + m.full_name
        was = next((lock for lock in on_disk.values() if name in lock.ids and _is_same(lock.message(name), m)), None)
        if was is not None:
            old = locks[m.file].old
            old.ids[name], old.shapes[name] = was.ids[name], was.shapes[name]
            if name in was.limits:
                old.limits[name] = was.limits[name]
    written = {"." + m.full_name for f in schema.generated for m in f.messages}
    for locked in locks.values():
        held: Set[str] = set().union(*(names for file, names in holders.items() if file != locked.file))
        locked.settled = locked.orphans & (held | written)


_MOST_FOLDERS = 1000  # searched below each root


def _other_locks(roots: Sequence[str], known: Set[str]) -> Dict[str, Lock]:
    found: Dict[str, Lock] = {}
    for root in roots:
        for count, (folder, folders, files) in enumerate(os.walk(root)):
            if count == _MOST_FOLDERS:
                break
            is_build = "CMakeCache.txt" in files
            folders[:] = [] if is_build else sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = os.path.join(folder, name)
                if name.endswith(SUFFIX) and path not in known and path not in found:
                    try:
                        with open(path, encoding="utf-8") as source:
                            found[path] = parse(source.read(), path)
                    except (LockError, OSError, UnicodeDecodeError):  # of another schema, whose own run reports it
                        pass
    return found


def _is_same(was: Optional[MessageShape], message: Message) -> bool:
    """Whether the shape can be an earlier one of the message."""
    if was is None:
        return False
    fields = {f.number: f for f in message.fields}
    common = [(f, fields[f.number]) for f in was.fields if f.number in fields]
    return bool(common or not was.fields) and all(old.name == new.name and old.type == type_of(new) for old, new in common)


def apply(schema: Schema, locks: Mapping[str, LockedFile]) -> Schema:
    """Returns the schema with ids in all its messages, and fills `new` of every lock with them."""
    messages = {}
    for name, m in schema.messages.items():
        messages[name], ids = assign_ids(m, locks[m.file].old)
        locks[m.file].new.ids["." + name] = ids
    shapes = schema_shapes(replace(schema, messages=messages))
    files = []
    for f in schema.files:
        new = locks[f.path].new
        new.limits = {"." + m.full_name: {x.number: (x.max_len, x.max_count) for x in m.fields if x.max_len or x.max_count}
                      for m in f.messages if any(_can_be_limited(x) for x in m.fields)}
        services = tuple(_with_prints(s, schema, shapes, new) for s in f.services)
        mine = set(new.ids) | {"." + e.full_name for e in f.enums}
        carried = [n for m in new.methods.values() for n in reached([m.shape.request, m.shape.response], shapes)]
        new.shapes = {n: shapes[n] for n in list(mine) + carried}
        # The fields of a message may have an enum of another schema. It matters only if a method carries the message.
        files.append(replace(f, messages=tuple(messages[m.full_name] for m in f.messages), services=services))
    return replace(schema, files=tuple(files), messages=messages)


def _can_be_limited(field: Field) -> bool:
    return field.is_repeated or field.is_map or field.type.name in ("string", "bytes", "google.protobuf.StringValue", "google.protobuf.BytesValue")


def _with_prints(service: Service, schema: Schema, shapes: Shapes, new: Lock) -> Service:
    methods = []
    for m in service.methods:
        shape = method_shape(m)
        value = fingerprint(canonical_text(shape, shapes))
        errors = schema.resolve(m.errors, service.full_name) if m.errors else ""
        new.methods[m.wire_name] = LockedMethod(shape, value, max_bytes=m.max_bytes, errors="." + errors if errors else "-")
        methods.append(replace(m, id=method_id(m.wire_name), fingerprint=value))
    return replace(service, methods=tuple(methods))


def is_whole(locked: LockedMethod, lock: Lock) -> bool:
    """Whether the shapes in the file still yield the fingerprint."""
    return fingerprint(canonical_text(locked.shape, lock.shapes)) == locked.fingerprint


def accept(schema: Schema, locks: Mapping[str, LockedFile], broken: Mapping[str, Collection[str]]) -> Schema:
    """Keeps accepted fingerprints, and accepts the last one if the change is compatible. `broken` contains, for each file, the wire names
    of methods with an incompatible change."""
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
