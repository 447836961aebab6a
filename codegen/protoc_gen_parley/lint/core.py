"""The parts that rules are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ..model import Enum, EnumValue, Field, File, Message, Method, Options, Schema, Service

ERROR = "error"
WARNING = "warning"

MAX_NAME = 128  # bytes of a wire name or a reason that a peer accepts (schema/parley/envelope.fbs, section 5)


def quote(text: str) -> str:
    """A piece of the schema in a message: short, on one line, printable."""
    shown = "".join(ch if ch.isprintable() else "\\x%02x" % ord(ch) for ch in text[:60])
    return '"' + shown + ('…"' if len(text) > 60 else '"')


@dataclass(frozen=True)
class Finding:
    rule: str
    severity: str
    file: str
    line: int
    subject: str        # "Lobby.Say", "Line.text"; may be empty
    path: str           # "event.to[1]"; empty: the element itself
    text: str

    def __str__(self) -> str:
        where = " ".join(part for part in (self.subject, self.path) if part)
        return "%s:%d: %s: %s%s [%s]" % (self.file, self.line, self.severity, where + ": " if where else "", self.text, self.rule)


@dataclass(frozen=True)
class Place:
    """An element of the schema with the elements that contain it, outermost first."""

    nodes: Tuple[Any, ...]

    @property
    def file(self) -> File:
        file: File = self.nodes[0]
        return file

    @property
    def subject(self) -> str:
        return ".".join(n.name for n in self.nodes[1:])

    @property
    def ignores(self) -> Tuple[str, ...]:
        return tuple(rule for n in self.nodes for rule in n.ignores)

    def line(self, path: str) -> int:
        node = self.nodes[-1]
        word = path.split(".")[0].split("[")[0]
        options: Optional[Options] = None
        if isinstance(node, Method):
            options = node.event if word == "event" else node.call if word == "call" else None
        elif word in ("service", "group", "field", "enum", "route", "file"):
            options = node.options
        return options.line if options is not None and options.line else node.line


# A rule yields these. The place provides file and line.
Hit = Tuple[Place, str, str]  # place, option path, text
Check = Callable[["Run"], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    id: str
    severity: str
    purpose: str
    check: Check
    needs_lock: bool = False  # reads FlatBuffers ids or accepted shapes, which come from the lock
    across: bool = False      # concerns several schemas of one program


class Rules(Dict[str, Rule]):
    """Rules by id: those about schemas are in RULES, and each backend has its own. An id may be in several, like NAME_TAKEN."""

    def rule(self, id_: str, severity: str, purpose: str, needs_lock: bool = False, across: bool = False) -> Callable[[Check], Check]:
        def register(check: Check) -> Check:
            assert id_ not in self, id_
            self[id_] = Rule(id_, severity, purpose, check, needs_lock, across)
            return check

        return register


RULES = Rules()
rule = RULES.rule


class Run:
    """One run over a schema. Rules iterate over its elements."""

    def __init__(self, schema: Schema, rules: Sequence[Rule]):
        self.schema = schema
        self.rules = rules

    # --- elements of the files to generate ---
    def files(self) -> Iterator[Place]:
        for f in self.schema.generated:
            yield Place((f,))

    def services(self) -> Iterator[Tuple[Place, Service]]:
        for f in self.schema.generated:
            for s in f.services:
                yield Place((f, s)), s

    def methods(self) -> Iterator[Tuple[Place, Method]]:
        for f in self.schema.generated:
            for s in f.services:
                for m in s.methods:
                    yield Place((f, s, m)), m

    def events(self) -> Iterator[Tuple[Place, Method]]:
        return ((p, m) for p, m in self.methods() if m.event.present)

    def calls(self) -> Iterator[Tuple[Place, Method]]:
        return ((p, m) for p, m in self.methods() if not m.event.present)

    def messages(self) -> Iterator[Tuple[Place, Message]]:
        for f in self.schema.generated:
            for m in f.messages:
                yield Place((f, m)), m

    def fields(self) -> Iterator[Tuple[Place, Field]]:
        for p, m in self.messages():
            for f in m.fields:
                yield Place(p.nodes + (f,)), f

    def enums(self) -> Iterator[Tuple[Place, Enum]]:
        for f in self.schema.generated:
            for e in f.enums:
                yield Place((f, e)), e

    def values(self) -> Iterator[Tuple[Place, EnumValue]]:
        for p, e in self.enums():
            for v in e.values:
                yield Place(p.nodes + (v,)), v

    # --- look-ups ---
    def payload(self, full_name: str) -> Optional[Message]:
        return self.schema.messages.get(full_name)

    def field_path(self, message: Optional[Message], path: str) -> Optional[Field]:
        """The field at a dotted path of proto names. All messages on the path are singular."""
        found: Optional[Field] = None
        for part in path.split("."):
            if message is None:
                return None
            found = next((f for f in message.fields if f.name == part), None)
            if found is None:
                return None
            message = self.payload(found.type.name) if found.type.is_message and found.label in ("one", "opt") else None
        return found

    # --- findings ---
    def findings(self, wanted: Callable[[Rule], bool]) -> List[Finding]:
        found = []
        for r in filter(wanted, self.rules):
            for place, path, text in r.check(self):
                if r.severity == WARNING and r.id in place.ignores:
                    continue
                found.append(Finding(r.id, r.severity, place.file.path, place.line(path), place.subject, path, text))
        return in_order(found, [f.path for f in self.schema.files])


def in_order(found: Sequence[Finding], files: Sequence[str]) -> List[Finding]:
    order = {path: i for i, path in enumerate(files)}
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda f: (order.get(f.file, 0), f.line, f.rule, f.path, f.text))


def option(method: Method) -> str:
    """The word that starts an option path: "event" or "call"."""
    return "event" if method.event.present else "call"


def lists(method: Method) -> Iterator[Tuple[str, Sequence[int]]]:
    """The target lists as written, each with its path."""
    for name in ("to", "server_to"):
        if name in method.options:
            yield option(method) + "." + name, method.options.get(name)
