"""Services and methods: senders, receivers, and the targets of a payload or a stub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from .types import Enum, EnumValue, Field, Ignores, Options, Type

# The words of Target.Value by number.
TARGETS = {1: "server", 2: "sender", 3: "all", 4: "others", 5: "client", 6: "user", 7: "group", 8: "group_others"}
SIDES = {1: "client", 2: "server", 3: "either"}


@dataclass(frozen=True)
class RoutePath:
    """A field with `routes` in a payload, and the fields that lead to it."""

    path: Tuple[Field, ...]
    field: Field

    @property
    def name(self) -> str:
        return ".".join(f.name for f in self.path + (self.field,))


@dataclass(frozen=True)
class Routing:
    """How a payload names its receivers."""

    path: Tuple[Field, ...]          # messages on the way; an absent one counts as its default value, so as number 0
    field: Field                     # the enum field
    enum: Enum
    # A plain enum selects the targets of its value. Flags select the targets of the zero value and of each bit that is set. If bits with
    # `only` are set, the lowest of them decides alone.
    zero: Tuple[str, ...]            # words of TARGETS
    values: Tuple[EnumValue, ...]    # distinct, without zero, ascending by number
    only_values: Tuple[EnumValue, ...]


@dataclass(frozen=True)
class Targets:
    """The targets of a stub's event whose payload does not name the receivers."""

    words: Tuple[str, ...]           # of TARGETS: ("others", "all", "client")
    option: str                      # "(parley.event).to" or "(parley.event).server_to"
    by_server: bool

    @property
    def has_default(self) -> bool:
        """The first target needs no name. A server's OTHERS and SENDER name their subject."""
        return self.words[0] in ("server", "all") or not self.by_server and self.words[0] in ("sender", "others")


@dataclass(frozen=True)
class Method:
    name: str                        # "AreYouReady"
    wire_name: str                   # raw
    is_event: bool
    side: str                        # the side that sends or calls: "client", "server", "either"
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
    may_send: Tuple[str, ...] = ()   # roles of clients, each once; the method's own, else the service's
    may_receive: Tuple[str, ...] = ()
    idempotency: int = 0             # MethodOptions.IdempotencyLevel
    routing: Optional[Routing] = None
    routes: Tuple[RoutePath, ...] = ()  # the source of `routing`; lint allows one
    comment: Tuple[str, ...] = ()
    line: int = 0
    event: Options = Options()
    call: Options = Options()
    ignores: Ignores = ()
    client_target: Optional[Targets] = None   # the argument of a client's stub
    server_target: Optional[Targets] = None   # the argument of a server's stub
    id: int = 0
    fingerprint: int = 0
    accepted: Tuple[int, ...] = ()   # fingerprints of earlier, compatible shapes

    @property
    def options(self) -> Options:
        """The one of the two options that applies to the method."""
        return self.event if self.event.present else self.call

    @property
    def streams(self) -> bool:
        return self.client_streaming or self.server_streaming

    @property
    def repeatable(self) -> bool:
        """A call that may safely run twice: NO_SIDE_EFFECTS or IDEMPOTENT, or with `once`."""
        return not self.is_event and (self.idempotency in (1, 2) or "once" in self.call)

    # --- stubs and handlers ---
    @property
    def from_client(self) -> bool:
        return self.side in ("client", "either")

    @property
    def from_server(self) -> bool:
        return self.side in ("server", "either")

    @property
    def server_targets(self) -> Tuple[str, ...]:
        """The targets when the server sends or calls."""
        if not self.from_server:
            return ()
        if self.side == "server":
            return self.to if self.to or self.is_event else ("client",)
        return self.server_to if self.server_to or self.is_event else ("client",)

    @property
    def client_targets(self) -> Tuple[str, ...]:
        """The targets when a client sends."""
        return self.to if self.from_client and self.is_event else ()

    @property
    def client_hears(self) -> bool:
        """An event that reaches clients, or a call that they answer."""
        if not self.is_event:
            return self.from_server
        return self.from_server or any(t != "server" for t in self.client_targets)

    @property
    def server_only(self) -> bool:
        """An event that a client sends to the server alone, so that its handler relays nothing."""
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
