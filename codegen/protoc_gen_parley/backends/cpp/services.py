"""The data of a service for the stubs, the handler and the method tables: classes, parameters and initialisers, ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Optional, Sequence, Set, Tuple

from ... import well_known, words
from ...model import EnumValue, File, Method, Routing, Service, Targets, Type
from . import spelling
from .scope import Scope, namespace_of

# The C++ tags of each target, for clients and for servers. A server's OTHERS and SENDER name their subject.
_CLIENT_TAGS: Dict[str, Tuple[str, ...]] = {
    "server": ("parley::to::server_t",),
    "sender": ("parley::to::sender_t",),
    "all": ("parley::to::all_t", "parley::to::set_except<parley::to::all_t>"),
    "others": ("parley::to::others_t", "parley::to::set_except<parley::to::others_t>"),
    "client": ("parley::to::client", "parley::to::clients"),
    "user": ("parley::to::user", "parley::to::users"),
}
_SERVER_TAGS: Dict[str, Tuple[str, ...]] = {
    **_CLIENT_TAGS,
    "sender": ("parley::to::sender_of",),
    "others": ("parley::to::others_of",),
}
# Names that stub methods use for their own parameters and template parameters.
_PARAMETERS = {"to", "whom", "token", "handler", "options", "link", "link_", "call", "event"}
_TEMPLATE_PARAMETERS = {"Token", "Handler", "Other"}
_OWNING_AGGREGATES = {"parley::any", "parley::field_mask", "parley::structure", "parley::list_value"}

# The members of the classes before any method is added.
OWN_MEMBERS = ("with", "link_", "service", "bindings", "service_handler", "connected", "disconnected")


def class_names(service: Service) -> Tuple[str, ...]:
    return tuple(service.name + end for end in ("Client", "Handler", "Peers", "Methods"))


def method_name(method: Method) -> str:
    return spelling.safe(words.snake_case(method.name))


def stub_members(method: Method) -> List[str]:
    """The names that the method adds to any of the generated classes."""
    base = words.snake_case(method.name)
    return [method_name(method), "async_" + base, "on_" + base] + ([method.name + "Target"] if method.is_event else [])


def table_names(service: Service, several: bool) -> List[str]:
    """The helpers of a service in its codec's anonymous namespace. If there are several services, the names contain the service."""
    return [_table_prefix(service) + "_methods"] + [
        _method_prefix(service, m, several) + end for m in service.methods for end in ("_to", "_server_to", "_accepted", "_may_send", "_may_receive", "_routes")]


def _table_prefix(service: Service) -> str:
    return words.snake_case(service.name)


def _method_prefix(service: Service, method: Method, several: bool) -> str:
    snake = words.snake_case(method.name)
    return _table_prefix(service) + "_" + snake if several else snake


def _kinds(targets: Sequence[str]) -> Tuple[str, ...]:
    return tuple("parley::target_kind::" + word for word in targets)


@dataclass(frozen=True)
class PayloadView:
    """The request or the answer of a method."""

    cpp: str                         # bare C++ type; "parley::empty" for google.protobuf.Empty
    name: str                        # a parameter's name: "numbers" for Numbers
    arg: str                         # a parameter's type: "const Numbers&", "double"
    is_empty: bool
    braces_trap: bool                # an aggregate that owns memory, which GCC 12 miscompiles in braces inside co_await

    @property
    def param(self) -> str:
        """A parameter's declaration: "const Numbers& numbers", "double value"."""
        return "%s %s" % (self.arg, self.name)

    @property
    def rvalue_param(self) -> str:
        return "%s&& %s" % (self.cpp, self.name)

    @property
    def result(self) -> str:
        """As an answer: "Sum"; "void" for Empty."""
        return "void" if self.is_empty else self.cpp

    @property
    def reply(self) -> str:
        """The argument of parley::reply and parley::result. None for Empty."""
        return "" if self.is_empty else self.cpp


@dataclass(frozen=True)
class TargetView:
    """The nested `<Event>Target` type of a stub."""

    targets: Targets
    name: str                        # "SayTarget"
    tags: Tuple[str, ...]            # "parley::to::others_t", ...: arguments of parley::one_of

    @property
    def option(self) -> str:
        return self.targets.option

    @property
    def has_default(self) -> bool:
        return self.targets.has_default

    @property
    def has_several(self) -> bool:
        return len(self.targets.words) > 1

    @property
    def word_list(self) -> str:
        return ", ".join(word.upper() for word in self.targets.words)

    @property
    def spelling(self) -> str:
        """The spelling of targets that need an argument, for the compiler's message about a wrong target."""
        subjects = [word for word, tag in (("others", "parley::to::others_of"), ("sender", "parley::to::sender_of")) if tag in self.tags]
        return f" (written {' and '.join(f'parley::to::{word}(peer)' for word in subjects)})" if subjects else ""


@dataclass(frozen=True)
class RoutesView:
    """The function that reads the receivers from a payload."""

    name: str                     # of the function
    payload: str                  # C++ type
    enum: str                     # C++ type of the field
    value: str                    # expression over `m`
    flags: bool
    zero: Tuple[str, ...]         # parley::target_kind enumerators
    only: Tuple[Tuple[str, Tuple[str, ...]], ...]    # (enumerator, its targets)
    values: Tuple[Tuple[str, Tuple[str, ...]], ...]


