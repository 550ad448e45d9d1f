"""Calendar arithmetic of rules 0: local dates, and months that are clipped to the month's end."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
_SHORTEST_MONTH = 28
_SPAN = re.compile(r"(\d{1,4}) (day|month)s?")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the calendar: whole days or whole months, never both."""

    days: int = 0
    months: int = 0

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read `"7 days"` or `"2 months"`; ValueError says what was expected."""
        match = _SPAN.fullmatch(text)
        if match is None:
            message = f'expected a span such as "7 days" or "2 months", got {text!r}'
            raise ValueError(message)
        count = int(match[1])
        return cls(days=count) if match[2] == "day" else cls(months=count)

    def after(self, start: date) -> date:
        """The date this long after `start`; a month is clipped to its end (rules 0)."""
        return add_months(start, self.months) + timedelta(days=self.days)


def add_months(start: date, months: int) -> date:
    """Same day of the month `months` later, clipped to the month's end (rules 0)."""
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = start.day if start.day <= _SHORTEST_MONTH else min(start.day, calendar.monthrange(year, month0 + 1)[1])
    return date(year, month0 + 1, day)


def last_of_month(day: date) -> date:
    """The last day of the month that `day` lies in."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def instant_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware datetime."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def moment(at_ms: int) -> datetime:
    """The UTC datetime of whole milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)


def local_date(at_ms: int, zone: ZoneInfo) -> date:
    """The local date of an instant (rules 0)."""
    return moment(at_ms).astimezone(zone).date()


def start_of_day_ms(day: date, zone: ZoneInfo) -> int:
    """The instant at which a local day begins; where midnight does not exist, the first instant after it."""
    return instant_ms(datetime(day.year, day.month, day.day, tzinfo=zone))


def on_day(at_ms: int, day: date, zone: ZoneInfo) -> int:
    """The instant at the same time of another local day."""
    time = moment(at_ms).astimezone(zone).timetz()
    return instant_ms(datetime.combine(day, time))
