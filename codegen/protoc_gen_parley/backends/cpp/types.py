"""What types.hpp, codec.hpp and codec.cpp print of a file: each schema type as C++ and JSON, and its place in the binary form.

`File | codec_view` gives a template a FileView, in which every answer is ready text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import FrozenSet, List, Optional, Set, Tuple

from ... import __version__, binary, well_known
from ...model import Enum, Field, File, Member, Message, Method, Oneof
from . import spelling

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


# ---------------------------------------------------------------------------------------------------------------------
# Routing: which receivers a payload names


@dataclass(frozen=True)
class RoutesView:
    name: str                     # of the function
    payload: str                  # C++ type
    enum: str                     # C++ type of the field
    value: str                    # expression over `m`
    flags: bool
    zero: Tuple[str, ...]         # parley::target_kind enumerators
    only: Tuple[Tuple[str, Tuple[str, ...]], ...]    # (enumerator, what it selects)
    values: Tuple[Tuple[str, Tuple[str, ...]], ...]


def _kinds(words: Tuple[str, ...]) -> Tuple[str, ...]:
    return tuple("parley::target_kind::" + word for word in words)


def _routes_view(method: Method, file: File) -> RoutesView:
    routing = method.routing
    at, conditions = "m", []
    for step in routing.path:
        at += ("->" if conditions and conditions[-1] == at else ".") + step.cpp_name
        if step.may_lack:
            conditions.append(at)
    value = at + ("->" if conditions and conditions[-1] == at else ".") + routing.field.cpp_name
    enum = spelling.reference(routing.enum.cpp_name, routing.enum.cpp_namespace, file.cpp_namespace)
    if routing.field.is_optional:
        value += ".value_or(%s{})" % enum
    if conditions:
        value = "%s ? %s : %s{}" % (" && ".join(conditions), value, enum)

    def entries(values):
        return tuple(("%s::%s" % (enum, v.cpp_name), _kinds(v.targets)) for v in values)

    plain_zero = () if routing.enum.flags else tuple(v for v in routing.enum.distinct_values if v.number == 0)
    return RoutesView(
        name=method.routes_function, payload=method.request.cpp, enum=enum, value=value, flags=routing.enum.flags,
        zero=_kinds(routing.zero), only=entries(routing.only_values),
        values=entries(v for v in plain_zero + routing.values if not (routing.enum.flags and v.only)))


# ---------------------------------------------------------------------------------------------------------------------
# Files


@dataclass(frozen=True)
class EnumView:
    enum: Enum

    @property
    def name(self) -> str:
        return self.enum.cpp_name

    @property
    def ref(self) -> str:
        """The type where a parameter may have the same name."""
        return "enum " + self.name if self.name in _LOCALS else self.name


@dataclass(frozen=True)
class FileView:
    file: File
    messages: Tuple[MessageView, ...]
    enums: Tuple[EnumView, ...]

    @property
    def std_headers(self) -> Tuple[str, ...]:
        """What types.hpp includes of the standard library."""
        headers: Set[str] = set()
        if self.messages or self.enums:
            headers.add("iosfwd")
        if self.enums:
            headers |= {"cstdint", "string_view"}
        for message in self.messages:
            if message.oneofs:
                headers.add("variant")
            for f in message.fields:
                for word, header in (("std::int", "cstdint"), ("std::uint", "cstdint"), ("std::byte", "cstddef"), ("std::string", "string"),
                                     ("std::vector", "vector"), ("std::map", "map"), ("std::optional", "optional")):
                    if word in f.cpp:
                        headers.add(header)
        return tuple(sorted(headers))

    @property
    def parley_headers(self) -> Tuple[str, ...]:
        words = " ".join(f.cpp for message in self.messages for f in message.fields)
        headers = ["box.hpp"] if "parley::box<" in words or "parley::late_vector<" in words else []
        rest = words.replace("parley::box<", "").replace("parley::late_vector<", "")
        return tuple(headers + (["wkt.hpp"] if "parley::" in rest or self._pays_with_wkt else []))

    @property
    def _pays_with_wkt(self) -> bool:
        """A method carries a well-known type that is neither a bare C++ value nor Empty, which stubs show as nothing at all."""
        payloads = [p for s in self.file.services for m in s.methods for p in (m.request, m.response)]
        return any(p.cpp.startswith("parley::") and not p.is_empty for p in payloads)

    @property
    def routes(self) -> Tuple[RoutesView, ...]:
        return tuple(_routes_view(m, self.file) for s in self.file.services for m in s.methods if m.routing)


def codec_view(file: File) -> FileView:
    views: List[MessageView] = []
    later: Set[str] = {m.full_name for m in file.messages}
    for message in file.messages:
        later.discard(message.full_name)
        views.append(_message_view(message, frozenset(later)))
    return FileView(file, tuple(views), tuple(EnumView(e) for e in file.enums))


def version_pair(file: File) -> Tuple[str, ...]:
    """The version that generated code was made for, as far as it matters."""
    return tuple(__version__.split(".")[:2])


def version_text(file: File) -> str:
    """What a compiler says when the runtime is of another version than the generator was."""
    needed = ".".join(version_pair(file))
    return ("%s was generated for Parley %s, but parley/version.hpp is of another version: generate it again with the protoc-gen-parley of "
            "that version, or install Parley %s" % (file.path, needed, needed))