@dataclass(frozen=True)
class MethodView:
    method: Method
    name: str                        # "are_you_ready"
    request: PayloadView
    response: PayloadView            # of an event: Empty
    client_target: Optional[TargetView]  # argument of the client's stub
    server_target: Optional[TargetView]  # argument of the server's stub
    routes: Optional[RoutesView]     # the function to be defined above the table
    errors: str                      # C++ type; empty: none
    table_prefix: str                # of this method's helper arrays in the codec's anonymous namespace: "say"

    # --- as the model has it ---
    @property
    def comment(self) -> Tuple[str, ...]:
        return self.method.comment

    @property
    def is_event(self) -> bool:
        return self.method.is_event

    @property
    def from_client(self) -> bool:
        return self.method.from_client

    @property
    def from_server(self) -> bool:
        return self.method.from_server

    @property
    def client_hears(self) -> bool:
        return self.method.client_hears

    @property
    def server_only(self) -> bool:
        return self.method.server_only

    # --- stubs and handler ---
    @property
    def async_name(self) -> str:
        return "async_" + self.name.rstrip("_")

    @property
    def on_name(self) -> str:
        return "on_" + self.name.rstrip("_")

    @property
    def handler_forms(self) -> str:
        """A description of the handlers that `on_...` accepts."""
        with_payload = [] if self.request.is_empty else [self.request.arg]
        context = "const parley::origin&" if self.is_event else "parley::call&"
        return "handler(%s) or handler(%s), returning %s." % (
            ", ".join(with_payload), ", ".join(with_payload + [context]),
            "void or asio::awaitable<void>" if self.is_event else "anything that converts to parley::reply<%s>" % self.response.reply)

    # --- what codec.cpp prints: `constinit const parley::method LobbyMethods::say{ ... };` ---
    @property
    def arrays(self) -> Tuple[Tuple[str, str, Tuple[str, ...]], ...]:
        """(element type, name, elements) of the arrays that the initialisers refer to."""
        arrays = (("parley::target_kind", self._to_array, _kinds(self.method.client_targets)),
                  ("parley::target_kind", self._server_to_array, _kinds(self.method.server_targets)),
                  ("std::string_view", self._may_send_array, tuple(spelling.literal(role) for role in self.method.may_send)),
                  ("std::string_view", self._may_receive_array, tuple(spelling.literal(role) for role in self.method.may_receive)),
                  ("std::uint64_t", self._accepted_array, tuple("0x%016x" % value for value in self.method.accepted)))
        return tuple(array for array in arrays if array[2])

    @property
    def _to_array(self) -> str:
        return self.table_prefix + "_to"

    @property
    def _server_to_array(self) -> str:
        return self.table_prefix + "_server_to"

    @property
    def _accepted_array(self) -> str:
        return self.table_prefix + "_accepted"

    @property
    def _may_send_array(self) -> str:
        return self.table_prefix + "_may_send"

    @property
    def _may_receive_array(self) -> str:
        return self.table_prefix + "_may_receive"

    @property
    def initialisers(self) -> Tuple[Tuple[str, ...], ...]:
        """The designated initialisers in the order of parley::method, one tuple per line, to be joined by ", "."""
        m = self.method
        lines: List[Tuple[str, ...]] = [
            (".name = " + spelling.literal(m.wire_name), ".id = 0x%08x" % m.id, ".fingerprint = 0x%016x" % m.fingerprint)]
        if m.accepted:
            lines.append((".accepted = " + self._accepted_array,))
        how = []
        if m.is_event:
            how.append(".event = true")
        if m.side != "client":
            how.append(".from = parley::side::" + m.side)
        if m.client_targets:
            how.append(".to = " + self._to_array)
        if m.server_targets:
            how.append(".server_to = " + self._server_to_array)
        if how:
            lines.append(tuple(how))
        codecs = [".in = &parley::codec_for<%s>" % self.request.cpp]
        if not m.is_event:
            codecs.append(".out = &parley::codec_for<%s>" % self.response.cpp)
        lines.append(tuple(codecs))
        rest = []
        if m.reply:
            rest.append(".reply = " + spelling.literal(m.reply))
        if m.body_message:
            rest.append(".body_message = true")
        if m.max_bytes:
            rest.append(".max_bytes = %d" % m.max_bytes)
        if m.deadline_ms:
            rest.append(".deadline_ms = %d" % m.deadline_ms)
        if m.may_send:
            rest.append(".may_send = " + self._may_send_array)
        if m.may_receive:
            rest.append(".may_receive = " + self._may_receive_array)
        if m.repeatable:
            rest.append(".repeatable = true")
        if self.errors:
            rest.append(".names_refusal = &parley::is_name_of<%s>" % self.errors)
        if self.routes:
            rest.append(".route = &parley::route_by<%s, &%s>" % (self.request.cpp, self.routes.name))
        if rest:
            lines.append(tuple(rest))
        return tuple(lines)


