"""The rule that nothing in a schema is silently ignored. Options without behaviour are refused.

When a feature works, list it here. Until then this file refuses it.
"""

from __future__ import annotations

from typing import Dict, Iterator, Set

from ..model import TARGETS, Options
from .calls import NEVER_CALLED, is_called_by_server
from .core import ERROR, Hit, Place, Run, lists, option, rule

BUILT: Dict[str, Set[str]] = {  # option: its members that are implemented
    "event": {"name", "from", "to", "server_to", "max_bytes", "body", "may_send", "may_receive"},
    "call": {"name", "from", "to", "server_to", "max_bytes", "deadline_ms", "errors", "reply", "may_send"},
    "service": {"prefix", "unknown", "may_send"},
    "field": {"routes", "sensitive", "max_len", "max_count"},
    "enum": {"flags"},
    "route": {"to", "only"},
    "file": {"cpp_namespace"},
}
BUILT_TARGETS = {"server", "sender", "all", "others", "client", "user"}
_DEFAULTS = {"delivery": (1, "ORDERED"), "overflow": (1, "CLOSE")}  # the one value that is implemented, and its name


def _unknown(options: Options, word: str) -> Iterator[str]:
    for name in options.values:
        if name in BUILT[word]:
            continue
        if name in _DEFAULTS:
            if options.get(name) != _DEFAULTS[name][0]:
                yield "%s.%s" % (word, name)
            continue
        yield "%s.%s" % (word, name)


@rule("NOT_BUILT", ERROR, "An option that this release does not implement is refused, never ignored.")
def not_built(run: Run) -> Iterator[Hit]:
    for place, m in run.methods():
        for path in _unknown(m.options, option(m)):
            name = path.partition(".")[2]
            only = "; only %s is" % _DEFAULTS[name][1] if name in _DEFAULTS else ""
            yield place, path, "is not built yet" + only
        for path, numbers in lists(m):
            for i, n in enumerate(numbers):
                target = TARGETS.get(n)
                if target is None:
                    continue
                if target not in BUILT_TARGETS:
                    yield place, "%s[%d]" % (path, i), "the target %s is not built yet" % target.upper()
                elif not m.event.present and is_called_by_server(m, path) and target not in ("client", *NEVER_CALLED):
                    yield place, "%s[%d]" % (path, i), "a call to several clients is not built yet; use CLIENT"
        if m.streams:
            yield place, "", "streams are not built yet"
        if m.event.present and m.from_server and m.routes:
            yield place, "event.from", "a payload that names its receivers is built only for from: CLIENT yet"
    for place, s in run.services():
        for path in _unknown(s.options, "service"):
            yield place, path, "is not built yet"
    for place, msg in run.messages():
        if msg.options.present:
            yield place, "group", "groups are not built yet"
    for place, f in run.fields():
        for path in _unknown(f.options, "field"):
            yield place, path, "is not built yet"
        if f.routes and f.type.is_message:
            yield place, "field.routes", "routing by a group in the payload is not built yet"
    for place, e in run.enums():
        for path in _unknown(e.options, "enum"):
            yield place, path, "is not built yet"
        for v in e.values:
            for path in _unknown(v.options, "route"):
                yield Place(place.nodes + (v,)), path, "is not built yet"
            for i, word in enumerate(v.targets):
                if word not in BUILT_TARGETS:
                    yield Place(place.nodes + (v,)), "route.to[%d]" % i, "the target %s is not built yet" % word.upper()
    for place in run.files():
        for path in _unknown(place.file.options, "file"):
            yield place, path, "is not built yet"
