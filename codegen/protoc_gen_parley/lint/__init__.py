"""Rules about schemas. Each has an id, a severity, a purpose in one sentence, and a function that yields findings.

A rule reads only the model. Its decorator registers it, so the modules below are imported for that. Rules of one language are in its
backend. schema/README.md lists all rules by id, and a test compares that list with the registries.
"""

from __future__ import annotations

from typing import List, Sequence

from ..model import Schema
from .core import ERROR as ERROR, RULES as RULES, WARNING as WARNING, Finding as Finding, Rule, Rules as Rules, Run, quote as quote
from . import breaking, calls, delivery, events, groups, ignores, not_built, payloads, room  # noqa: F401  (they register their rules)


class Linter:
    """The rules about schemas and those of some backends."""

    def __init__(self, of_backends: Sequence[Rules] = ()):
        self.rules: Sequence[Rule] = [r for rules in (RULES, *of_backends) for r in rules.values()]

    def run(self, schema: Schema) -> List[Finding]:
        """All findings about the files to generate, in the order of files and lines."""
        return Run(schema, self.rules).findings(lambda r: not r.needs_lock)

    def run_across(self, schema: Schema) -> List[Finding]:
        """The findings of rules that concern several schemas of one program. parley_generate() generates each schema alone and runs these
        rules once for all."""
        return Run(schema, self.rules).findings(lambda r: r.across)

    def run_with_lock(self, schema: Schema) -> List[Finding]:
        """The findings of rules that need FlatBuffers ids and accepted shapes."""
        return Run(schema, self.rules).findings(lambda r: r.needs_lock)