@dataclass(frozen=True)
class ServiceView:
    service: Service
    methods: Tuple[MethodView, ...]

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def client_name(self) -> str:
        return self.name + "Client"

    @property
    def handler_name(self) -> str:
        return self.name + "Handler"

    @property
    def peers_name(self) -> str:
        return self.name + "Peers"

    @property
    def methods_name(self) -> str:
        """A struct of static const parley::method, and one parley::service `service`."""
        return self.name + "Methods"

    @property
    def methods_array(self) -> str:
        return _table_prefix(self.service) + "_methods"

    @property
    def with_example(self) -> str:
        """An example of the stub's `with`."""
        stub = _table_prefix(self.service) + ".with({.deadline = 5s})"
        call = next((m for m in self.methods if m.from_client and not m.is_event), None)
        return "%s.%s(%s)" % (stub, call.name, "" if call.request.is_empty else call.request.name) if call else stub

    @property
    def handled_methods(self) -> Tuple[MethodView, ...]:
        """The methods that a server handles."""
        return tuple(m for m in self.methods if m.from_client)

    @property
    def initialisers(self) -> Tuple[str, ...]:
        """Of `constinit const parley::service LobbyMethods::service{...}`, to be joined by ", "."""
        all_ = [".name = " + spelling.literal(self.service.full_name), ".methods = %s" % (self.methods_array if self.methods else "{}")]
        if self.service.relay_unknown:
            all_.append(".relay_unknown = true")
        return tuple(all_)


class Maker:
    """Creates the views of one file's services."""

    def __init__(self, file: File, scope: Scope):
        self._namespace = namespace_of(file)
        self._several = len(file.services) > 1
        self._scope = scope

    def service(self, service: Service) -> ServiceView:
        hidden: Set[str] = set(OWN_MEMBERS) | _TEMPLATE_PARAMETERS
        for m in service.methods:
            hidden.update(stub_members(m))
        return ServiceView(service, tuple(self._method(service, m, frozenset(hidden)) for m in service.methods))

    def _method(self, service: Service, method: Method, hidden: FrozenSet[str]) -> MethodView:
        prefix = _method_prefix(service, method, self._several)
        request = self._payload(method.request, hidden)
        return MethodView(
            method=method, name=method_name(method), request=request, response=self._payload(method.response, hidden),
            client_target=_target_view(method, method.client_target, _CLIENT_TAGS),
            server_target=_target_view(method, method.server_target, _SERVER_TAGS),
            routes=self._routes(method.request.name, method.routing, request.cpp, prefix + "_routes") if method.routing else None,
            errors=self._scope.type(method.errors_type, self._namespace, hidden) if method.errors_type else "", table_prefix=prefix)

    def _payload(self, type_: Type, hidden: FrozenSet[str]) -> PayloadView:
        cpp = self._scope.type(type_, self._namespace, hidden)
        short = type_.name.rpartition(".")[2]
        return PayloadView(
            cpp=cpp, name="value" if type_.name in well_known.WRAPPERS else spelling.parameter_name(short, _PARAMETERS),
            arg=cpp if cpp in spelling.CHEAP else "const %s&" % cpp, is_empty=type_.name == well_known.EMPTY,
            braces_trap=type_.is_message or cpp in _OWNING_AGGREGATES)

    def _routes(self, message: str, routing: Routing, payload: str, name: str) -> RoutesView:
        at = "m"
        conditions: List[str] = []
        for step in routing.path:  # an absent message counts as its default value, so as number 0
            at += ("->" if conditions and conditions[-1] == at else ".") + self._scope.member(message, step.name)
            conditions.append(at)
            message = step.type.name
        value = at + ("->" if conditions and conditions[-1] == at else ".") + self._scope.member(message, routing.field.name)
        enum = self._scope.type(routing.field.type, self._namespace)
        if routing.field.is_optional:
            value += ".value_or(%s{})" % enum
        if conditions:
            value = "%s ? %s : %s{}" % (" && ".join(conditions), value, enum)

        def selected(values: Sequence[EnumValue]) -> Tuple[Tuple[str, Tuple[str, ...]], ...]:
            return tuple(("%s::%s" % (enum, self._scope.value(routing.enum, v)), _kinds(v.targets)) for v in values)

        flags = routing.enum.flags
        plain_zero = () if flags else tuple(v for v in routing.enum.distinct_values if v.number == 0)
        return RoutesView(
            name=name, payload=payload, enum=enum, value=value, flags=flags, zero=_kinds(routing.zero), only=selected(routing.only_values),
            values=selected([v for v in plain_zero + routing.values if not (flags and v.only)]))


def _target_view(method: Method, targets: Optional[Targets], tags: Dict[str, Tuple[str, ...]]) -> Optional[TargetView]:
    if not targets:
        return None
    without = [word.upper() for word in targets.words if word not in tags]
    if without:
        raise NotImplementedError("lint/not_built.py allows the target %s, but backends/cpp/services.py has no tag for it" % without[0])
    return TargetView(targets, method.name + "Target", tuple(tag for word in targets.words for tag in tags[word]))
