"""Refused readings in a row that agree among themselves: then a person has to decide on the meter (rules 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from schedules.plan import MeterRules
from schedules.reading import Verdict

GOES_ON = frozenset({Verdict.ACCEPTED, Verdict.NOISE})
"""The meter goes on normally: these end a row. A late reading tells of the past, and neither ends nor joins it."""
Seen = tuple[int, int]
"""A refused reading: the time that counts, and the total it stands for, in ms."""


def agrees(row: Sequence[Seen], rules: MeterRules) -> bool:
    """Whether the last readings of a row (in order of arrival) are enough, and any two of them plausible together."""
    last = row[-rules.agree :]
    return len(last) == rules.agree and all(_fit(one, other, rules) for one, other in combinations(last, 2))


def has_agreed(row: Iterable[Seen], rules: MeterRules) -> bool:
    """Whether a row agreed at any of its readings: until it ends, the decision is still to be made."""
    seen: list[Seen] = []
    for each in row:
        seen.append(each)
        if agrees(seen, rules):
            return True
    return False


def _fit(one: Seen, other: Seen, rules: MeterRules) -> bool:
    """As rules 7 judge a reading against the last one (rows 9 to 12), whichever of the two came first."""
    (earlier_ms, from_ms), (later_ms, to_ms) = sorted((one, other))
    gained_ms, elapsed_ms = to_ms - from_ms, later_ms - earlier_ms
    return (
        gained_ms >= -rules.slack_ms
        and (gained_ms - rules.slack_ms) * rules.rate.denominator <= rules.rate.numerator * elapsed_ms
    )
