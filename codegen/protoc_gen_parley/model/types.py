"""Options, types, messages and enums."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Tuple

from ..well_known import WRAPPERS

# The rules that `// parley:ignore RULE` comments name, all of them warnings.
Ignores = Tuple[str, ...]


@dataclass(frozen=True)
class Options:
    """One Parley option statement as plain values: messages are Options, enums are numbers, absent members are absent."""

    values: Mapping[str, Any] = field(default_factory=dict)
    present: bool = False  # written in the schema, even if empty
    line: int = 0          # of the statement

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self.values


@dataclass(frozen=True)
class Type:
    """A type where it is used."""

    kind: str           # "scalar", "enum", "message", "wkt"
    name: str           # scalar: the proto word ("double"); else the full proto name without a leading dot
    file: str = ""      # enum, message: path of the .proto that defines it

    @property
    def is_scalar(self) -> bool:
        return self.kind == "scalar"

    @property
    def scalar(self) -> str:
        """The scalar type of a value: "double" for google.protobuf.DoubleValue as well. Empty if it is not a scalar."""
        return self.name if self.kind == "scalar" else WRAPPERS.get(self.name, "")

    @property
    def is_enum(self) -> bool:
        return self.kind == "enum"

    @property
    def is_message(self) -> bool:
        return self.kind == "message"

    @property
    def is_wkt(self) -> bool:
        """One of google.protobuf's well-known types, including NullValue. Every language has its own value for it."""
        return self.kind == "wkt"


@dataclass(frozen=True)
class Field:
    name: str
    json_name: str
    number: int
    type: Type                       # of one element if repeated, of the value if a map
    label: str                       # "one", "opt" (written `optional`), "rep", "map"; members of a oneof are "one"
    key: Optional[Type] = None       # map only, a scalar
    oneof: str = ""                  # proto name of the oneof, unless it is synthetic
    oneof_index: int = -1            # its index among the message's real oneofs
    in_cycle: bool = False           # singular, and its message can contain itself through it
    nests: bool = False              # its type can contain values of any depth
    max_len: int = 0                 # bytes, 0: none
    max_count: int = 0               # elements, 0: none
    sensitive: bool = False
    routes: bool = False
    deprecated: bool = False
    comment: Tuple[str, ...] = ()    # the schema's, leading and trailing, without "//"
    line: int = 0
    options: Options = Options()
    ignores: Ignores = ()
    fbs_id: int = -1                 # id of its slot in the table; for a member of a oneof, its ordinal in the union, from 1

    @property
    def is_map(self) -> bool:
        return self.label == "map"

    @property
    def is_repeated(self) -> bool:
        return self.label == "rep"

    @property
    def is_optional(self) -> bool:
        return self.label == "opt"

    @property
    def in_oneof(self) -> bool:
        return self.oneof_index >= 0


@dataclass(frozen=True)
class Oneof:
    name: str
    index: int
    fields: Tuple[Field, ...]
    comment: Tuple[str, ...] = ()
    line: int = 0
    fbs_id: int = -1                 # id of the union's value; its type has fbs_id - 1
    # The union's members by ordinal. fbs_members[0] has ordinal 1. None: a removed member, which keeps its ordinal.
    fbs_members: Tuple[Optional[Field], ...] = ()


@dataclass(frozen=True)
class FbsSlot:
    """One id of a FlatBuffers table. Ids are contiguous from 0. A oneof takes two ids, and only the second has a slot."""

    id: int
    field: Optional[Field] = None    # neither field nor oneof: a removed field, to be declared `deprecated`
    oneof: Optional[Oneof] = None

    @property
    def is_gone(self) -> bool:
        return self.field is None and self.oneof is None


@dataclass(frozen=True)
class Member:
    """A plain field or a oneof. In schema order. A oneof has the position of its first field."""

    field: Optional[Field] = None
    oneof: Optional[Oneof] = None


def _flat(full_name: str, package: str) -> str:
    return full_name[len(package) + 1 if package else 0:].replace(".", "_")


@dataclass(frozen=True)
class Message:
    name: str
    full_name: str                   # "lobby.v1.Post.Inner"
    package: str
    file: str                        # path of the .proto
    fields: Tuple[Field, ...]        # in schema order, including members of oneofs
    oneofs: Tuple[Oneof, ...]
    members: Tuple[Member, ...]      # plain fields and oneofs, in order
    nested: Tuple[str, ...] = ()     # full names of the messages and enums inside it
    comment: Tuple[str, ...] = ()
    line: int = 0
    options: Options = Options()     # (parley.group)
    ignores: Ignores = ()
    reserved_numbers: Tuple[Tuple[int, int], ...] = ()  # first, one past the last
    reserved_names: Tuple[str, ...] = ()
    fbs_slots: Tuple[FbsSlot, ...] = ()  # ascending ids
    nests: bool = False              # contains itself, or a type that can contain values of any depth

    @property
    def flat_name(self) -> str:
        """"Post_Inner" for Post.Inner: the name for places that cannot nest types."""
        return _flat(self.full_name, self.package)

    @property
    def fields_by_number(self) -> Tuple[Field, ...]:
        return tuple(sorted(self.fields, key=lambda f: f.number))

    @property
    def plain_fields(self) -> Tuple[Field, ...]:
        """The fields outside oneofs, in schema order."""
        return tuple(f for f in self.fields if not f.in_oneof)


@dataclass(frozen=True)
class EnumValue:
    name: str
    number: int
    alias: bool = False              # an earlier value has the same number
    comment: Tuple[str, ...] = ()
    line: int = 0
    options: Options = Options()     # (parley.route)
    ignores: Ignores = ()
    targets: Tuple[str, ...] = ()    # its targets: words of TARGETS
    only: bool = False


@dataclass(frozen=True)
class Enum:
    name: str
    full_name: str
    package: str
    file: str
    values: Tuple[EnumValue, ...]
    flags: bool = False
    comment: Tuple[str, ...] = ()
    line: int = 0
    options: Options = Options()
    ignores: Ignores = ()
    reserved_numbers: Tuple[Tuple[int, int], ...] = ()  # first, last (an enum's ranges include their end)
    reserved_names: Tuple[str, ...] = ()

    @property
    def flat_name(self) -> str:
        """"Post_Inner" for Post.Inner: the name for places that cannot nest types."""
        return _flat(self.full_name, self.package)

    @property
    def distinct_values(self) -> Tuple[EnumValue, ...]:
        """The first value of each number, which is the one that is printed."""
        return tuple(v for v in self.values if not v.alias)
