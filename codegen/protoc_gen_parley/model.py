"""What lint rules and backends see of a schema: plain frozen values that know neither protobuf nor a language to generate.

`load` makes these, `lock` fills in the ids that must outlive one run (FlatBuffers ids, fingerprints), and each backend makes its own view
of them, with names as its language spells them.

Names are the schema's. Strings that are not identifiers (wire names, JSON names, comments) are raw: they go into generated code as
literals and comments of its language, never as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Container, Mapping, Optional, Tuple

from .well_known import WRAPPERS

# The words of Target.Value by number.
TARGETS = {1: "server", 2: "sender", 3: "all", 4: "others", 5: "client", 6: "user", 7: "group", 8: "group_others"}
SIDES = {1: "client", 2: "server", 3: "either"}


# Where a `// parley:ignore RULE` stands; rules of warnings only.
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
        """The scalar word that a value of it is: "double" also of google.protobuf.DoubleValue; empty: none."""
        return self.name if self.kind == "scalar" else WRAPPERS.get(self.name, "")

    @property
    def is_enum(self) -> bool:
        return self.kind == "enum"

    @property
    def is_message(self) -> bool:
        return self.kind == "message"

    @property
    def is_wkt(self) -> bool:
        """One of google.protobuf's well-known types (NullValue too): every language has a value of its own for it."""
        return self.kind == "wkt"


@dataclass(frozen=True)
class Field:
    name: str
    json_name: str
    number: int
    type: Type                       # of one element if repeated, of the value if a map
    label: str                       # "one", "opt" (written `optional`), "rep", "map"; members of a oneof are "one"
    key: Optional[Type] = None       # map only, a scalar
    oneof: str = ""                  # proto name of the oneof, synthetic ones excepted
    oneof_index: int = -1            # its index among the message's real oneofs
    in_cycle: bool = False           # singular, and through it its message can contain itself
    max_len: int = 0                 # bytes, 0: none
    max_count: int = 0               # elements, 0: none
    sensitive: bool = False
    routes: bool = False
    deprecated: bool = False
    comment: Tuple[str, ...] = ()    # the schema's, leading and trailing, without "//"
    line: int = 0
    options: Options = Options()
    ignores: Ignores = ()
    fbs_id: int = -1                 # id of its slot in the table; a oneof's member: its ordinal in the union, from 1

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
    # The union's members by ordinal: fbs_members[0] has ordinal 1. None: a member that is gone and keeps its place.
    fbs_members: Tuple[Optional[Field], ...] = ()


@dataclass(frozen=True)
class FbsSlot:
    """One id of a FlatBuffers table. Ids are contiguous from 0; a oneof takes two, of which only the second has a slot."""

    id: int
    field: Optional[Field] = None    # neither field nor oneof: a field that is gone, to be declared `deprecated`
    oneof: Optional[Oneof] = None

    @property
    def is_gone(self) -> bool:
        return self.field is None and self.oneof is None


@dataclass(frozen=True)
class Member:
    """A plain field or a oneof. In schema order, a oneof where its first field stands."""

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
    fields: Tuple[Field, ...]        # by schema order, members of oneofs included
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

    @property
    def flat_name(self) -> str:
        """"Post_Inner" for Post.Inner: the name where nested types cannot stand inside others."""
        return _flat(self.full_name, self.package)

    @property
    def fields_by_number(self) -> Tuple[Field, ...]:
        return tuple(sorted(self.fields, key=lambda f: f.number))

    @property
    def plain_fields(self) -> Tuple[Field, ...]:
        """Fields outside oneofs, in schema order."""
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
    targets: Tuple[str, ...] = ()    # what it selects: words of TARGETS
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
        """"Post_Inner" for Post.Inner: the name where nested types cannot stand inside others."""
        return _flat(self.full_name, self.package)

    @property
    def distinct_values(self) -> Tuple[EnumValue, ...]:
        """One value per number, the first that has it: the one that is printed."""
        return tuple(v for v in self.values if not v.alias)


@dataclass(frozen=True)
class RoutePath:
    """A field with `routes` below a payload, and the fields to go through."""

    path: Tuple[Field, ...]
    field: Field

    @property
    def name(self) -> str:
        return ".".join(f.name for f in self.path + (self.field,))


@dataclass(frozen=True)
class Routing:
    """How a payload names its receivers."""

    path: Tuple[Field, ...]          # messages to go through; a missing one counts as its default value, so as number 0
    field: Field                     # the enum field
    enum: Enum
    # For a plain enum: exactly the value's targets. For flags: the zero value's targets plus those of each bit that is set; of the set
    # bits with `only` the lowest one alone decides.
    zero: Tuple[str, ...]            # words of TARGETS
    values: Tuple[EnumValue, ...]    # distinct, without zero, ascending by number
    only_values: Tuple[EnumValue, ...]


@dataclass(frozen=True)
class Targets:
    """Whom a stub's event can go to, where the payload does not say it."""

    words: Tuple[str, ...]           # of TARGETS: ("others", "all", "client")
    option: str                      # "(parley.event).to" or "(parley.event).server_to"
    by_server: bool

    @property
    def has_default(self) -> bool:
        """The first needs no name. A server's OTHERS and SENDER name the client they speak of."""
        return self.words[0] in ("server", "all") or not self.by_server and self.words[0] in ("sender", "others")


