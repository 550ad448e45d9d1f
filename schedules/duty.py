"""Duties of the calendar, and the periods they are done for: one row for every period that has passed (promise 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schedules.dates import ONE_DAY, add_months


class Every(StrEnum):
    """How often a duty is done."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Duty:
    """What is done once per period; a period is named by its local date or month: `2026-11-23`, `2026-11`."""

    name: str
    every: Every

    def period(self, day: date) -> str:
        """The period that a day lies in."""
        return _first(self, day).isoformat()[: _LETTERS[self.every]]

    def begins_on(self, period: str) -> date:
        """The first day of a period."""
        return date.fromisoformat(f"{period}-01"[:10])

    def next_on(self, period: str) -> date:
        """The first day of the period after this one."""
        first = self.begins_on(period)
        return first + ONE_DAY if self.every is Every.DAY else add_months(first, 1)

    def passed(self, last: str | None, today: date) -> Iterator[str]:
        """The periods from the one after `last` to today's, in order; today's alone if there was none."""
        day = _first(self, today) if last is None else self.next_on(last)
        while day <= today:
            yield self.period(day)
            day = self.next_on(self.period(day))


_LETTERS = {Every.DAY: 10, Every.MONTH: 7}


def _first(duty: Duty, day: date) -> date:
    return day if duty.every is Every.DAY else day.replace(day=1)


DAILY_SWEEP = Duty("daily_sweep", Every.DAY)
"""Every machine whose calendar changes something by that day was asked."""
STOCK_OPENING = Duty("stock_opening", Every.MONTH)
"""The month's upkeep was opened for every machine in stock: the first sweep in the month does it (rules 3, K1)."""
RETENTION = Duty("retention", Every.DAY)
"""What is older than the operator wants to keep, and proves nothing, was deleted."""
DUTIES = (DAILY_SWEEP, STOCK_OPENING, RETENTION)
