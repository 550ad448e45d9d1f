"""How dates, instants and hours look outside (design 5): ISO 8601, the plan's time zone, at most 3 decimals."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from schedules.dates import moment
from schedules.hours import shown


def iso(day: date | None) -> str | None:
    """A date as YYYY-MM-DD."""
    return None if day is None else day.isoformat()


def instant(at_ms: int | None, zone: ZoneInfo) -> str | None:
    """An instant (ms since 1970) with the zone's offset; fractions of a second only where there are some."""
    if at_ms is None:
        return None
    precision = "milliseconds" if at_ms % 1000 else "seconds"
    return moment(at_ms).astimezone(zone).isoformat(timespec=precision)


def hours(engine_ms: int | None) -> float | None:
    """Engine time in hours; whole hours without a fraction."""
    if engine_ms is None:
        return None
    value = shown(engine_ms)
    return int(value) if value.is_integer() else value
