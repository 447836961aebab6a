"""Rules about schemas. Each has an id, a severity, a purpose in one sentence, and a function that yields findings.

A rule looks at the model only. It is registered by its decorator; the modules below are imported for that. schema/README.md lists all
rules by id, and a test holds that list against this registry.
"""

from __future__ import annotations

from typing import List

from ..model import Schema
from .core import ERROR, RULES, WARNING, Finding, Rule, Run, quote  # noqa: F401
from . import breaking, calls, clashes, delivery, events, groups, not_built, payloads, room  # noqa: F401  (they register their rules)


def run(schema: Schema) -> List[Finding]:
    """All findings about the files to generate, in the order of files and lines."""
    return Run(schema).findings(r for r in RULES.values() if not r.needs_lock)


# Rules about several schemas of one program. parley_generate() generates each schema alone and asks for these once for all.
_ACROSS = ("GROUP_NAME", "METHOD_ID", "NAME_TAKEN", "REPLY_NAME", "UNKNOWN_RELAY", "WIRE_NAME_TAKEN")


def run_across(schema: Schema) -> List[Finding]:
    """Those about what several schemas have to agree on."""
    return Run(schema).findings(RULES[id_] for id_ in _ACROSS)


def run_with_lock(schema: Schema) -> List[Finding]:
    """Those about a schema that has got its FlatBuffers ids and accepted shapes."""
    return Run(schema).findings(r for r in RULES.values() if r.needs_lock)
