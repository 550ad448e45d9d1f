"""Which days people work: their week, their country's holidays, and what the operator knows better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

EVERY_DAY = frozenset(range(7))


def ordinary(_day: date) -> bool | None:
    """A country without holidays."""
    return None


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Days of the week (Monday is 0), and days that are otherwise than their day of the week says.

    `national` says of a day whether the country works on it (a make-up day), rests (a holiday), or neither (None).
    The extra days are the operator's and come before it.
    """

    weekdays: frozenset[int] = EVERY_DAY
    national: Callable[[date], bool | None] = ordinary
    extra_holidays: frozenset[date] = frozenset()
    extra_working_days: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        """Whether people work on a day."""
        if day in self.extra_holidays or day in self.extra_working_days:
            return day in self.extra_working_days
        national = self.national(day)
        return day.weekday() in self.weekdays if national is None else national
