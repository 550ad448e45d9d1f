"""Dates and instants on the command line: `2025-03-03`, or `2025-03-03T08:00:00+08:00`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.commands.parsed import Parsed
from schedules.dates import instant_ms, start_of_day_ms

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Moment:
    """What was given: a whole local day, or an instant in ms."""

    day: date | None = None
    at_ms: int | None = None

    def begins_ms(self, zone: ZoneInfo) -> int:
        """The instant; of a day its first."""
        return start_of_day_ms(self.day, zone) if self.day is not None else self.at_ms or 0

    def ends_ms(self, zone: ZoneInfo, now_ms: int) -> int:
        """The instant; of a day its last, or now if it is today."""
        if self.day is None:
            return self.at_ms or 0
        begins_ms, ends_ms = start_of_day_ms(self.day, zone), start_of_day_ms(self.day + timedelta(days=1), zone) - 1
        return now_ms if begins_ms <= now_ms <= ends_ms else ends_ms


def day_of(text: str) -> date:
    """A date YYYY-MM-DD; ValueError says what is wrong."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    message = f"{text!r} is no date YYYY-MM-DD"
    raise ValueError(message)


def moment_of(text: str) -> Moment:
    """A date, or an instant with offset; ValueError says what is wrong."""
    if _DAY.fullmatch(text):
        return Moment(day=day_of(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        message = f"{text!r} is neither a date YYYY-MM-DD nor an instant with offset such as 2025-03-03T08:00:00+08:00"
        raise ValueError(message)
    return Moment(at_ms=instant_ms(at))


def month_of(text: str) -> date:
    """The first day of a month YYYY-MM; ValueError says what is wrong."""
    try:
        return day_of(f"{text}-01")
    except ValueError:
        message = f"{text!r} is no month YYYY-MM"
        raise ValueError(message) from None


MONTH = Parsed("YYYY-MM", month_of)
DAY = Parsed("YYYY-MM-DD", day_of)
MOMENT = Parsed("DATE|INSTANT", moment_of)
