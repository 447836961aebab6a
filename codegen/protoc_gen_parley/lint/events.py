"""Rules about methods in general, events and targets."""

from __future__ import annotations

from typing import Dict, Iterator, List, Sequence, Tuple

from .. import fingerprint, services, well_known
from ..model import TARGETS
from .core import ERROR, MAX_NAME, WARNING, Hit, Place, Run, lists, option, quote, rule


@rule("BOTH_OPTIONS", ERROR, "A method is an event or a call, not both.")
def both_options(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        if m.event.present and m.call.present:
            yield place, "call", "the method has (parley.event) too; remove one of them"


@rule("COMMENT_MISSING", WARNING, "A method has a comment, which becomes the documentation in three generated classes.")
def comment_missing(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        if not m.comment:
            yield place, "", "has no comment"


@rule("EVENT_SHAPE", ERROR, "An event is one-way: it returns google.protobuf.Empty and does not stream.")
def event_shape(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if m.response.name != well_known.EMPTY:
            yield place, "event", "an event returns google.protobuf.Empty, not %s; without (parley.event) it is a call" % (
                m.response.name)
        if m.streams:
            yield place, "event", "an event does not stream"


@rule("WIRE_NAME", ERROR,
      "A wire name is not empty and not reserved (`error`, `$...`, `parley....`). It has no control characters, no "
      "spaces at either end, and at most 128 bytes.")
def wire_name(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        prefixed = "service.prefix" if "prefix" in place.nodes[1].options else ""
        paths = [(option(m) + ".name" if "name" in m.options else prefixed, m.wire_name)]
        if "reply" in m.options:
            paths.append(("call.reply", m.options.get("reply")))
        for path, name in paths:
            where = Place(place.nodes[:2]) if path == "service.prefix" else place
            if not name:
                yield where, path, "a wire name is empty"
            elif any(not ch.isprintable() for ch in name) or name != name.strip():
                yield where, path, "the wire name %s has control characters, or spaces at an end" % quote(name)
            elif name == "error" or name == "-" or name.startswith(("$", "parley.")):
                yield where, path, "the wire name %s is reserved" % quote(name)
            elif len(name.encode("utf-8")) > MAX_NAME:
                yield where, path, "the wire name %s is longer than %d bytes" % (quote(name), MAX_NAME)


@rule("WIRE_NAME_TAKEN", ERROR, "No two methods of one run have the same wire name.", across=True)
def wire_name_taken(run: Run) -> Iterator[Hit]:
    first: Dict[str, Tuple[str, str]] = {}  # wire name -> its service, its method
    for f in run.schema.files:
        for s in f.services:
            for m in s.methods:
                if m.wire_name in first and f.generate:
                    service, method = first[m.wire_name]
                    named = "name" in m.options
                    yield (Place((f, s, m)), option(m) + ".name" if named else "",
                           "the wire name %s belongs to %s.%s already; give one of the %s" % (
                               quote(m.wire_name), service, method, "two another `name`" if named or service == s.full_name else
                               'services a prefix, e.g. option (parley.service) = { prefix: "%s." }' % s.full_name))
                first.setdefault(m.wire_name, (s.full_name, m.name))


@rule("METHOD_ID", ERROR, "No two wire names of one run have the same 32-bit id, and no id is 0.", across=True)
def method_id(run: Run) -> Iterator[Hit]:
    first: Dict[int, str] = {0: ""}
    for f in run.schema.files:
        for s in f.services:
            for m in s.methods:
                id_ = fingerprint.method_id(m.wire_name)
                other = first.setdefault(id_, m.wire_name)
                if other != m.wire_name and f.generate:
                    yield (Place((f, s, m)), "", "the wire name %s has the id 0x%08x%s; give one of them another `name`"
                           % (quote(m.wire_name), id_, " of %s" % quote(other) if other else ", which is reserved"))


_ENUMS: Dict[str, Tuple[str, int]] = {  # option member -> what it is, highest number
    "from": ("side", 3), "delivery": ("delivery", 4), "overflow": ("overflow", 4), "body": ("member", 1), "unknown": ("policy", 2),
    "join": ("side", 3),
}


@rule("NUMBER_UNKNOWN", ERROR, "The number given for an option is one of the values of its enum.")
def number_unknown(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        for name, (what, last) in _ENUMS.items():
            if name in m.options and not 0 <= m.options.get(name) <= last:
                yield place, "%s.%s" % (option(m), name), "%d is not a valid %s" % (m.options.get(name), what)
        for path, numbers in lists(m):
            for i, n in enumerate(numbers):
                if n not in TARGETS:
                    yield place, "%s[%d]" % (path, i), "UNSET is not a target" if n == 0 else "%d is not a valid target" % n
    for place, s in run.services():
        if not 0 <= s.options.get("unknown", 0) <= 2:
            yield place, "service.unknown", "%d is not a valid policy" % s.options.get("unknown")
    for place, msg in run.messages():
        if not 0 <= msg.options.get("join", 0) <= 3:
            yield place, "group.join", "%d is not a valid side" % msg.options.get("join")
    for place, v in run.values():
        for i, n in enumerate(v.options.get("to", ())):
            if n not in TARGETS:
                yield place, "route.to[%d]" % i, "UNSET is not a target" if n == 0 else "%d is not a valid target" % n


@rule("TO_MISSING", ERROR, "An event declares the targets that may receive it.")
def to_missing(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if not m.options.get("to"):
            yield place, "event.to", "is missing: list the targets that may receive it, for example to: [OTHERS]"


@rule("TARGET_TWICE", ERROR, "A target appears once in its list.")
def target_twice(run: Run) -> Iterator[Hit]:
    def twice(numbers: Sequence[int]) -> List[int]:
        return [i for i, n in enumerate(numbers) if n in TARGETS and n in numbers[:i]]

    for place, m in run.methods():
        for path, numbers in lists(m):
            for i in twice(numbers):
                yield place, "%s[%d]" % (path, i), "%s is listed twice" % TARGETS[numbers[i]].upper()
    for place, v in run.values():
        for i in twice(v.options.get("to", ())):
            yield place, "route.to[%d]" % i, "%s is listed twice" % TARGETS[v.options.get("to")[i]].upper()


@rule("TO_SERVER", ERROR, "The server does not send events to itself.")
def to_server(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        path = "event.to" if m.side == "server" else "event.server_to"
        for i, n in enumerate(m.options.get(path[6:], ())):
            if TARGETS.get(n) == "server" and m.side != "client":
                yield place, "%s[%d]" % (path, i), "the server cannot send to SERVER"


@rule("TO_NEEDS_NAME", WARNING, "The first target is the default. If it needs a name, the stub has no default argument.")
def to_needs_name(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        for path, numbers in lists(m):
            if len(numbers) > 1 and numbers[0] in TARGETS and services.needs_name(TARGETS[numbers[0]]):
                yield place, path + "[0]", "%s needs a name, so there is no default; list a target that needs none first" % (
                    TARGETS[numbers[0]].upper())


@rule("SERVER_TO_MISSING", ERROR, "With `from: EITHER`, an event declares its receivers for the events that the server sends.")
def server_to_missing(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if m.side == "either" and not m.options.get("server_to"):
            yield place, "event.server_to", "is missing: with from: EITHER it lists the receivers of what the server sends"


@rule("SERVER_TO_UNUSED", ERROR, "server_to appears only together with `from: EITHER`.")
def server_to_unused(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        if m.side != "either" and m.options.get("server_to"):
            yield place, option(m) + ".server_to", "applies only with from: EITHER; %s" % (
                "use `to`" if m.side == "server" else "the server does not send this")


@rule("BODY_TYPE", ERROR, "A payload in the envelope's `message` has the type google.protobuf.StringValue.")
def body_type(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if m.options.get("body") == 1 and m.request.name != "google.protobuf.StringValue":
            yield place, "event.body", "MESSAGE carries a google.protobuf.StringValue, not %s" % m.request.name


@rule("UNKNOWN_RELAY", ERROR, "At most one service of one run relays unknown events.", across=True)
def unknown_relay(run: Run) -> Iterator[Hit]:
    first = ""
    for f in run.schema.files:
        for s in f.services:
            if s.relay_unknown and first and f.generate:
                yield Place((f, s)), "service.unknown", "%s relays unknown events already" % first
            if s.relay_unknown:
                first = first or s.full_name
