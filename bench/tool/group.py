"""The terms of a measurement.

A group is one comparison: contenders that do the same work. Within each round they are measured one
after the other, so that other load on the machine affects all of them. One of them is the floor,
and the figures of the others are divided by its figure. A bar states the limit of such a ratio.
"""

from __future__ import annotations

import dataclasses
import statistics
from typing import Callable, Dict, List, Optional


@dataclasses.dataclass
class Contender:
    name: str
    measure: Callable[[], Dict[str, float]]


@dataclasses.dataclass
class Bar:
    """`contender` (divided by `against`, if given) is at most, or at least, `limit`."""

    what: str
    contender: str
    limit: float
    against: Optional[str] = None
    at_least: bool = False


@dataclasses.dataclass
class Group:
    row: str  # the row of the bench
    name: str                # unique
    title: str
    figure: str  # the compared key in the result of `measure`
    unit: str
    contenders: List[Contender]
    floor: Optional[str] = None
    bars: List[Bar] = dataclasses.field(default_factory=list)
    # Measures the floor again right before each contender, and divides by that.
    paired: bool = False
    # Fewer rounds than for other groups, if one measurement is long and steady.
    rounds: Optional[int] = None


@dataclasses.dataclass
class Outcome:
    """The samples of one contender, one for each round, and those of the floor that they are
    divided by."""

    samples: List[Dict[str, float]] = dataclasses.field(default_factory=list)
    floors: List[float] = dataclasses.field(default_factory=list)
    failure: Optional[str] = None


class Results:
    def __init__(self, group: Group):
        self.group = group
        self.outcomes = {contender.name: Outcome() for contender in group.contenders}

    def values(self, name: str) -> List[float]:
        return [sample[self.group.figure] for sample in self.outcomes[name].samples]

    def median(self, name: str, figure: Optional[str] = None) -> Optional[float]:
        values = [sample[figure or self.group.figure] for sample in self.outcomes[name].samples]
        return statistics.median(values) if values else None

    def ratio(self, name: str, against: str) -> Optional[float]:
        """The median over the rounds of the ratio within each round."""
        if name not in self.outcomes or against not in self.outcomes:
            return None
        mine = self.outcomes[name]
        below = mine.floors if self.group.paired and against == self.group.floor else self.values(against)
        quotients = [value / other for value, other in zip(self.values(name), below) if other > 0]
        return statistics.median(quotients) if quotients else None

    def measured(self, bar: Bar) -> Optional[float]:
        if bar.contender not in self.outcomes:
            return None
        return self.ratio(bar.contender, bar.against) if bar.against else self.median(bar.contender)

    def verdict(self, bar: Bar) -> str:
        value = self.measured(bar)
        if value is None:
            return "not measured"
        return "reached" if (value >= bar.limit if bar.at_least else value <= bar.limit) else "not reached"
