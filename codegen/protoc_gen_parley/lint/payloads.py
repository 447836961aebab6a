"""Rules about fields, enums and routing by payload."""

from __future__ import annotations

from typing import Dict, Iterator, Set

from .. import services
from .core import ERROR, Hit, Place, Run, quote, rule


@rule("ROUTES_MANY", ERROR, "At most one field of a payload names its receivers.")
def routes_many(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if len(m.routes) > 1:
            yield place, "", "its payload has several fields with `routes`: %s" % ", ".join(r.name for r in m.routes[:4])


@rule("ROUTES_PATH", ERROR, "The field that names the receivers appears in the payload exactly once: not in a list, map or oneof.")
def routes_path(run: Run) -> Iterator[Hit]:
    for place, f in run.fields():
        if f.routes and f.label != "one":
            yield place, "field.routes", "the field may not be %s" % {"opt": "optional", "rep": "a list", "map": "a map"}[f.label]
        elif f.routes and f.in_oneof:
            yield place, "field.routes", "the field must not be in a oneof"
    for place, m in run.events():
        for route in m.routes:
            for step in route.path:
                if step.label not in ("one", "opt") or step.in_oneof or step.in_cycle:
                    yield place, "", "%s names the receivers, but %s is a list, a map, in a oneof or recursive" % (
                        route.name, step.name)


@rule("ROUTES_TYPE", ERROR, "A field that names the receivers has the type of a routing enum or a group.")
def routes_type(run: Run) -> Iterator[Hit]:
    for place, f in run.fields():
        if not f.routes:
            continue
        if f.type.is_enum:
            enum = run.schema.enums.get(f.type.name)
            if enum is None or not any(v.options.present for v in enum.values):
                yield place, "field.routes", "no value of %s has (parley.route)" % f.type.name
            continue
        group = run.payload(f.type.name) if f.type.is_message else None
        if group is None or not group.options.present:
            yield place, "field.routes", "%s is neither an enum whose values have (parley.route) nor a message with (parley.group)" % (
                f.type.name)


@rule("ROUTES_TARGET", ERROR, "The targets that a payload can select are listed in the event's `to`, and need no name.")
def routes_target(run: Run) -> Iterator[Hit]:
    for place, m in run.events():
        if not m.routing:
            continue
        for v in m.routing.enum.values:
            for word in v.targets:
                if services.needs_name(word):
                    yield place, "", "%s selects %s, which needs a name; an enum has none" % (v.name, word.upper())
                elif word not in m.to:
                    yield place, "event.to", "%s selects %s, which is not in it" % (v.name, word.upper())


def _routing_enums(run: Run) -> Set[str]:
    used = {f.type.name for m in run.schema.messages.values() for f in m.fields if f.routes and f.type.is_enum}
    return used | {e.full_name for e in run.schema.enums.values() if any(v.options.present for v in e.values)}


@rule("ROUTE_MISSING", ERROR, "Every value of a plain routing enum declares its targets.")
def route_missing(run: Run) -> Iterator[Hit]:
    routing = _routing_enums(run)
    for place, e in run.enums():
        if e.full_name in routing and not e.flags:
            for v in e.distinct_values:
                if not v.options.get("to"):
                    yield Place(place.nodes + (v,)), "route.to", "is missing: every value of a plain routing enum selects targets"


@rule("ROUTE_ONLY", ERROR, "`only` applies to a bit of a flags enum.")
def route_only(run: Run) -> Iterator[Hit]:
    for place, v in run.values():
        if v.only and not place.nodes[1].flags:
            yield place, "route.only", "applies only with (parley.enum) = { flags: true }"


@rule("ROUTE_ALIAS", ERROR, "An alias of an enum value routes like the first name of its number.")
def route_alias(run: Run) -> Iterator[Hit]:
    for place, v in run.values():
        if v.alias and v.options.present:
            yield place, "route", "the value is an alias of %d; put (parley.route) on the first" % v.number


@rule("FLAGS_BIT", ERROR, "Every value of a flags enum except zero is a single bit.")
def flags_bit(run: Run) -> Iterator[Hit]:
    for place, e in run.enums():
        for v in e.values:
            if e.flags and v.number != 0 and (v.number < 0 or v.number & (v.number - 1)):
                yield Place(place.nodes + (v,)), "", "%d is not a power of two" % v.number


@rule("SENSITIVE_KEY", ERROR, "Keys are logged, so a key field is not sensitive.")
def sensitive_key(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        request = run.payload(m.request.name)
        item = request if m.event.present else run.payload(m.response.name)
        once = m.options.get("once")
        for message, keys in ((item, m.options.get("key", ())), (request, once.get("key", ()) if once is not None else ())):
            for key in keys:
                field = run.field_path(message, key)
                if field is not None and field.sensitive:
                    yield place, "", "%s is a key and sensitive, but keys are logged" % key
    for place, f in run.fields():
        if f.sensitive and place.nodes[1].options.present:
            yield place, "field.sensitive", "is part of a group's key, but keys are logged"


@rule("MAX_LEN_TYPE", ERROR, "max_len limits strings and bytes.")
def max_len_type(run: Run) -> Iterator[Hit]:
    lengthy = ("string", "bytes", "google.protobuf.StringValue", "google.protobuf.BytesValue")
    for place, f in run.fields():
        if f.max_len and f.type.name not in lengthy:
            yield place, "field.max_len", "%s has no length" % f.type.name


@rule("MAX_COUNT_TYPE", ERROR, "max_count limits lists and maps.")
def max_count_type(run: Run) -> Iterator[Hit]:
    for place, f in run.fields():
        if f.max_count and f.label not in ("rep", "map"):
            yield place, "field.max_count", "the field is neither repeated nor a map"


@rule("JSON_NAME", ERROR, "A json_name contains no spaces and no control characters.")
def json_name(run: Run) -> Iterator[Hit]:
    for place, f in run.fields():
        if not f.json_name or any(ch.isspace() or not ch.isprintable() for ch in f.json_name):
            yield place, "json_name", "%s is empty, or has spaces or control characters" % quote(f.json_name)


@rule("JSON_NAME_TAKEN", ERROR, "No two fields of a message are read from the same JSON member, by json_name or by name.")
def json_name_taken(run: Run) -> Iterator[Hit]:
    for place, m in run.messages():
        first: Dict[str, str] = {}
        for f in m.fields:
            taken = next((name for name in (f.json_name, f.name) if first.get(name, f.name) != f.name), None)
            if taken is not None:
                yield Place(place.nodes + (f,)), "json_name", "the member %s is read as %s already" % (quote(taken), first[taken])
            for name in (f.json_name, f.name):
                first.setdefault(name, f.name)


@rule("TYPE_FOREIGN", ERROR, "The type of a field or payload is defined in the schema, or is a well-known type that has a C++ type here.")
def type_foreign(run: Run) -> Iterator[Hit]:
    known = {f.path for f in run.schema.files}
    used = [(place, type_) for place, f in run.fields() for type_ in (f.type,)]
    used += [(place, payload) for place, m in run.methods() for payload in (m.request, m.response)]
    for place, type_ in used:
        if (type_.is_message or type_.is_enum) and type_.file not in known:
            yield place, "", "%s has no C++ type here; copy the fields that you need into your own message" % type_.name
