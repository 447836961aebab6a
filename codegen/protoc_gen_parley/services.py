"""Converts services and methods to the model: wire names, stubs, the targets of a stub, and the receivers that a payload names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from .model import (SIDES, TARGETS, Enum, Field, Ignores, Message, Method, Options, RoutePath, Routing, Service, Targets, Type,
                    resolve)


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


def target_words(numbers: Iterable[int]) -> Tuple[str, ...]:
    """Unknown numbers are left out here. Lint reports them."""
    return tuple(TARGETS[n] for n in numbers if n in TARGETS)


def needs_name(word: str) -> bool:
    """Whether the target names its receivers in the send. A new kind of target does, unless it is added here."""
    return word not in ("server", "sender", "all", "others")


def routing_messages(messages: Mapping[str, Message]) -> Set[str]:
    """The messages that have a field with `routes`, directly or in a contained message."""
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


_ENOUGH_ROUTES = 16  # one is valid, and two are enough to report the error


def _find_routes(message: Message, messages: Mapping[str, Message], routing: Set[str]) -> Tuple[RoutePath, ...]:
    """The fields with `routes` in the message and the messages in it. A message inside itself is visited once."""
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

    def __init__(self, messages: Mapping[str, Message], routing: Set[str], enums: Mapping[str, Enum], type_of: Callable[[str], Type]):
        self._messages = messages
        self._routing_messages = routing
        self._enums = enums
        self._type_of = type_of        # of a full name

    def service(self, raw: RawService) -> Service:
        prefix = raw.options.get("prefix", raw.name + ".")
        return Service(
            name=raw.name, full_name=raw.full_name, prefix=prefix,
            methods=tuple(self._method(m, raw, prefix) for m in raw.methods), relay_unknown=raw.options.get("unknown") == 2, comment=raw.comment, line=raw.line, options=raw.options, ignores=raw.ignores)

    def errors_of(self, method: RawMethod, service: str) -> str:
        """The full name of the enum that `errors` names; empty: none."""
        full = resolve(method.call.get("errors", ""), service, self._messages, self._enums)
        return full if full in self._enums else ""

    def _method(self, raw: RawMethod, service: RawService, prefix: str) -> Method:
        options = raw.event if raw.event.present else raw.call
        side = SIDES.get(options.get("from", 1), "client")
        to = target_words(options.get("to", ()))
        server_to = target_words(options.get("server_to", ()))
        is_event = raw.event.present
        routes: Tuple[RoutePath, ...] = ()
        if is_event and raw.request in self._routing_messages:
            routes = _find_routes(self._messages[raw.request], self._messages, self._routing_messages)
        routing = self._routing(routes)
        errors = "" if is_event else self.errors_of(raw, service.full_name)
        client_target = server_target = None
        if is_event and not routing:
            if side != "server":
                client_target = _targets(to, "to", by_server=False)
            if side != "client":
                server_target = _targets(to, "to", by_server=True) if side == "server" else _targets(server_to, "server_to", by_server=True)
        return Method(
            name=raw.name, wire_name=options.get("name", prefix + raw.name), is_event=is_event, side=side,
            request=self._type_of(raw.request), response=self._type_of(raw.response),
            client_streaming=raw.client_streaming, server_streaming=raw.server_streaming, to=to, server_to=server_to,
            reply=options.get("reply", ""), body_message=options.get("body") == 1, max_bytes=options.get("max_bytes", 0),
            deadline_ms=options.get("deadline_ms", 0), errors=options.get("errors", ""),
            errors_type=self._type_of(errors) if errors else None,
            # Roles belong to clients, so the default of the service does not concern what the server alone sends.
            may_send=() if side == "server" else _each_once(options.get("may_send") or service.options.get("may_send", ())),
            may_receive=_each_once(options.get("may_receive", ())), idempotency=raw.idempotency, routing=routing, routes=routes,
            comment=raw.comment, line=raw.line, event=raw.event, call=raw.call, ignores=raw.ignores, client_target=client_target,
            server_target=server_target)

    def _routing(self, found: Tuple[RoutePath, ...]) -> Optional[Routing]:
        if not found or found[0].field.type.name not in self._enums:  # lint reports it
            return None
        path, field = found[0].path, found[0].field
        enum = self._enums[field.type.name]
        others = sorted((v for v in enum.distinct_values if v.number != 0), key=lambda v: v.number)
        zero = next((v.targets for v in enum.distinct_values if v.number == 0), ())
        return Routing(path=path, field=field, enum=enum, zero=zero, values=tuple(others), only_values=tuple(v for v in others if v.only))


def _each_once(roles: Sequence[str]) -> Tuple[str, ...]:
    return tuple(dict.fromkeys(roles))


def _targets(words: Tuple[str, ...], option: str, by_server: bool) -> Optional[Targets]:
    return Targets(words, "(parley.event)." + option, by_server) if words else None
