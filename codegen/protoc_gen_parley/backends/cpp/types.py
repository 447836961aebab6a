"""The data of messages and enums for types.hpp, codec.hpp and codec.cpp: C++ and JSON names, and places in the binary form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import FrozenSet, List, Optional, Sequence, Set, Tuple

from ... import binary, well_known
from ...model import Enum, EnumValue, Field, File, Message, Oneof
from . import spelling
from .scope import Scope, namespace_of

_NULL_IS_VALUE = (well_known.VALUE, well_known.NULL_VALUE)

# Names of parameters and variables in codec.cpp. A type with such a name is written with `struct` or `enum` before it.
_LOCALS = frozenset("in out from m names each name value bit text bytes options payload level".split())


def place_of(member: str) -> str:
    """The variable with the position of a written member. Two adjacent underscores are reserved for the compiler."""
    return spelling.safe(member + ("at_" if member.endswith("_") else "_at"))


@dataclass(frozen=True)
class FieldView:
    field: Field
    index: int             # among the message's fields, in schema order
    name: str              # C++ member; of a oneof's member: the alternative's struct
    cpp: str               # its type; of a oneof's member: of the alternative's `value`
    init: str              # " = 0" or "{}"
    clear: str             # the statement that restores the default: "m.id = 0"
    is_inline: bool        # stored in the FlatBuffers table itself
    is_written: bool       # false for a NullValue, which carries no information
    width: int             # of its slot
    variant: str = ""      # of a oneof's member: the C++ member that holds the variant
    alternative: str = ""  # likewise: "Post::text"

    @property
    def id(self) -> int:
        return self.field.fbs_id

    @property
    def ref(self) -> str:
        """The alternative's type inside the alternative, where its only member may have the same name."""
        return "struct value" if self.name == "value" else self.name

    @property
    def schema_name(self) -> str:
        return self.field.name

    @property
    def json_name(self) -> str:
        return self.field.json_name

    @property
    def key(self) -> str:
        """The C++ literal of the written JSON name: "\\"id\\":"."""
        return spelling.literal(json.dumps(self.field.json_name, ensure_ascii=False) + ":")

    @property
    def null_is_value(self) -> bool:
        """Whether JSON null is a value of the type."""
        return self.field.label in ("one", "opt") and self.field.type.name in _NULL_IS_VALUE

    @property
    def limits(self) -> str:
        """"" or ", {.max_len = 5}"."""
        parts = []
        if self.field.max_len:
            parts.append(".max_len = %d" % self.field.max_len)
        if self.field.max_count:
            parts.append(".max_count = %d" % self.field.max_count)
        return ", {%s}" % ", ".join(parts) if parts else ""

    @property
    def adds_levels(self) -> bool:
        """Whether its value is nested deeper than its message and has a type that does not count its own levels."""
        type_ = self.field.type
        composite = self.field.label in ("rep", "map") or type_.is_message or type_.name in (well_known.ANY, well_known.EMPTY)
        return composite and not self.field.nests

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
    def comment(self) -> Tuple[str, ...]:
        return self.oneof.comment

    @property
    def variant(self) -> str:
        return "std::variant<std::monostate, %s>" % ", ".join(a.name for a in self.alternatives)

    @property
    def numbered(self) -> Tuple[Tuple[int, FieldView], ...]:
        """(number in the union, alternative) of those that still exist."""
        by_name = {a.field.name: a for a in self.alternatives}
        return tuple((i + 1, by_name[f.name]) for i, f in enumerate(self.oneof.fbs_members) if f is not None)


@dataclass(frozen=True)
class MemberView:
    """A member of a struct, in order: one of the two."""

    field: Optional[FieldView]
    oneof: Optional[OneofView]

    @property
    def name(self) -> str:
        return self.field.name if self.field else self.oneof.name if self.oneof else ""


@dataclass(frozen=True)
class Alias:
    """`using Inner = Post_Inner;` inside Post."""

    name: str
    of: str


@dataclass(frozen=True)
class AddView:
    """One statement between begin_table and end_table."""

    text: str
    width: int


@dataclass(frozen=True)
class MessageView:
    message: Message
    name: str                        # "Post_Inner"
    aliases: Tuple[Alias, ...]       # nested messages and enums
    fields: Tuple[FieldView, ...]    # schema order, members of oneofs included
    oneofs: Tuple[OneofView, ...]
    members: Tuple[MemberView, ...]
    is_late: bool                    # contains itself or a type that is defined later; == is defined in the codec's source

    @property
    def comment(self) -> Tuple[str, ...]:
        return self.message.comment

    @property
    def full_name(self) -> str:
        return self.message.full_name

    @property
    def ref(self) -> str:
        """The type where a parameter or a member may have the same name."""
        hidden = self.name in _LOCALS or self.name in self._member_names
        return "struct " + self.name if hidden else self.name

    @property
    def other(self) -> str:
        """A parameter's name that no member of the struct has."""
        taken = self._member_names | {f.name for f in self.fields} | {a.name for a in self.aliases}
        return next(n for n in ("other", "that", "right_hand_side") if n not in taken)

    @property
    def _member_names(self) -> Set[str]:
        return {m.name for m in self.members}

    @property
    def plain(self) -> Tuple[FieldView, ...]:
        return tuple(f for f in self.fields if not f.in_oneof)

    @property
    def objects(self) -> Tuple[FieldView, ...]:
        """The objects that are written before the table that refers to them."""
        return tuple(f for f in self.plain if not f.is_inline and f.is_written)

    @property
    def adds(self) -> Tuple[str, ...]:
        """The contents of the table, widest first, which leaves the least padding."""
        adds = [AddView("parley::flat::add_member(out, %d, m.%s)" % (f.id, f.name), f.width) if f.is_inline else
                AddView("out.add(%d, %s)" % (f.id, place_of(f.name)), binary.OFFSET) for f in self.plain if f.is_written]
        for o in self.oneofs:
            adds.append(AddView("out.add(%d, %s.value)" % (o.id, place_of(o.name)), binary.OFFSET))
            adds.append(AddView("out.add(%d, %s.number)" % (o.id - 1, place_of(o.name)), 1))
        return tuple(a.text for a in sorted(adds, key=lambda a: -a.width))

    @property
    def equal(self) -> str:
        """The body of == if it cannot be defaulted."""
        return " && ".join("%s == %s.%s" % (n, self.other, n) for n in (m.name for m in self.members)) or "true"


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


