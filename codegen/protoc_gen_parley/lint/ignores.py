"""The rule about suppressed rules."""

from __future__ import annotations

from typing import Iterator

from .core import WARNING, Hit, Run, rule


@rule("IGNORE_UNKNOWN", WARNING, "`parley:ignore` names an existing rule that is a warning. Errors cannot be suppressed.")
def ignore_unknown(run: Run) -> Iterator[Hit]:
    places = list(run.files())
    for group in (run.services(), run.methods(), run.messages(), run.fields(), run.enums(), run.values()):
        places += [place for place, _ in group]
    severity = {r.id: r.severity for r in run.rules}
    for place in places:
        for name in place.nodes[-1].ignores:
            if name not in severity:
                yield place, "", "parley:ignore %s: there is no such rule" % name
            elif severity[name] != WARNING:
                yield place, "", "parley:ignore %s: the rule is an error and cannot be silenced" % name
