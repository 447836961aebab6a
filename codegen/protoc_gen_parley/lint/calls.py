"""Rules about calls."""

from __future__ import annotations

from typing import Dict, Iterator, Optional

from ..model import TARGETS, Method
from .core import ERROR, MAX_NAME, WARNING, Hit, Run, lists, quote, rule

_HOUR_MS = 3_600_000
NEVER_CALLED = ("server", "others", "sender")  # by the server


def fans_out(word: Optional[str]) -> bool:
    """Whether a call to the target has several receivers. A new kind of target does, unless it is added here."""
    return word not in ("server", "sender", "client", None)


def is_called_by_server(method: Method, path: str) -> bool:
    """Whether the server calls the targets of this list of a call ("call.to" or "call.server_to")."""
    return path != "call.to" or method.side == "server"


@rule("CALL_TO", ERROR, "A client calls the server. The server calls clients, but not OTHERS or SENDER.")
def call_to(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        for path, numbers in lists(m):
            by_client = not is_called_by_server(m, path)
            for i, n in enumerate(numbers):
                word = TARGETS.get(n)
                if by_client and word not in ("server", None):
                    yield place, "%s[%d]" % (path, i), "a client calls SERVER, never %s" % word.upper()
                if not by_client and word in NEVER_CALLED:
                    yield place, "%s[%d]" % (path, i), "the server cannot call %s" % word.upper()


@rule("CALL_FAN_OUT_STREAM", ERROR, "A call with several receivers does not stream.")
def call_fan_out_stream(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        for path, numbers in lists(m):
            for i, n in enumerate(numbers):
                if m.streams and fans_out(TARGETS.get(n)):
                    yield place, "%s[%d]" % (path, i), "%s has several receivers, but a stream has one peer" % TARGETS[n].upper()


@rule("DEADLINE_LONG", WARNING, "A deadline is at most one hour. A longer wait is an event or a stream.")
def deadline_long(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        if m.options.get("deadline_ms", 0) > _HOUR_MS:
            yield place, "call.deadline_ms", "%d is more than an hour" % m.options.get("deadline_ms")


@rule("ONCE_STREAM", ERROR, "`once` keeps and repeats a single answer, so it does not apply to streams.")
def once_stream(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        if "once" in m.options and m.streams:
            yield place, "call.once", "does not apply to streams"


@rule("ONCE_KEY", ERROR, "A field of once.key exists in the request and is scalar.")
def once_key(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        if "once" not in m.options:
            continue
        request = run.payload(m.request.name)
        for i, key in enumerate(m.options.get("once").get("key", ())):
            field = run.field_path(request, key)
            if field is None:
                yield place, "call.once.key[%d]" % i, "%s has no field %s" % (m.request.name, quote(key))
            elif field.label in ("rep", "map") or not (field.type.is_scalar or field.type.is_enum):
                yield place, "call.once.key[%d]" % i, "%s is not scalar" % key


@rule("ONCE_IDEMPOTENT", WARNING, "`once` has no effect on a call without side effects.")
def once_idempotent(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        if "once" in m.options and m.idempotency == 1:
            yield place, "call.once", "idempotency_level = NO_SIDE_EFFECTS says that repeating does no harm"


@rule("ERRORS_TYPE", ERROR, "`errors` names an enum of the schema. The names of its values have at most 128 bytes.")
def errors_type(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        name = m.options.get("errors")
        if name is not None:
            full = run.schema.resolve(name, place.nodes[1].full_name)
            if full not in run.schema.enums:
                yield place, "call.errors", "%s is %s" % (quote(name), "a message, not an enum" if full else "not an enum of this schema")
                continue
            for value in run.schema.enums[full].values:
                if len(value.name) > MAX_NAME:  # the runtime drops a longer reason
                    yield place, "call.errors", "the name of %s.%s is longer than %d bytes" % (full, value.name, MAX_NAME)


@rule("REPLY_STREAM", ERROR, "`reply` names the single answer of a unary call.")
def reply_stream(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        if m.options.get("reply") and m.streams:
            yield place, "call.reply", "does not apply to streams"


@rule("REPLY_NAME", ERROR, "The wire name of an answer is not the name of a method.", across=True)
def reply_name(run: Run) -> Iterator[Hit]:
    taken: Dict[str, str] = {m.wire_name: s.full_name + "." + m.name for f in run.schema.files for s in f.services for m in s.methods}
    for place, m in run.calls():
        if m.options.get("reply") in taken:
            yield place, "call.reply", "%s is the wire name of %s" % (quote(m.options.get("reply")), taken[m.options.get("reply")])


@rule("REPLY_FAN_OUT", ERROR,
      "`reply` does not apply to a call with several receivers, because their answers have no ids and could not be "
      "told apart.")
def reply_fan_out(run: Run) -> Iterator[Hit]:
    for place, m in run.calls():
        if m.options.get("reply") and any(fans_out(TARGETS.get(n)) for _, numbers in lists(m) for n in numbers):
            yield place, "call.reply", "answers of several clients that carry no ids could not be told apart"

