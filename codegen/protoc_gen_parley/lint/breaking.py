"""Rules about changes: they compare the schema with its lock file.

A finding means that peers built from the earlier schema could no longer communicate. Without a finding the earlier fingerprint is kept as
accepted. All findings are errors. For an intended change, delete the lines that it concerns from the lock file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterator, List, Mapping, Optional, Set, Tuple, Union

from ..fingerprint import EnumShape, FieldShape, MessageShape, MethodShape, Shape, Shapes, split_map
from ..lock import LockedFile
from ..lockfile import SUFFIX, LockedMethod
from ..model import Enum, EnumValue, Field, File, Message, Schema
from .core import ERROR, RULES, Finding, Hit, Place, Run, in_order, rule

_PURPOSES = {
    "BREAKS_FIELD_GONE": "A removed field leaves its number and its name reserved.",
    "BREAKS_FIELD_TYPE": "A field keeps its type, its label, its oneof and its FlatBuffers id.",
    "BREAKS_FIELD_NAME": "A field keeps its name and its JSON name, because JSON payloads use them.",
    "BREAKS_NUMBER_REUSED": "The number of a field is not given to another field.",
    "BREAKS_ENUM_VALUE": "An enum value keeps its name. A removed value leaves its number and name reserved.",
    "BREAKS_WIRE_NAME": "A wire name is not removed.",
    "BREAKS_SHAPE": "A method stays a call or an event, with the same side, the same streaming, and the same names of answer and body.",
    "BREAKS_LIMIT": "The payloads that old peers may send stay within max_len, max_count and max_bytes.",
    "BREAKS_ERRORS": "A call keeps the enum that names its reasons.",
    "BREAKS_TO_FIRST": "The first target stays the same, because old peers mean it when they name none.",
    "BREAKS_TO_GONE": "A target that old peers may name stays allowed.",
    "BREAKS_PAYLOAD": "Peers with earlier types can still read a method's request and answer.",
}


def _none(run: Run) -> Iterator[Hit]:
    """Breaking rules are run by `check` below, which has the lock files."""
    return iter(())


for _id, _purpose in _PURPOSES.items():
    rule(_id, ERROR, _purpose)(_none)


@dataclass
class _Change:
    rule: str
    text: str
    locked: str            # its line in the lock file: "field 2"
    subject: str = ""      # of the element inside the type: a field's name
    number: Optional[int] = None  # of a value that still exists


def _reserved(ranges: Tuple[Tuple[int, int], ...], number: int, inclusive: bool) -> bool:
    return any(first <= number < last + (1 if inclusive else 0) for first, last in ranges)


def _same_value_type(old: str, new: str) -> bool:
    """Whether the types are equal, or two messages, or two enums, whose contents are compared elsewhere."""
    old_key, old_value = split_map(old)
    new_key, new_value = split_map(new)
    if old_key != new_key:
        return False
    return old_value == new_value or (old_value.startswith(".") and new_value.startswith(".")
                                      and not old_value.startswith(".google.protobuf.")
                                      and not new_value.startswith(".google.protobuf."))


def _field_changes(old: FieldShape, new: FieldShape) -> Iterator[_Change]:
    same_type = _same_value_type(old.type, new.type)

    def change(rule_id: str, text: str) -> _Change:
        return _Change(rule_id, text, "field %d" % old.number, new.name)

    if old.name != new.name and not same_type:
        yield change("BREAKS_NUMBER_REUSED", "has the number %d, which belonged to %s of type %s; take a new number and reserve this one"
                     % (new.number, old.name, old.type.lstrip(".")))
        return
    if old.name != new.name:
        yield change("BREAKS_FIELD_NAME", "was named %s; JSON payloads use the name" % old.name)
    elif old.json_name != new.json_name:
        yield change("BREAKS_FIELD_NAME", "had the JSON name %s; keep it with json_name" % old.json_name)
    if not same_type:
        yield change("BREAKS_FIELD_TYPE", "was of type %s" % old.type.lstrip("."))
    elif old.label != new.label:
        words = {"one": "singular", "opt": "optional", "rep": "repeated"}
        yield change("BREAKS_FIELD_TYPE", "was %s" % words.get(old.label, old.label))
    elif (old.oneof == "-") != (new.oneof == "-"):
        yield change("BREAKS_FIELD_TYPE", "was %s" % ("in no oneof" if old.oneof == "-" else "in a oneof"))
    elif old.fbs_id != new.fbs_id:
        yield change("BREAKS_FIELD_TYPE", "had the FlatBuffers id %s and now has %s" % (old.fbs_id, new.fbs_id))


def _message_changes(old: MessageShape, new: MessageShape, now: Optional[Message]) -> Iterator[_Change]:
    by_number = {f.number: f for f in new.fields}
    for f in old.fields:
        if f.number in by_number:
            yield from _field_changes(f, by_number[f.number])
            continue
        if now is None:
            continue
        missing = []
        if not _reserved(now.reserved_numbers, f.number, inclusive=False):
            missing.append("reserved %d;" % f.number)
        if f.name not in now.reserved_names and all(g.name != f.name for g in new.fields):
            missing.append('reserved "%s";' % f.name)
        if missing:
            yield _Change("BREAKS_FIELD_GONE", "the field %s = %d was removed: add `%s`" % (f.name, f.number, " ".join(missing)),
                          "field %d" % f.number)


def _enum_changes(old: EnumShape, new: EnumShape, now: Optional[Enum]) -> Iterator[_Change]:
    names: Dict[int, List[str]] = {}
    for number, name in new.values:
        names.setdefault(number, []).append(name)
    for number, name in old.values:
        if name in names.get(number, []):
            continue
        if number in names:
            yield _Change("BREAKS_ENUM_VALUE", "the value %s = %d is now named %s; JSON payloads use the name" % (
                name, number, names[number][0]), "value %d" % number, number=number)
        elif now is not None:
            missing = []
            if not _reserved(now.reserved_numbers, number, inclusive=True):
                missing.append("reserved %d;" % number)
            if name not in now.reserved_names and all(name != other for _, other in new.values):
                missing.append('reserved "%s";' % name)
            if missing:
                yield _Change("BREAKS_ENUM_VALUE", "the value %s = %d was removed: add `%s`" % (name, number, " ".join(missing)),
                              "value %d" % number)


@dataclass
class _Checker:
    schema: Schema
    locks: Mapping[str, LockedFile]
    shapes: Shapes
    findings: List[Finding] = field(default_factory=list)
    broken: Dict[str, Set[str]] = field(default_factory=dict)  # file -> wire names

    def check_file(self, f: File) -> None:
        old = self.locks[f.path].old
        nodes: List[Union[Message, Enum]] = [*f.messages, *f.enums]
        for node in nodes:
            was = old.shapes.get("." + node.full_name)
            now = self.shapes["." + node.full_name]
            if was is None or type(was) is not type(now) or (isinstance(was, MessageShape) and "." + node.full_name not in old.ids):
                continue
            for change in self._type_changes(was, now, node):
                self._report(f, node, change)
            if isinstance(node, Message):
                self._check_limits(f, node)
        for name in sorted(self.locks[f.path].orphans):
            self._check_moved(f, name)
        present = {m.wire_name for s in f.services for m in s.methods}
        for name in sorted(old.methods):
            if name not in present:
                self._add(f, "BREAKS_WIRE_NAME", f.line, "", "", "no method has the wire name %s any more; `name` can restore it; "
                          "if the method moved to another file, move its block to that file's lock" % name,
                          "the block `method %s`" % name)
        for s in f.services:
            for m in s.methods:
                was_method = old.methods.get(m.wire_name)
                if was_method is None:
                    continue
                now_method = self.locks[f.path].new.methods[m.wire_name].shape
                word = "event" if m.is_event else "call"
                place = Place((f, s, m))
                block = "the block `method %s`" % m.wire_name
                for rule_id, path, text in _method_changes(was_method.shape, now_method, word):
                    self._broken(f, m.wire_name)
                    self._add(f, rule_id, place.line(path), place.subject, path, text, block)
                for rule_id, name, text in _promise_changes(was_method, self.locks[f.path].new.methods[m.wire_name]):
                    path = "%s.%s" % (word, name)
                    self._add(f, rule_id, place.line(path), place.subject, path, text, "the line `%s` of `method %s`" % (name, m.wire_name))
                for told in self._payload_changes(was_method.shape, now_method, old.shapes):
                    self._broken(f, m.wire_name)
                    if told is not None:
                        self._add(f, "BREAKS_PAYLOAD", m.line, place.subject, "", told, block)

    def _check_moved(self, f: File, name: str) -> None:
        """Checks a message that moved from this file to an imported one whose lock does not have its ids."""
        now = self.shapes.get(name)
        if not isinstance(now, MessageShape):
            return
        was = self.locks[f.path].old.message(name)
        ids = {x.number: x.fbs_id for x in was.fields} if was else {}
        if any(ids.get(x.number, x.fbs_id) != x.fbs_id for x in now.fields):
            home = next(other for other in self.schema.files if other.path == self.schema.messages[name[1:]].file)
            self.findings.append(Finding(
                "BREAKS_FIELD_TYPE", RULES["BREAKS_FIELD_TYPE"].severity, f.path, f.line, "", "",
                "%s is now in %s and had other binary ids here: move the block `message %s` from %s to %s, in place of the one there" % (
                    name[1:], home.path, name, f.stem + SUFFIX, home.stem + SUFFIX)))

    def _check_limits(self, f: File, message: Message) -> None:
        name = "." + message.full_name
        was, now = (lock.limits.get(name) for lock in (self.locks[f.path].old, self.locks[f.path].new))
        if was is None or now is None:
            return
        shape = self.locks[f.path].old.message(name)
        known = {x.number for x in shape.fields} if shape else set()
        for x in message.fields:
            for limit, before, after in zip(("max_len", "max_count"), was.get(x.number, (0, 0)), now.get(x.number, (0, 0))):
                if x.number in known and _is_tighter(before, after):
                    self._add(f, "BREAKS_LIMIT", Place((f, message, x)).line("field." + limit), "%s.%s" % (message.name, x.name),
                              "field." + limit, "was %s, and old peers may exceed %d" % (before or "absent", after),
                              "the line `limits` of `message %s`" % name)

    def _type_changes(self, was: Shape, now: Shape, node: Optional[Union[Message, Enum]]) -> Iterator[_Change]:
        if was == now:
            return iter(())
        if isinstance(was, MessageShape) and isinstance(now, MessageShape):
            return _message_changes(was, now, node if isinstance(node, Message) else None)
        if isinstance(was, EnumShape) and isinstance(now, EnumShape):
            return _enum_changes(was, now, node if isinstance(node, Enum) else None)
        return iter(())

    def _payload_changes(self, old: MethodShape, new: MethodShape, old_shapes: Shapes) -> Iterator[Optional[str]]:
        """Compares both payloads recursively. None means incompatible, but reported at the type itself in this run."""
        seen: Set[Tuple[str, str]] = set()
        queue: List[Tuple[str, str, str]] = [(old.request, new.request, "the request")]
        if old.response != "-" and new.response != "-":
            queue.append((old.response, new.response, "the answer"))
        while queue:
            was, now, where = queue.pop()
            if (was, now) in seen:
                continue
            seen.add((was, now))
            old_shape, new_shape = old_shapes.get(was), self.shapes.get(now)
            if old_shape is None and new_shape is None:
                if was != now:
                    yield "%s was %s and is %s" % (where, was.lstrip("."), now.lstrip("."))
                continue
            if old_shape is None:
                # Its block was removed from the lock, so the change is intended, and no earlier shape is accepted.
                if was.startswith(".google.protobuf."):
                    yield "%s was %s and is %s" % (where, was.lstrip("."), now.lstrip("."))
                continue
            if new_shape is None or type(old_shape) is not type(new_shape):
                yield "%s was %s and is %s" % (where, was.lstrip("."), now.lstrip("."))
                continue
            node = self.schema.messages.get(now[1:]) or self.schema.enums.get(now[1:])
            here = was == now and node is not None and self._reported_at_type(node.file)
            for change in self._type_changes(old_shape, new_shape, node):
                element = ("%s.%s " % (now.lstrip("."), change.subject) if change.subject else "in %s " % now.lstrip("."))
                moved = was != now and "FlatBuffers id" in change.text
                hint = ", in the lock file of the schema that has it; to keep its ids rename its block there, `message %s`" % was if moved else ""
                yield None if here else "%s: %s%s%s" % (where, element, change.text, hint)
            if isinstance(old_shape, MessageShape) and isinstance(new_shape, MessageShape):
                by_number = {f.number: f for f in new_shape.fields}
                for f in old_shape.fields:
                    g = by_number.get(f.number)
                    if g is not None and _same_value_type(f.type, g.type):
                        a, b = split_map(f.type)[1], split_map(g.type)[1]
                        if a.startswith("."):
                            queue.append((a, b, "%s in %s" % (g.name, now.lstrip("."))))

    def _reported_at_type(self, file: str) -> bool:
        return any(f.path == file for f in self.schema.generated) and self.locks[file].file is not None

    def _broken(self, f: File, wire_name: str) -> None:
        self.broken.setdefault(f.path, set()).add(wire_name)

    def _report(self, f: File, node: Union[Message, Enum], change: _Change) -> None:
        line, subject = node.line, node.name
        inner: Union[Field, EnumValue, None] = None
        if isinstance(node, Message):
            inner = next((x for x in node.fields if x.name == change.subject), None)
        elif change.number is not None:
            inner = next((x for x in node.values if x.number == change.number), None)
        if inner is not None:
            line, subject = inner.line, "%s.%s" % (node.name, inner.name)
        kind = "message" if isinstance(node, Message) else "enum"
        self._add(f, change.rule, line, subject, "", change.text, "`%s` of `%s .%s`" % (change.locked, kind, node.full_name))

    def _add(self, f: File, rule_id: str, line: int, subject: str, path: str, text: str, locked: str) -> None:
        self.findings.append(Finding(
            rule_id, RULES[rule_id].severity, f.path, line, subject, path,
            "%s (if old peers may break: delete %s from %s)" % (text, locked, f.name + SUFFIX)))


def _method_changes(old: MethodShape, new: MethodShape, word: str) -> Iterator[Tuple[str, str, str]]:
    if old.shape != new.shape:
        yield "BREAKS_SHAPE", "", "was `%s` and is `%s`" % (_shape_words(old.shape), _shape_words(new.shape))
    if old.reply != new.reply:
        yield "BREAKS_SHAPE", word + ".reply", "was %s" % ("absent" if old.reply == "-" else old.reply)
    if old.body != new.body:
        yield "BREAKS_SHAPE", word + ".body", "was %s" % old.body
    before = [] if old.to == "-" else old.to.split(",")
    after = [] if new.to == "-" else new.to.split(",")
    if before and after and before[0] != after[0]:
        yield "BREAKS_TO_FIRST", word + ".to[0]", "the first target was %s, which old peers mean if they name no target" % before[0].upper()
    for gone in [t for t in before if t not in after]:
        yield "BREAKS_TO_GONE", word + ".to", "%s was removed from it" % gone.upper()


# The default limits of a connection for payloads to a server and to a client.
_TO_SERVER, _TO_CLIENT = 65_536, 1_048_576


def _is_tighter(before: int, after: int, none: int = 0) -> bool:
    """Whether `after` allows less. 0 means that no limit is set and the default `none` applies. A default of 0 is no limit either."""
    before, after = before or none, after or none
    return after != 0 and (before == 0 or after < before)


def _promise_changes(old: LockedMethod, new: LockedMethod) -> Iterator[Tuple[str, str, str]]:
    """Compares properties that peers rely on but that no fingerprint contains, because they change no byte."""
    # An event of clients is subject to the server's limit. Others can be subject to both, so the smaller counts if a limit is removed.
    none = _TO_SERVER if new.max_bytes == 0 or new.shape.shape.startswith("event client") else _TO_CLIENT
    if old.max_bytes is not None and new.max_bytes is not None and _is_tighter(old.max_bytes, new.max_bytes, none):
        yield "BREAKS_LIMIT", "max_bytes", "was %s, and old peers may exceed %s" % (
            old.max_bytes or "absent", new.max_bytes or "the connection's limit")
    if old.errors is not None and old.errors not in ("-", new.errors):
        yield "BREAKS_ERRORS", "errors", "was %s, which old peers use to read the reasons" % old.errors.lstrip(".")


def _shape_words(shape: str) -> str:
    kind, side, client, server = shape.split(" ")
    return "%s from %s%s%s" % (kind, side.upper(), ", stream of requests" if client == "1" else "",
                               ", stream of answers" if server == "1" else "")


def check(schema: Schema, locks: Mapping[str, LockedFile], shapes: Shapes) -> Tuple[List[Finding], Dict[str, Set[str]]]:
    """Returns the findings and, for each file, the wire names whose earlier shape cannot be accepted."""
    checker = _Checker(schema, locks, shapes)
    for f in schema.generated:
        if locks[f.path].file is not None:
            checker.check_file(f)
    return in_order(checker.findings, [f.path for f in schema.files]), checker.broken
