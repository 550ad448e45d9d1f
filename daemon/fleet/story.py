"""Lines of a timeline, as the made-up fleet's year is told (design 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from daemon.timeline import Line
from schedules.dates import moment
from schedules.hours import MS_PER_HOUR

_SHOWN_MS = 36_000
"""Dials show hundredths of an hour."""


@dataclass(frozen=True, slots=True)
class Year:
    """The seed of all that is made up, the instant up to which it happened, and the zone of its days."""

    seed: int
    now_ms: int
    zone: ZoneInfo

    def iso(self, at_ms: int) -> str:
        """An instant as devices and people write it."""
        return moment(at_ms).astimezone(self.zone).isoformat(timespec="milliseconds")


def line(at_ms: int, do: str, machine_id: str | None = None, **fields: Any) -> Line:  # noqa: ANN401 - JSON values
    """A line without a number; what is None is left out."""
    known = {"machine_id": machine_id, **fields}
    return Line(0, at_ms, do, {name: value for name, value in known.items() if value is not None})


def dial(total_ms: int) -> Decimal:
    """Engine time as a dial shows it, in hours."""
    return Decimal(total_ms // _SHOWN_MS) / Decimal(MS_PER_HOUR // _SHOWN_MS)


def exact(total_ms: int) -> Decimal:
    """Engine time in hours to the ms."""
    return (Decimal(total_ms) / MS_PER_HOUR).quantize(Decimal("0.000001"))


def at_hour(day: date, hour: float, zone: ZoneInfo) -> int:
    """The instant of a local hour (such as 13.5) of a day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(midnight.timestamp() * 1000) + int(hour * MS_PER_HOUR)
