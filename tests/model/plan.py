"""The default numbers of the plan, as rules.md gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = 3_600_000  # whole milliseconds of engine time

WARRANTY_MONTHS = {"half_year": 6, "one_year": 12}


@dataclass(frozen=True)
class Visit:
    """One row of the table in rules 1."""

    step: str
    hours: int
    opens: tuple[int, str]
    due: tuple[int, str]
    lead: int
    tolerance: int
    warranties: tuple[str, ...]


VISITS = (
    Visit("100", 100, (7, "days"), (10, "days"), 20, 10, ("half_year", "one_year")),
    Visit("600", 600, (2, "months"), (3, "months"), 50, 50, ("half_year", "one_year")),
    Visit("1200", 1200, (5, "months"), (6, "months"), 50, 50, ("half_year", "one_year")),
    Visit("1800", 1800, (8, "months"), (9, "months"), 50, 50, ("one_year",)),
    Visit("2400", 2400, (11, "months"), (12, "months"), 50, 50, ("one_year",)),
)

CYCLE_EVERY = 600
CYCLE_LEAD = 50

FREEZE_ARRIVAL_DAYS = 2

FUTURE = timedelta(minutes=10)
PAST = timedelta(days=90)
RATE_PERCENT = 105
SLACK = 1 * HOUR
MAXIMUM_HOURS = 200_000
FIRST_SLACK_HOURS = 500
FIRST_HOURS_A_DAY = 24


def local_date(instant: datetime) -> date:
    return instant.astimezone(ZONE).date()


def add_months(start: date, months: int) -> date:
    """The same day of the month, clipped to the month's end."""
    number = start.year * 12 + (start.month - 1) + months
    year, month = number // 12, number % 12 + 1
    day = start.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def add(start: date, span: tuple[int, str]) -> date:
    count, unit = span
    if unit == "days":
        return start + timedelta(days=count)
    return add_months(start, count)


def month_end(day: date) -> date:
    return add_months(day.replace(day=1), 1) - timedelta(days=1)


def tomorrow(day: date) -> date:
    return day + timedelta(days=1)
