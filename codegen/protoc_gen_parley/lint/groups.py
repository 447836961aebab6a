"""Rules about groups: messages that are keys, and methods that name them."""

from __future__ import annotations

from typing import Dict, Iterator

from ..model import Method
from .core import ERROR, WARNING, Hit, Place, Run, lists, option, quote, rule

_GROUP_TARGETS = (7, 8)


def _targets_groups(method: Method) -> bool:
    return any(n in _GROUP_TARGETS for _, numbers in lists(method) for n in numbers)


@rule("GROUP_MISSING", ERROR, "A GROUP target requires `group`.")
def group_missing(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        if _targets_groups(m) and not m.options.get("group"):
            yield place, option(m) + ".group", "is missing: it lists the groups that GROUP may name"


@rule("GROUP_UNUSED", ERROR, "`group` appears only together with a GROUP target.")
def group_unused(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        if m.options.get("group") and not _targets_groups(m):
            yield place, option(m) + ".group", "applies only to the targets GROUP and GROUP_OTHERS"


@rule("GROUP_TYPE", ERROR, "`group` names messages with the option (parley.group).")
def group_type(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        for i, name in enumerate(m.options.get("group", ())):
            full = run.schema.resolve(name, place.nodes[1].full_name)
            path = "%s.group[%d]" % (option(m), i)
            if not full:
                yield place, path, "%s is not a message of this schema" % quote(name)
            elif full not in run.schema.messages or not run.schema.messages[full].options.present:
                yield place, path, "%s has no (parley.group)" % full


@rule("GROUP_KEY", ERROR, "A group's key has at most four fields, singular, of integer, bool, enum or string type.")
def group_key(run: Run) -> Iterator[Hit]:
    for place, msg in run.messages():
        if not msg.options.present:
            continue
        if len(msg.fields) > 4:
            yield place, "group", "a group's key has at most four fields, not %d" % len(msg.fields)
        for f in msg.fields:
            why = ("is a list or a map" if f.label in ("rep", "map") else "is optional" if f.label == "opt" else
                   "is in a oneof" if f.in_oneof else
                   "is of type " + f.type.name if not (f.type.is_scalar or f.type.is_enum) or f.type.name in ("float", "double", "bytes")
                   else "")
            if why:
                yield Place(place.nodes + (f,)), "", "%s; a group's key is made of integers, bools, enums and strings" % why


@rule("GROUP_NAME", ERROR, "No two groups of one run have the same name.", across=True)
def group_name(run: Run) -> Iterator[Hit]:
    first: Dict[str, str] = {}
    for f in run.schema.files:
        for msg in f.messages:
            if msg.options.present:
                name = msg.options.get("name") or msg.name
                if name in first and f.generate:
                    yield Place((f, msg)), "group.name", "the group name %s belongs to %s already" % (quote(name), first[name])
                first.setdefault(name, msg.full_name)


@rule("GROUP_PRESENCE", WARNING, "Presence costs one message per member, so the number of members is limited.")
def group_presence(run: Run) -> Iterator[Hit]:
    for place, msg in run.messages():
        if msg.options.get("presence") and not msg.options.get("max_members"):
            yield place, "group.presence", "requires max_members: every change costs a message per member"


@rule("GROUP_MEMBER", ERROR, "`member` names a message.")
def group_member(run: Run) -> Iterator[Hit]:
    for place, msg in run.messages():
        name = msg.options.get("member")
        if name is not None and run.schema.resolve(name, msg.full_name) not in run.schema.messages:
            yield place, "group.member", "%s is not a message of this schema" % quote(name)


@rule("GROUP_MEMBER_PRESENCE", WARNING, "The data that members see about each other is carried by presence.")
def group_member_presence(run: Run) -> Iterator[Hit]:
    for place, msg in run.messages():
        if msg.options.get("member") and not msg.options.get("presence"):
            yield place, "group.member", "is carried by presence, which is off"
