"""What types.hpp, codec.hpp and codec.cpp print of messages and enums: each as C++ and JSON, and its place in the binary form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import FrozenSet, List, Optional, Sequence, Set, Tuple

from ... import binary, well_known
from ...model import Enum, EnumValue, Field, Message, Oneof
from . import spelling
from .scope import Scope

_NULL_IS_VALUE = (well_known.VALUE, well_known.NULL_VALUE)

# Names of parameters and variables in codec.cpp: a type of that name is written with `struct` or `enum` before it.
_LOCALS = frozenset("in out from m names each name value bit text bytes options payload".split())


def place_of(member: str) -> str:
    """The variable that says where a member was written. Two underscores in a row are the compiler's."""
    return spelling.safe(member + ("at_" if member.endswith("_") else "_at"))


# ---------------------------------------------------------------------------------------------------------------------
# C++


@dataclass(frozen=True)
class FieldView:
    field: Field
    index: int             # among the message's fields, in schema order
    name: str              # C++ member; of a oneof's member: the alternative's struct
    cpp: str               # its type; of a oneof's member: of the alternative's `value`
    init: str              # " = 0" or "{}"
    clear: str             # what makes it the default again, as a statement without its object: "m.id = 0"
    key: str               # C++ literal of the JSON name as it is written: "\"id\":"
    limits: str            # "" or ", {.max_len = 5}"
    null_is_value: bool    # JSON null is a value of it
    is_inline: bool        # lies in the FlatBuffers table itself
    is_written: bool       # false for a NullValue, which has nothing to say
    width: int             # of its slot
    variant: str = ""      # of a oneof's member: the C++ member that holds the variant
    alternative: str = ""  # likewise: "Post::text"

    @property
    def id(self) -> int:
        return self.field.fbs_id

    @property
    def ref(self) -> str:
        """The alternative's type inside itself, where its only member may have the same name."""
        return "struct value" if self.name == "value" else self.name

    @property
    def json_name(self) -> str:
        return self.field.json_name

    @property
    def sensitive(self) -> str:
        return "sensitive_" if self.field.sensitive else ""

    @property
    def in_oneof(self) -> bool:
        return self.variant != ""

    @property
    def comment(self) -> Tuple[str, ...]:
        return self.field.comment


@dataclass(frozen=True)
class OneofView:
    oneof: Oneof
    name: str
    alternatives: Tuple[FieldView, ...]

    @property
    def id(self) -> int:
        return self.oneof.fbs_id

    @property
    def variant(self) -> str:
        return "std::variant<std::monostate, %s>" % ", ".join(a.name for a in self.alternatives)

    @property
    def numbered(self) -> Tuple[Tuple[int, FieldView], ...]:
        """(number in the union, alternative), those that still exist."""
        by_name = {a.field.name: a for a in self.alternatives}
        return tuple((i + 1, by_name[f.name]) for i, f in enumerate(self.oneof.fbs_members) if f is not None)


@dataclass(frozen=True)
class MemberView:
    """Of a struct, in order: one of the two."""

    field: Optional[FieldView]
    oneof: Optional[OneofView]


@dataclass(frozen=True)
class AddView:
    """One statement between begin_table and end_table."""

    text: str
    width: int


@dataclass(frozen=True)
class MessageView:
    message: Message
    fields: Tuple[FieldView, ...]    # schema order, members of oneofs included
    oneofs: Tuple[OneofView, ...]
    members: Tuple[MemberView, ...]
    is_late: bool                    # holds itself or what is defined further down: == is defined in the codec's source

    @property
    def name(self) -> str:
        return self.message.cpp_name

    @property
    def ref(self) -> str:
        """The type where a parameter or a member may have the same name."""
        hidden = self.name in _LOCALS or self.name in self._member_names
        return "struct " + self.name if hidden else self.name

    @property
    def other(self) -> str:
        """A parameter's name that nothing in the struct has."""
        taken = self._member_names | {f.name for f in self.fields} | {a.name for a in self.message.aliases}
        return next(n for n in ("other", "that", "right_hand_side") if n not in taken)

    @property
    def _member_names(self) -> Set[str]:
        return {m.field.name if m.field else m.oneof.name for m in self.members}

    @property
    def plain(self) -> Tuple[FieldView, ...]:
        return tuple(f for f in self.fields if not f.in_oneof)

    @property
    def objects(self) -> Tuple[FieldView, ...]:
        """Written before the table that refers to them."""
        return tuple(f for f in self.plain if not f.is_inline and f.is_written)

    @property
    def adds(self) -> Tuple[str, ...]:
        """What fills the table, widest first: that leaves the least padding."""
        adds = [AddView("parley::flat::add_member(out, %d, m.%s)" % (f.id, f.name), f.width)
                if f.is_inline else AddView("out.add(%d, %s)" % (f.id, place_of(f.name)), binary.OFFSET) for f in self.plain if f.is_written]
        for o in self.oneofs:
            adds.append(AddView("out.add(%d, %s.value)" % (o.id, place_of(o.name)), binary.OFFSET))
            adds.append(AddView("out.add(%d, %s.number)" % (o.id - 1, place_of(o.name)), 1))
        return tuple(a.text for a in sorted(adds, key=lambda a: -a.width))

    @property
    def equal(self) -> str:
        """The body of == where it cannot be defaulted."""
        return " && ".join("%s == %s.%s" % (n, self.other, n) for n in (m.field.name if m.field else m.oneof.name for m in self.members)) or "true"


