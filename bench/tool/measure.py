"""Rounds: every group is measured in every round, in a different order each time, and within a
group every contender.
"""

from __future__ import annotations

import random
import sys
import time
from typing import List

from .group import Group, Results


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _measure(results: Results, name: str) -> None:
    outcome = results.outcomes[name]
    contender = next(one for one in results.group.contenders if one.name == name)
    if outcome.failure:
        return
    try:
        outcome.samples.append(contender.measure())
    except RuntimeError as why:
        outcome.failure = str(why)
        say(f"   {results.group.name}: {name}: {why}")


def _round_of(results: Results) -> None:
    group = results.group
    names = [contender.name for contender in group.contenders]
    random.shuffle(names)
    for name in names:
        if group.paired and name != group.floor:
            _measure(results, group.floor)
            floor = results.outcomes[group.floor].samples
            before = len(results.outcomes[name].samples)
            _measure(results, name)
            if floor and len(results.outcomes[name].samples) > before:
                results.outcomes[name].floors.append(floor[-1][group.figure])
        elif not group.paired:
            _measure(results, name)


def run(groups: List[Group], rounds: int) -> List[Results]:
    all_results = [Results(group) for group in groups]
    started = time.monotonic()
    for number in range(rounds):
        say(f"== round {number + 1} of {rounds} ({time.monotonic() - started:.0f} s)")
        order = [results for results in all_results if number < (results.group.rounds or rounds)]
        random.shuffle(order)
        for results in order:
            _round_of(results)
    return all_results
