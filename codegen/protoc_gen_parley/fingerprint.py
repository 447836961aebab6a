"""Method ids and contract fingerprints, as the wire protocol specifies them.

A fingerprint is the hash of a canonical text. The text contains exactly the properties that change bytes or routing. It is made from
`shapes`, which come from the model or from a lock file, so the same code compares and hashes today's schema and earlier ones.

The protocol leaves two details open. A oneof's member has `<id of the union>.<ordinal in the union>` as its FlatBuffers id, and
`optional` before a message field is not written, because it changes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple, Union

from .model import Enum, Field, Message, Method, Schema, Type


@dataclass(frozen=True)
class FieldShape:
    number: int
    fbs_id: str       # "3", in a oneof "5.1"
    json_name: str
    name: str
    type: str         # "double", ".lobby.v1.Line", "map<string,.lobby.v1.Line>"
    label: str        # "one", "opt", "rep"
    oneof: str        # index or "-"

    @property
    def value_type(self) -> str:
        return split_map(self.type)[1]


@dataclass(frozen=True)
class MessageShape:
    fields: Tuple[FieldShape, ...]    # by number


@dataclass(frozen=True)
class EnumShape:
    values: Tuple[Tuple[int, str], ...]  # by number, then name


@dataclass(frozen=True)
class MethodShape:
    wire_name: str
    shape: str        # "call client 0 0"
    to: str           # "others,all" or "-"
    reply: str        # or "-"
    body: str         # "payload" or "envelope message"
    request: str      # ".lobby.v1.Line"
    response: str     # or "-"


Shape = Union[MessageShape, EnumShape]
Shapes = Mapping[str, Shape]  # by ".full.Name"


def method_id(wire_name: str) -> int:
    """The first four bytes of the name's SHA-256, read big-endian."""
    return int.from_bytes(hashlib.sha256(wire_name.encode("utf-8")).digest()[:4], "big")


def fingerprint(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big")


def contract(pairs: Iterable[Tuple[int, int]]) -> int:
    """The value for (method id, fingerprint) pairs that a hello sends in place of all of them."""
    data = b"".join(id_.to_bytes(4, "big") + print_.to_bytes(8, "big") for id_, print_ in sorted(pairs))
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big")


def _type_text(type_: Type) -> str:
    return type_.name if type_.is_scalar else "." + type_.name


def type_of(field: Field) -> str:
    if field.key is not None:
        return "map<%s,%s>" % (_type_text(field.key), _type_text(field.type))
    return _type_text(field.type)


def message_shape(message: Message) -> MessageShape:
    oneofs = {o.index: o for o in message.oneofs}
    fields = []
    for f in message.fields_by_number:
        label = "rep" if f.is_map else f.label
        if label == "opt" and f.type.is_message:
            label = "one"
        fbs_id = "%d.%d" % (oneofs[f.oneof_index].fbs_id, f.fbs_id) if f.in_oneof else str(f.fbs_id)
        fields.append(FieldShape(f.number, fbs_id, f.json_name, f.name, type_of(f), label, str(f.oneof_index) if f.in_oneof else "-"))
    return MessageShape(tuple(fields))


def enum_shape(enum: Enum) -> EnumShape:
    return EnumShape(tuple(sorted((v.number, v.name) for v in enum.values)))


def method_shape(method: Method) -> MethodShape:
    def target(word: str) -> str:
        groups = method.event.get("group", ()) or method.call.get("group", ())
        # The contract contains the name of a group on the wire, which is by default that of the message.
        return "%s(%s)" % (word, "|".join(g.rpartition(".")[2] for g in groups)) if word in ("group", "group_others") else word

    return MethodShape(
        wire_name=method.wire_name,
        shape="%s %s %d %d" % ("event" if method.is_event else "call", method.side, method.client_streaming, method.server_streaming),
        to=",".join(target(w) for w in method.to) or "-",
        reply=method.reply or "-",
        body="envelope message" if method.body_message else "payload",
        request="." + method.request.name,
        response="-" if method.is_event else "." + method.response.name)


def schema_shapes(schema: Schema) -> Dict[str, Shape]:
    shapes: Dict[str, Shape] = {"." + name: message_shape(m) for name, m in schema.messages.items()}
    shapes.update(("." + name, enum_shape(e)) for name, e in schema.enums.items())
    return shapes


def split_map(type_: str) -> Tuple[str, str]:
    """"map<string,.a.B>" -> ("string", ".a.B"); any other type -> ("", type)."""
    if type_.startswith("map<"):
        key, _, value = type_[4:-1].partition(",")
        return key, value
    return "", type_


def reached(roots: Sequence[str], shapes: Shapes) -> List[str]:
    """The messages and enums that a payload can contain, in the order of the canonical text."""
    found = {name: None for name in roots if name in shapes}
    work = list(found)
    for name in work:  # grows during the loop
        for f in getattr(shapes[name], "fields", ()):
            used = f.value_type
            if used not in found and used in shapes:
                found[used] = None
                work.append(used)
    return work


def canonical_text(method: MethodShape, shapes: Shapes) -> str:
    messages: Dict[str, MessageShape] = {}
    enums: Dict[str, EnumShape] = {}
    for name in reached([method.request, method.response], shapes):
        shape = shapes[name]
        if isinstance(shape, MessageShape):
            messages[name] = shape
        else:
            enums[name] = shape
    label = {n: "m%d" % i for i, n in enumerate(messages)}
    label.update((n, "e%d" % i) for i, n in enumerate(enums))

    def word(type_: str) -> str:
        key, value = split_map(type_)
        value = label.get(value, value.lstrip("."))
        return "map<%s,%s>" % (key, value) if key else value

    lines = ["parley-contract-1", "method " + method.wire_name, "shape " + method.shape, "to " + method.to, "reply " + method.reply,
             "body " + method.body, "in " + word(method.request), "out " + word(method.response)]
    for i, message in enumerate(messages.values()):
        lines.append("message m%d" % i)
        for f in message.fields:
            lines.append("field %d %s %s %s %s %s %s" % (f.number, f.fbs_id, f.json_name, f.name, word(f.type), f.label, f.oneof))
    for i, enum in enumerate(enums.values()):
        lines.append("enum e%d" % i)
        lines.extend("value %d %s" % value for value in enum.values)
    return "".join(line + "\n" for line in lines)