def _value_cpp(field: Field) -> str:
    """One value of the field, without what its label puts around it."""
    return field.type.cpp


def _init(scalar: str) -> str:
    return "{}" if scalar in ("string", "bytes") else " = false" if scalar == "bool" else " = 0"


def _limits(field: Field) -> str:
    parts = []
    if field.max_len:
        parts.append(".max_len = %d" % field.max_len)
    if field.max_count:
        parts.append(".max_count = %d" % field.max_count)
    return ", {%s}" % ", ".join(parts) if parts else ""


def _key(field: Field) -> str:
    return spelling.literal(json.dumps(field.json_name, ensure_ascii=False) + ":")


def _cpp(field: Field, late: bool) -> Tuple[str, str, str]:
    """C++ type, initialiser, what clears it (after "m.name")."""
    value = _value_cpp(field)
    if field.label == "rep":
        return ("parley::late_vector<%s>" if late else "std::vector<%s>") % value, "{}", ".clear()"
    if field.label == "map":
        return "std::map<%s, %s>" % (field.key.cpp, value), "{}", ".clear()"
    if field.type.name == well_known.NULL_VALUE and field.label == "one":
        return value, "{}", " = {}"
    if field.boxed:
        return "parley::box<%s>" % value, "{}", ".reset()"
    if field.label == "opt" or field.type.is_message or field.type.is_wkt:
        return "std::optional<%s>" % value, "{}", ".reset()"
    if field.type.is_enum:
        return value, "{}", " = {}"
    init = _init(field.type.name)
    return value, init, ".clear()" if init == "{}" else init


def _field_view(field: Field, index: int, message: Message, oneof: Optional[Oneof], later: FrozenSet[str]) -> FieldView:
    common = dict(
        field=field, index=index, name=field.cpp_name, key=_key(field), limits=_limits(field),
        null_is_value=field.label in ("one", "opt") and field.type.name in _NULL_IS_VALUE,
        is_written=not (field.label == "one" and field.type.name == well_known.NULL_VALUE and not oneof))
    if oneof:
        value = _value_cpp(field)
        cpp, init = ("parley::box<%s>" % value, "{}") if field.boxed else (value, "{}")
        if field.type.scalar:
            init = _init(field.type.scalar)
        return FieldView(cpp=cpp, init=init, clear="", is_inline=False, width=binary.OFFSET, variant=oneof.cpp_name,
                         alternative="%s::%s" % (message.cpp_name, field.cpp_name), **common)
    cpp, init, clear = _cpp(field, field.label == "rep" and field.type.name in later)
    return FieldView(cpp=cpp, init=init, clear="m.%s%s" % (field.cpp_name, clear), is_inline=binary.lies_in_table(field),
                     width=binary.width(field), **common)


def _message_view(message: Message, later: FrozenSet[str]) -> MessageView:
    oneofs = {o.index: o for o in message.oneofs}
    fields = tuple(_field_view(f, i, message, oneofs.get(f.oneof_index), later) for i, f in enumerate(message.fields))
    by_name = {f.field.name: f for f in fields}
    oneof_views = tuple(OneofView(o, o.cpp_name, tuple(by_name[f.name] for f in o.fields)) for o in message.oneofs)
    members = tuple(
        MemberView(by_name[m.field.name], None) if m.field else MemberView(None, oneof_views[m.oneof.index]) for m in message.members)
    # A defaulted == makes compilers look into the types of all members while they are still incomplete.
    late = any(f.type.is_message and f.type.name in later | {message.full_name} for f in message.fields)
    return MessageView(message, fields, oneof_views, members, late)


@dataclass(frozen=True)
class EnumValueView:
    value: EnumValue
    name: str              # the enumerator

    @property
    def number(self) -> int:
        return self.value.number

    @property
    def schema_name(self) -> str:
        return self.value.name

    @property
    def comment(self) -> Tuple[str, ...]:
        return self.value.comment


@dataclass(frozen=True)
class EnumView:
    enum: Enum
    name: str
    values: Tuple[EnumValueView, ...]

    @property
    def ref(self) -> str:
        """The type where a parameter may have the same name."""
        return "enum " + self.name if self.name in _LOCALS else self.name

    @property
    def flags(self) -> bool:
        return self.enum.flags

    @property
    def comment(self) -> Tuple[str, ...]:
        return self.enum.comment

    @property
    def distinct_values(self) -> Tuple[EnumValueView, ...]:
        return tuple(v for v in self.values if not v.value.alias)


def enum_view(enum: Enum, scope: Scope) -> EnumView:
    return EnumView(enum, scope.name(enum), tuple(EnumValueView(v, scope.value(enum, v)) for v in enum.values))


def message_views(messages: Sequence[Message]) -> Tuple[MessageView, ...]:
    """In their order, which is that of their definitions."""
    views: List[MessageView] = []
    later: Set[str] = {m.full_name for m in messages}
    for message in messages:
        later.discard(message.full_name)
        views.append(_message_view(message, frozenset(later)))
    return tuple(views)