@dataclass(frozen=True)
class Method:
    name: str                        # "AreYouReady"
    wire_name: str                   # raw
    is_event: bool
    side: str                        # who sends or asks: "client", "server", "either"
    request: Type
    response: Type                   # of an event: Empty
    client_streaming: bool
    server_streaming: bool
    to: Tuple[str, ...]              # words of TARGETS as declared
    server_to: Tuple[str, ...]
    reply: str = ""                  # raw
    body_message: bool = False
    max_bytes: int = 0
    deadline_ms: int = 0
    errors: str = ""                 # as written
    errors_type: Optional[Type] = None  # the enum that it names
    idempotency: int = 0             # MethodOptions.IdempotencyLevel
    routing: Optional[Routing] = None
    routes: Tuple[RoutePath, ...] = ()  # what `routing` was made from; lint allows one
    comment: Tuple[str, ...] = ()
    line: int = 0
    event: Options = Options()
    call: Options = Options()
    ignores: Ignores = ()
    client_target: Optional[Targets] = None   # what a client's stub takes
    server_target: Optional[Targets] = None   # what a server's stub takes
    id: int = 0
    fingerprint: int = 0
    accepted: Tuple[int, ...] = ()   # fingerprints of earlier, compatible shapes

    @property
    def options(self) -> Options:
        """The one of the two that speaks for the method."""
        return self.event if self.event.present else self.call

    @property
    def streams(self) -> bool:
        return self.client_streaming or self.server_streaming

    @property
    def repeatable(self) -> bool:
        """A call that does no harm when it runs twice: NO_SIDE_EFFECTS or IDEMPOTENT, or with `once`."""
        return not self.is_event and (self.idempotency in (1, 2) or "once" in self.call)

    # --- who has what ---
    @property
    def from_client(self) -> bool:
        return self.side in ("client", "either")

    @property
    def from_server(self) -> bool:
        return self.side in ("server", "either")

    @property
    def server_targets(self) -> Tuple[str, ...]:
        """Who may be reached when the server sends or asks."""
        if not self.from_server:
            return ()
        if self.side == "server":
            return self.to if self.to or self.is_event else ("client",)
        return self.server_to if self.server_to or self.is_event else ("client",)

    @property
    def client_targets(self) -> Tuple[str, ...]:
        """Who may be reached when a client sends."""
        return self.to if self.from_client and self.is_event else ()

    @property
    def client_hears(self) -> bool:
        """An event that reaches clients, or a call that they answer."""
        if not self.is_event:
            return self.from_server
        return self.from_server or any(t != "server" for t in self.client_targets)

    @property
    def server_only(self) -> bool:
        """An event that a client sends to the server alone: its handler has nothing to pass on."""
        return self.is_event and self.from_client and set(self.client_targets) == {"server"}


@dataclass(frozen=True)
class Service:
    name: str                        # "Lobby"
    full_name: str                   # "lobby.v1.Lobby"
    methods: Tuple[Method, ...]
    prefix: str                      # raw, before method names on the wire
    relay_unknown: bool = False
    comment: Tuple[str, ...] = ()
    line: int = 0
    options: Options = Options()
    ignores: Ignores = ()


@dataclass(frozen=True)
class Import:
    """Another generated file whose types this one uses (directly or through `import public`)."""

    path: str                        # "other/v1/thing.proto"
    stem: str                        # "other/v1/thing": what its outputs' names begin with


@dataclass(frozen=True)
class File:
    path: str                        # "lobby/v1/lobby.proto"
    stem: str                        # "lobby/v1/lobby"
    package: str
    messages: Tuple[Message, ...]    # nested ones included; what a message holds by value comes before it
    enums: Tuple[Enum, ...]          # nested ones included
    services: Tuple[Service, ...]
    imports: Tuple[Import, ...]      # sorted by path
    comment: Tuple[str, ...] = ()    # at the top of the file, above `syntax`
    line: int = 1
    options: Options = Options()
    ignores: Ignores = ()
    dependencies: Tuple[str, ...] = ()  # paths as imported, all of them
    generate: bool = True            # asked for in this run

    @property
    def name(self) -> str:
        """"lobby": the stem without its folders."""
        return self.stem.rsplit("/", 1)[-1]


def resolve(name: str, scope: str, *known: Container[str]) -> str:
    """The full name of the type that `name` means inside `scope`, as protoc resolves a field's type; empty: none of those known."""
    if name.startswith("."):
        return name[1:] if any(name[1:] in types for types in known) else ""
    while True:
        full = scope + "." + name if scope else name
        if any(full in types for types in known):
            return full
        if not scope:
            return ""
        scope = scope.rpartition(".")[0]


@dataclass(frozen=True)
class Schema:
    """Everything one run knows: the files to generate and all that they import."""

    files: Tuple[File, ...]          # in protoc's order: imported before importing
    messages: Mapping[str, Message] = field(default_factory=dict)  # by full name, of all files
    enums: Mapping[str, Enum] = field(default_factory=dict)

    def resolve(self, name: str, scope: str) -> str:
        """The full name of the message or enum that `name` means inside `scope`, as protoc resolves a field's type; empty: none."""
        return resolve(name, scope, self.messages, self.enums)

    @property
    def generated(self) -> Tuple[File, ...]:
        return tuple(f for f in self.files if f.generate)
