"""Copy 1 of the form goes to the maker in time, or the fee is forfeited (rules 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schedules.dates import ONE_DAY, last_of_month


class Copy1(StrEnum):
    """How copy 1 of a form stands: the fee is forfeited when it was not sent in time, or too late."""

    SENT = "sent"
    SENT_LATE = "sent_late"
    MISSING = "missing"
    FORFEITED = "forfeited"


@dataclass(frozen=True, slots=True)
class Copy1Rules:
    """Days of the month after the visit: on which the centre is reminded, and by which copy 1 is sent."""

    remind_day: int
    last_day: int

    def remind_on(self, done_on: date) -> date:
        """The day on which the centre is reminded of a visit's form."""
        return _next_month(done_on).replace(day=self.remind_day)

    def sent_by(self, done_on: date) -> date:
        """The last day on which copy 1 of a visit's form is in time."""
        return _next_month(done_on).replace(day=self.last_day)

    def forfeited_before(self, today: date) -> date:
        """Forms of visits before this day are forfeited if copy 1 was not sent."""
        begins_on = today.replace(day=1)
        return begins_on if today.day > self.last_day else (begins_on - ONE_DAY).replace(day=1)

    def state(self, done_on: date, sent_on: date | None, today: date) -> Copy1:
        """How copy 1 of a visit's form stands."""
        last_on = self.sent_by(done_on)
        if sent_on is not None:
            return Copy1.SENT if sent_on <= last_on else Copy1.SENT_LATE
        return Copy1.MISSING if today <= last_on else Copy1.FORFEITED


def _next_month(day: date) -> date:
    return last_of_month(day) + ONE_DAY
