"""Services and methods -> model: wire names, payloads, who has which stub, which targets a stub takes, how a payload routes itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from . import words, well_known
from .backends.cpp import spelling as names
from .model import (SIDES, TARGETS, Enum, Field, Ignores, Message, Method, Options, Payload, RoutePath, RouteStep, Routing, Service,
                    TargetType, Type, resolve)


@dataclass(frozen=True)
class RawMethod:
    """A method as `load` found it."""

    name: str
    request: str
    response: str
    client_streaming: bool
    server_streaming: bool
    event: Options
    call: Options
    idempotency: int
    comment: Tuple[str, ...]
    ignores: Ignores
    line: int


@dataclass(frozen=True)
class RawService:
    name: str
    full_name: str
    methods: Tuple[RawMethod, ...]
    options: Options
    comment: Tuple[str, ...]
    ignores: Ignores
    line: int


# C++ tags of each target: what a client may write, what a server may. A server's OTHERS and SENDER name the client they speak of.
_CLIENT_TAGS: Dict[str, Tuple[str, ...]] = {
    "server": ("parley::to::server_t",),
    "sender": ("parley::to::sender_t",),
    "all": ("parley::to::all_t", "parley::to::set_except<parley::to::all_t>"),
    "others": ("parley::to::others_t", "parley::to::set_except<parley::to::others_t>"),
    "client": ("parley::to::client", "parley::to::clients"),
}
_SERVER_TAGS: Dict[str, Tuple[str, ...]] = {
    **_CLIENT_TAGS,
    "sender": ("parley::to::sender_of",),
    "others": ("parley::to::others_of",),
}
# Names that stub methods use for their own parameters and template parameters.
_PARAMETERS = {"to", "whom", "token", "handler", "options", "link", "link_", "call", "event"}
_OWNING_AGGREGATES = {"parley::any", "parley::field_mask", "parley::structure", "parley::list_value"}
_TEMPLATE_PARAMETERS = {"Token", "Handler", "Other"}


def target_words(numbers: Iterable[int]) -> Tuple[str, ...]:
    """Numbers that stand for nothing are left out here; lint reports them."""
    return tuple(TARGETS[n] for n in numbers if n in TARGETS)


def needs_name(word: str) -> bool:
    return word in ("client", "user", "group", "group_others")


def stub_members(method: RawMethod) -> List[str]:
    """What the method adds to the generated classes, in any of them."""
    base = words.snake_case(method.name)
    return [names.safe(base), "async_" + base, "on_" + base] + ([method.name + "Target"] if method.event.present else [])


# What the classes have before any method is added.
OWN_MEMBERS = ("with", "link_", "service", "bindings", "service_handler", "connected", "disconnected")


def routing_messages(messages: Mapping[str, Message]) -> Set[str]:
    """The messages that have a field with `routes`, or contain one that has."""
    users: Dict[str, List[str]] = {}
    for m in messages.values():
        for f in m.fields:
            if f.type.is_message:
                users.setdefault(f.type.name, []).append(m.full_name)
    found = {m.full_name for m in messages.values() if any(f.routes for f in m.fields)}
    work = list(found)
    while work:
        for user in users.get(work.pop(), ()):
            if user not in found:
                found.add(user)
                work.append(user)
    return found


_ENOUGH_ROUTES = 16  # one is right, and two are enough to say what is wrong


def _find_routes(message: Message, messages: Mapping[str, Message], routing: Set[str]) -> Tuple[RoutePath, ...]:
    """The fields with `routes` in the message and below. A message inside itself is not entered twice."""
    found: List[RoutePath] = []
    work: List[Tuple[Message, Tuple[Field, ...], Tuple[str, ...]]] = [(message, (), (message.full_name,))]
    while work and len(found) < _ENOUGH_ROUTES:
        current, path, inside = work.pop(0)
        for f in current.fields:
            if f.routes:
                found.append(RoutePath(path, f))
            elif f.type.is_message and f.type.name in routing and f.type.name not in inside:
                work.append((messages[f.type.name], path + (f,), inside + (f.type.name,)))
    return tuple(found)


class Maker:
    """Makes the services of one file."""

    def __init__(self, several: bool, messages: Mapping[str, Message], routing: Set[str], enums: Mapping[str, Enum],
                 type_of: Callable[[str, Set[str]], Type]):
        self._several = several        # services in the file: their helpers in codec.cpp need names that tell them apart
        self._messages = messages
        self._routing_messages = routing
        self._enums = enums
        self._type_of = type_of        # of a full name, where some names are hidden

    def service(self, raw: RawService) -> Service:
        hidden = set(OWN_MEMBERS) | _TEMPLATE_PARAMETERS
        for method in raw.methods:
            hidden.update(stub_members(method))
        table = words.snake_case(raw.name)
        prefix = raw.options.get("prefix", raw.name + ".")
        return Service(
            name=raw.name, full_name=raw.full_name, prefix=prefix, client_name=raw.name + "Client", handler_name=raw.name + "Handler",
            peers_name=raw.name + "Peers", methods_name=raw.name + "Methods", table_prefix=table,
            methods=tuple(self._method(m, raw.full_name, prefix, table, hidden) for m in raw.methods),
            relay_unknown=raw.options.get("unknown") == 2, comment=raw.comment, line=raw.line, options=raw.options, ignores=raw.ignores)

    def errors_of(self, method: RawMethod, service: str) -> str:
        """The full name of the enum that `errors` names; empty: none."""
        full = resolve(method.call.get("errors", ""), service, self._messages, self._enums)
        return full if full in self._enums else ""

    def _method(self, raw: RawMethod, service: str, prefix: str, table: str, hidden: Set[str]) -> Method:
        options = raw.event if raw.event.present else raw.call
        side = SIDES.get(options.get("from", 1), "client")
        to = target_words(options.get("to", ()))
        server_to = target_words(options.get("server_to", ()))
        is_event = raw.event.present
        routes = ()
        if is_event and raw.request in self._routing_messages:
            routes = _find_routes(self._messages[raw.request], self._messages, self._routing_messages)
        routing = self._routing(routes)
        snake = words.snake_case(raw.name)
        errors = "" if is_event else self.errors_of(raw, service)
        client_target = server_target = None
        if is_event and not routing:
            if side != "server":
                client_target = _target_type(raw.name, to, _CLIENT_TAGS, "(parley.event).to")
            if side != "client":
                server_target = _target_type(raw.name, to if side == "server" else server_to, _SERVER_TAGS,
                                             "(parley.event).to" if side == "server" else "(parley.event).server_to")
        return Method(
            name=raw.name, cpp_name=names.safe(snake), wire_name=options.get("name", prefix + raw.name), is_event=is_event, side=side,
            request=self._payload(raw.request, hidden), response=self._payload(raw.response, hidden),
            client_streaming=raw.client_streaming, server_streaming=raw.server_streaming, to=to, server_to=server_to,
            reply=options.get("reply", ""), body_message=options.get("body") == 1, max_bytes=options.get("max_bytes", 0),
            deadline_ms=options.get("deadline_ms", 0), errors=options.get("errors", ""),
            errors_type=self._type_of(errors, hidden) if errors else None, idempotency=raw.idempotency,
            routing=routing, routes=routes,
            table_prefix=table + "_" + snake if self._several else snake, comment=raw.comment, line=raw.line, event=raw.event,
            call=raw.call, ignores=raw.ignores, client_target=client_target, server_target=server_target)

    def _payload(self, full_name: str, hidden: Set[str]) -> Payload:
        type_ = self._type_of(full_name, hidden)
        short = full_name.rpartition(".")[2]
        name = "value" if full_name in well_known.WRAPPERS else names.parameter_name(short, _PARAMETERS)
        by_value = type_.cpp in names.CHEAP
        arg = type_.cpp if by_value else "const %s&" % type_.cpp
        empty = full_name == well_known.EMPTY
        return Payload(
            type=type_, cpp=type_.cpp, name=name, param="%s %s" % (arg, name), arg=arg, result="void" if empty else type_.cpp,
            is_empty=empty, braces_trap=type_.is_message or type_.cpp in _OWNING_AGGREGATES)

    def _routing(self, found: Tuple[RoutePath, ...]) -> Optional[Routing]:
        if not found or found[0].field.type.name not in self._enums:  # lint says what is wrong
            return None
        path, field = found[0].path, found[0].field
        enum = self._enums[field.type.name]
        others = sorted((v for v in enum.distinct_values if v.number != 0), key=lambda v: v.number)
        zero = next((v.targets for v in enum.distinct_values if v.number == 0), ())
        return Routing(path=tuple(RouteStep(f.cpp_name, may_lack=True) for f in path), field=field, enum=enum, zero=zero,
                       values=tuple(others), only_values=tuple(v for v in others if v.only))


def _target_type(method: str, words: Sequence[str], tags: Mapping[str, Tuple[str, ...]], option: str) -> Optional[TargetType]:
    known = [w for w in words if w in tags]
    if not known:
        return None
    first = tags[known[0]][0]
    return TargetType(
        name=method + "Target", tags=tuple(tag for word in known for tag in tags[word]),
        words=tuple(w.upper() for w in words), option=option,
        has_default=first in ("parley::to::server_t", "parley::to::sender_t", "parley::to::all_t", "parley::to::others_t"))
