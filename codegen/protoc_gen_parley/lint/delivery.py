"""Rules about delivery, queues, limits and roles."""

from __future__ import annotations

from typing import Dict, Iterator, Optional, Tuple

from ..model import Message, TARGETS
from .core import ERROR, WARNING, Hit, Run, lists, option, quote, rule

_ORDERED, _RELIABLE, _DROPPABLE, _LATEST = 1, 2, 3, 4
_CLOSE, _WAIT, _DROP_OLDEST, _DROP_NEWEST = 1, 2, 3, 4
_DELIVERY = {1: "ORDERED", 2: "RELIABLE", 3: "DROPPABLE", 4: "LATEST"}
_OVERFLOW = {1: "CLOSE", 2: "WAIT", 3: "DROP_OLDEST", 4: "DROP_NEWEST"}
_LEGAL = {
    _ORDERED: (_CLOSE, _WAIT), _RELIABLE: (_CLOSE, _WAIT), _DROPPABLE: (_DROP_OLDEST, _DROP_NEWEST, _CLOSE),
    _LATEST: (_CLOSE, _DROP_OLDEST),
}
_CONNECTION_QUEUE = 4 * 1024 * 1024  # bytes that a server queues for one client by default


@rule("DELIVERY_UNARY", ERROR, "delivery, key, overflow and queue apply to a stream of answers. A unary call has none.")
def delivery_unary(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        if not m.server_streaming:
            for name in ("delivery", "key", "overflow", "queue"):
                if name in m.options:
                    yield place, "call." + name, "applies to a stream of answers, but the call has no `returns (stream`"


@rule("KEY_DELIVERY", ERROR, "`key` defines the slots of LATEST. No other delivery has slots.")
def key_delivery(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        if m.options.get("key") and m.options.get("delivery") != _LATEST:
            yield place, option(m) + ".key", "applies only with delivery: LATEST"


def _key_fault(run: Run, message: Optional[Message], key: str) -> str:
    if message is None:
        return "the payload has no fields of its own"
    field = run.field_path(message, key)
    if field is None:
        return "%s has no field %s" % (message.name, quote(key))
    if field.label in ("rep", "map"):
        return "%s is not singular" % key
    if field.type.is_message or field.type.is_wkt or field.type.name in ("float", "double", "bytes"):
        return "%s is of type %s; integers, bool, enums and strings can be compared" % (key, field.type.name)
    return ""


@rule("KEY_FIELD", ERROR, "A key field exists, is singular, and is of integer, bool, enum or string type.")
def key_field(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        payload = m.request if m.event.present else m.response
        for i, key in enumerate(m.options.get("key", ())):
            fault = _key_fault(run, run.payload(payload.name), key)
            if fault:
                yield place, "%s.key[%d]" % (option(m), i), fault


@rule("OVERFLOW_PAIR", ERROR, "The overflow policy is one of those that the delivery allows.")
def overflow_pair(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        delivery = m.options.get("delivery", _ORDERED)
        overflow = m.options.get("overflow")
        if overflow in _OVERFLOW and delivery in _LEGAL and overflow not in _LEGAL[delivery]:
            yield place, option(m) + ".overflow", "%s does not go with %s; possible: %s" % (
                _OVERFLOW[overflow], _DELIVERY[delivery], ", ".join(_OVERFLOW[o] for o in _LEGAL[delivery]))


@rule("OVERFLOW_WAIT", ERROR, "WAIT requires one sender that feeds one receiver: a stream, or the targets CLIENT and SERVER.")
def overflow_wait(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if m.options.get("overflow") == _WAIT:
            for path, numbers in lists(m):
                for n in numbers:
                    if TARGETS.get(n) not in ("client", "server", None):
                        yield place, "event.overflow", "WAIT with the target %s (%s) would let one slow receiver stop all receivers" % (
                            TARGETS[n].upper(), path)


@rule("QUEUE_SMALL", ERROR, "A queue holds at least one message of the largest size.")
def queue_small(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        queue = m.options.get("queue")
        if queue is not None and 0 < queue.get("bytes", 0) < m.options.get("max_bytes", 0):
            yield place, option(m) + ".queue.bytes", "%d is less than max_bytes, %d" % (queue.get("bytes"), m.options.get("max_bytes"))


@rule("QUEUE_LARGE", WARNING,
      "A method's queue that is larger than the connection's default limit (4 MiB) has no effect unless that limit is "
      "raised.")
def queue_large(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        queue = m.options.get("queue")
        if queue is not None and queue.get("bytes", 0) > _CONNECTION_QUEUE:
            yield place, option(m) + ".queue.bytes", "%d is above the connection's default limit of %d" % (
                queue.get("bytes"), _CONNECTION_QUEUE)


@rule("TTL_DELIVERY", ERROR, "ttl_ms would silently skip messages that ORDERED and RELIABLE guarantee to deliver.")
def ttl_delivery(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if m.options.get("ttl_ms") and m.options.get("delivery", _ORDERED) in (0, _ORDERED, _RELIABLE):
            yield place, "event.ttl_ms", "applies only to DROPPABLE and LATEST; %s promises that nothing is skipped" % (
                _DELIVERY[m.options.get("delivery", 0) or _ORDERED])


_DEPTH = 8  # of messages in messages; limits further down do not matter to a warning


def _smallest_limit(run: Run, name: str, known: Dict[Tuple[str, int], int], depth: int = _DEPTH) -> int:
    """The bytes that the limits of the fields permit. Fields without a limit count as 0."""
    message = run.payload(name)
    if message is None or depth == 0:
        return 0
    if (name, depth) not in known:
        known[name, depth] = sum(
            (f.max_len or (_smallest_limit(run, f.type.name, known, depth - 1) if f.type.is_message else 0))
            * (f.max_count if f.label in ("rep", "map") else 1)
            for f in message.fields)
    return known[name, depth]


@rule("MAX_BYTES_SMALL", WARNING, "max_bytes is at least the sum of the fields' max_len.")
def max_bytes_small(run: Run) -> Iterator[Hit]:
    known: Dict[Tuple[str, int], int] = {}
    for place, m in run.methods():
        limit = m.options.get("max_bytes", 0)
        for payload in (m.request, m.response) if limit else ():
            need = _smallest_limit(run, payload.name, known)
            if limit < need:
                yield place, option(m) + ".max_bytes", "%d is less than %d, the sum of the max_len of %s" % (
                    limit, need, payload.name)


@rule("ROLE_EMPTY", ERROR, "The name of a role is not empty.")
def role_empty(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        for name in ("may_send", "may_receive"):
            for i, role in enumerate(m.options.get(name, ())):
                if not role.strip():
                    yield place, "%s.%s[%d]" % (option(m), name, i), "a role is empty"
    for place, s in run.services():
        for i, role in enumerate(s.options.get("may_send", ())):
            if not role.strip():
                yield place, "service.may_send[%d]" % i, "a role is empty"


@rule("MAY_SEND_SERVER", ERROR, "Roles belong to clients and do not restrict the server.")
def may_send_server(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        if m.options.get("may_send") and m.side == "server":
            yield place, option(m) + ".may_send", "restricts clients, but only the server sends this"


@rule("MAY_RECEIVE_SERVER", ERROR, "may_receive restricts clients, so at least one target contains clients.")
def may_receive_server(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if m.options.get("may_receive") and set(m.to) == {"server"}:
            yield place, "event.may_receive", "restricts clients, but the event goes to SERVER alone"


@rule("HISTORY_GROUP", ERROR, "`history` requires a GROUP target.")
def history_group(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if m.options.get("history") and not {"group", "group_others"} & (set(m.to) | set(m.server_to)):
            yield place, "event.history", "is kept per group, but no target is a group"


@rule("HISTORY_LATEST", WARNING, "The history of LATEST without a key keeps one entry per sender.")
def history_latest(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if m.options.get("history") and m.options.get("delivery") == _LATEST and not m.options.get("key"):
            yield place, "event.history", "keeps one entry per sender: LATEST without a key has one slot each"