def _init(scalar: str) -> str:
    """The initialiser of a value. Types that are not scalars need none."""
    return "{}" if scalar in ("", "string", "bytes") else " = false" if scalar == "bool" else " = 0"


class Maker:
    """Creates the views of one file's messages."""

    def __init__(self, file: File, scope: Scope):
        self._namespace = namespace_of(file)
        self._scope = scope

    def messages(self, messages: Sequence[Message]) -> Tuple[MessageView, ...]:
        """The views in the order of definition."""
        views: List[MessageView] = []
        later: Set[str] = {m.full_name for m in messages}
        for message in messages:
            later.discard(message.full_name)
            views.append(self._message(message, frozenset(later)))
        return tuple(views)

    def enum(self, enum: Enum) -> EnumView:
        return EnumView(enum, self._scope.name(enum), tuple(EnumValueView(v, self._scope.value(enum, v)) for v in enum.values))

    def _message(self, message: Message, later: FrozenSet[str]) -> MessageView:
        aliases = tuple(Alias(name, of) for name, of in self._scope.aliases(message))
        names = [f.name for f in message.fields] + [o.name for o in message.oneofs]
        hidden = frozenset(a.name for a in aliases) | {self._scope.member(message.full_name, name) for name in names}
        oneofs = {o.index: o for o in message.oneofs}
        fields = tuple(
            self._alternative(f, i, message, oneofs[f.oneof_index], hidden) if f.in_oneof else self._field(f, i, message, hidden, later)
            for i, f in enumerate(message.fields))
        by_name = {f.field.name: f for f in fields}
        oneof_views = tuple(
            OneofView(o, self._scope.member(message.full_name, o.name), tuple(by_name[f.name] for f in o.fields)) for o in message.oneofs)
        members = tuple(
            MemberView(by_name[m.field.name] if m.field else None, oneof_views[m.oneof.index] if m.oneof else None)
            for m in message.members)
        # For a defaulted == compilers need the types of all members, which may still be incomplete.
        late = any(f.type.is_message and f.type.name in later | {message.full_name} for f in message.fields)
        return MessageView(message, self._scope.name(message), aliases, fields, oneof_views, members, late)

    def _field(self, field: Field, index: int, message: Message, hidden: FrozenSet[str], later: FrozenSet[str]) -> FieldView:
        name = self._scope.member(message.full_name, field.name)
        cpp, init, clear = self._cpp(field, hidden, field.label == "rep" and field.type.name in later)
        return FieldView(
            field=field, index=index, name=name, cpp=cpp, init=init, clear="m.%s%s" % (name, clear), is_inline=binary.lies_in_table(field),
            is_written=not (field.label == "one" and field.type.name == well_known.NULL_VALUE), width=binary.width(field))

    def _alternative(self, field: Field, index: int, message: Message, oneof: Oneof, hidden: FrozenSet[str]) -> FieldView:
        name = self._scope.member(message.full_name, field.name)
        value = self._scope.type(field.type, self._namespace, hidden | {"value"})  # the name of the member in its struct
        return FieldView(
            field=field, index=index, name=name, cpp="parley::box<%s>" % value if field.in_cycle else value, init=_init(field.type.scalar),
            clear="", is_inline=False, is_written=True, width=binary.OFFSET, variant=self._scope.member(message.full_name, oneof.name),
            alternative="%s::%s" % (self._scope.name(message), name))

    def _cpp(self, field: Field, hidden: FrozenSet[str], late: bool) -> Tuple[str, str, str]:
        """C++ type, initialiser, and the code after "m.name" that clears it."""
        value = self._scope.type(field.type, self._namespace, hidden)
        if field.label == "rep":
            return ("parley::late_vector<%s>" if late else "std::vector<%s>") % value, "{}", ".clear()"
        if field.key is not None:
            return "std::map<%s, %s>" % (self._scope.type(field.key, self._namespace), value), "{}", ".clear()"
        if field.type.name == well_known.NULL_VALUE and field.label == "one":
            return value, "{}", " = {}"
        if field.in_cycle:
            return "parley::box<%s>" % value, "{}", ".reset()"
        if field.label == "opt" or field.type.is_message or field.type.is_wkt:
            return "std::optional<%s>" % value, "{}", ".reset()"
        if field.type.is_enum:
            return value, "{}", " = {}"
        init = _init(field.type.name)
        return value, init, ".clear()" if init == "{}" else init
