"""The data of a file for the .fbs: each message as a FlatBuffers table, and the tables and unions that maps and oneofs need.

The mapping is that of runtime/parley/wire/flat_values.hpp and schema/parley/wkt.fbs. Change them together. Names are only for readers of
the .fbs, because the bytes contain ids only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Iterable, Mapping, Set, Tuple

from ... import binary, well_known
from ...model import Field, File, Message, Schema, Type

_SCALARS: Dict[str, str] = {
    "double": "double", "float": "float", "int32": "int", "sint32": "int", "sfixed32": "int", "uint32": "uint", "fixed32": "uint",
    "int64": "long", "sint64": "long", "sfixed64": "long", "uint64": "ulong", "fixed64": "ulong", "bool": "bool", "string": "string",
    "bytes": "[ubyte]",
}
# The tables in parley/wkt.fbs of well-known types that are not wrappers.
_WKT_TABLES: Dict[str, str] = {
    well_known.TIMESTAMP: "Timestamp",
    well_known.DURATION: "Duration",
    well_known.VALUE: "Value",
    well_known.STRUCT: "Struct",
    well_known.LIST_VALUE: "ListValue",
    well_known.NULL_VALUE: "Empty",
    well_known.FIELD_MASK: "FieldMask",
    well_known.ANY: "Any",
    well_known.EMPTY: "Empty",
}
_WKT_NAMESPACE = "parley.fbs"

# Words that flatc reads as types or declarations where it expects a name.
_WORDS = frozenset(
    """
    bool byte ubyte short ushort int uint long ulong float double int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64
    string table struct enum union namespace root_type include attribute rpc_service file_extension file_identifier native_include
    true false null nan inf infinity pi
    """.split()
)


@dataclass(frozen=True)
class FbsField:
    text: str                       # "id:long (id: 0);"
    comment: Tuple[str, ...] = ()


@dataclass(frozen=True)
class FbsTable:
    name: str
    fields: Tuple[FbsField, ...]
    comment: Tuple[str, ...] = ()


@dataclass(frozen=True)
class FbsUnion:
    name: str
    members: Tuple[str, ...]


def table_name(message: Message) -> str:
    """The name of the message in the schema. Other files refer to it, so it depends on the message alone."""
    return _safe(message.flat_name)


def _safe(name: str) -> str:
    return name + "_" if name in _WORDS else name


def _free(name: str, taken: Set[str]) -> str:
    """The name, with underscores appended as long as it is taken."""
    name = _safe(name)
    while name in taken:
        name += "_"
    return name


def namespace_of(package: str) -> str:
    """A namespace inside that of the package, so that one program can contain the code of flatc and of Parley."""
    return package + ".fbs" if package else "fbs"


class FbsView:
    """One file. Messages always have their own names. The names for maps, oneofs and fields avoid all names of the file, and those
    that flatc sees in the files that it includes."""

    def __init__(self, file: File, messages: Mapping[str, Message], others: Mapping[str, "FbsView"]):
        self.file = file
        self._messages = messages      # of all files, by full name
        used = {f.type.file for m in file.messages for f in m.fields if f.type.is_message}
        # Lint refuses types of files that are not loaded, and creates views too.
        self._included = [others[i.path] for i in file.imports if i.path in used and i.path in others]
        self.below: Dict[str, FbsView] = {}  # its includes, at any depth
        for view in self._included:
            self.below.update({view.path: view, **view.below})
        self.own: Set[str] = {table_name(m) for m in file.messages}
        self.made: Set[str] = set()
        self._taken = set(self.own)
        for view in self.below.values():
            if (self.namespace + ".").startswith(view.namespace + "."):  # flatc also searches the enclosing namespaces
                self._taken |= view._taken
        self._entries: Dict[Tuple[str, str], str] = {}              # (message, map field) -> the table of its entries
        self._unions: Dict[Tuple[str, str], FbsUnion] = {}          # (message, oneof)
        for m in file.messages:
            for f in m.fields:
                if f.is_map:
                    self._entries[m.full_name, f.name] = self._take(_entry_name(m, f))
            for o in m.oneofs:
                name = self._take("%s_oneof_%s" % (table_name(m), o.name))
                places = o.fbs_members or o.fields  # before the lock is read there are no removed members
                members = tuple(self._take("%s_%s" % (name, f.name if f else "gone_%d" % (i + 1))) for i, f in enumerate(places))
                self._unions[m.full_name, o.name] = FbsUnion(name, members)

    def _take(self, name: str) -> str:
        name = _free(name, self._taken)
        self._taken.add(name)
        self.made.add(name)
        return name

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def namespace(self) -> str:
        return namespace_of(self.file.package)

    @property
    def includes(self) -> Tuple[str, ...]:
        includes = sorted(view.file.stem + ".fbs" for view in self._included)
        if any(_WKT_NAMESPACE + "." in f.text for t in self.tables for f in t.fields):
            includes.append("parley/wkt.fbs")
        return tuple(includes)

    @property
    def tables(self) -> Tuple[FbsTable, ...]:
        return tuple(t for m in self.file.messages for t in self._tables(m))

    @property
    def unions(self) -> Tuple[FbsUnion, ...]:
        return tuple(self._unions.values())

    # --- tables ---
    def _tables(self, message: Message) -> Iterable[FbsTable]:
        for f in message.fields:
            if f.key is not None:
                yield FbsTable(self._entries[message.full_name, f.name], (
                    FbsField("%s:%s (id: 0, key);" % (_free("key", self._taken), self._value(f.key))),
                    FbsField("%s:%s (id: 1);" % (_free("value", self._taken), self._value(f.type)))))
        for o in message.oneofs:
            for name, member in zip(self._unions[message.full_name, o.name].members, o.fbs_members):
                value = "%s:%s (id: 0);" % (_free("value", self._taken), self._value(member.type)) if member else ""
                yield FbsTable(name, (FbsField(value),) if member else ())
        yield FbsTable(table_name(message), tuple(self._fields(message)), message.comment)

    def _fields(self, message: Message) -> Iterable[FbsField]:
        # flatc refuses a field with the name of a table, and gives each union a field `<name>_type`. The older id keeps its name. Ids of
        # removed fields get a remaining one.
        taken = set(self._taken)
        called: Dict[int, str] = {}
        for slot in sorted(message.fbs_slots, key=lambda s: (s.is_gone, s.id)):
            name = slot.field.name if slot.field else slot.oneof.name if slot.oneof else "gone_%d" % slot.id
            name = _free(name, taken)
            while slot.oneof and name + "_type" in taken:
                name = _free(name + "_", taken)
            called[slot.id] = name
            taken |= {name, name + "_type"} if slot.oneof else {name}
        for slot in message.fbs_slots:
            if slot.field:
                yield FbsField("%s:%s (id: %d);" % (called[slot.id], self._type(message, slot.field), slot.id), slot.field.comment)
            elif slot.oneof:
                union = self._unions[message.full_name, slot.oneof.name].name
                yield FbsField("%s:%s (id: %d);" % (called[slot.id], union, slot.id), slot.oneof.comment)
            else:
                yield FbsField("%s:ubyte (id: %d, deprecated);" % (called[slot.id], slot.id))

    def _type(self, message: Message, field: Field) -> str:
        if field.is_map:
            return "[%s]" % self._entries[message.full_name, field.name]
        if field.is_repeated:
            # FlatBuffers has no lists of lists.
            return "[%s.BytesItem]" % _WKT_NAMESPACE if field.type.scalar == "bytes" else "[%s]" % self._value(field.type)
        optional = binary.is_inline(field.type) and (field.is_optional or field.type.is_wkt)
        return self._value(field.type) + (" = null" if optional else "")

    def _value(self, type_: Type) -> str:
        """The type of a single value in a table."""
        if type_.scalar:
            return _SCALARS[type_.scalar]
        if type_.is_enum:
            return "int"
        if type_.is_wkt:
            return _WKT_NAMESPACE + "." + _WKT_TABLES[type_.name]
        return self._reference(type_)

    def _reference(self, type_: Type) -> str:
        message = self._messages[type_.name]
        home = message.package == self.file.package
        return table_name(message) if home else namespace_of(message.package) + "." + table_name(message)


def _entry_name(message: Message, field: Field) -> str:
    """The name of the entry, as in protobuf."""
    camel = "".join(part[:1].upper() + part[1:] for part in field.name.split("_"))
    return table_name(message) + "_" + camel + "Entry"


def views(schema: Schema) -> Callable[[File], FbsView]:
    made: Dict[str, FbsView] = {}
    for file in schema.files:  # imported before importing
        made[file.path] = FbsView(file, schema.messages, made)
    return lambda file: made[file.path]
