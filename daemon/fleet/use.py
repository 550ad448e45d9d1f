"""How a made-up machine is used: engine time day by day, and its total at any instant."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from schedules.dates import ONE_DAY, local_date, start_of_day_ms
from schedules.hours import MS_PER_HOUR

_SUNDAY = 6
_COLD_MONTHS = frozenset({12, 1, 2})
_SPRING_FESTIVALS = (
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
    date(2031, 1, 23),
    date(2032, 2, 11),
    date(2033, 1, 31),
    date(2034, 2, 19),
    date(2035, 2, 8),
)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Hours a working day (least, most) inside a shift (local hours), and how likely a day is worked at all."""

    least: float
    most: float
    shift: tuple[float, float]
    works: float
    sundays: float
    rests_at_festival: bool = True
    rests_in_the_cold: bool = False


class Use(Enum):
    """Ways in which machines are used."""

    IDLE = _Pattern(0.3, 1.2, (9, 16), works=0.15, sundays=0.0)
    LIGHT = _Pattern(1.5, 3.5, (8, 17), works=0.8, sundays=0.1)
    SINGLE_SHIFT = _Pattern(6.0, 8.0, (7, 17.5), works=0.96, sundays=0.4)
    TWO_SHIFTS = _Pattern(12.5, 15.0, (5, 23), works=0.99, sundays=0.9, rests_at_festival=False)
    ROAD_SEASON = _Pattern(4.0, 6.5, (7, 18), works=0.9, sundays=0.3, rests_in_the_cold=True)


def festival_on(day: date) -> bool:
    """Whether building sites stand still around the Spring Festival."""
    return any(timedelta(-8) <= day - festival <= timedelta(13) for festival in _SPRING_FESTIVALS)


def engine_ms(use: Use, machine_id: str, seed: int, day: date, *, cold: bool) -> int:
    """Engine time in ms that a machine runs on a day; `cold`: it stands where winters are hard."""
    pattern = use.value
    draw = Random(f"{seed}/{machine_id}/{day.toordinal()}")  # noqa: S311 - nothing secret
    rests = (pattern.rests_at_festival and festival_on(day)) or (
        pattern.rests_in_the_cold and cold and day.month in _COLD_MONTHS
    )
    works = pattern.sundays if day.weekday() == _SUNDAY else pattern.works
    if rests or draw.random() >= works:
        return 0
    return int(draw.uniform(pattern.least, pattern.most) * MS_PER_HOUR)


class Engine:
    """A machine's true engine time from its first day of work to the end of the last local day asked for."""

    def __init__(self, use: Use, first: date, daily_ms: list[int], start_ms: int, zone: ZoneInfo) -> None:
        """`daily_ms` run on each day from `first` on; `start_ms` on the dial before."""
        begin_h, end_h = use.value.shift
        self._shift = (int(begin_h * MS_PER_HOUR), int(end_h * MS_PER_HOUR))
        self._daily = daily_ms
        self._totals = list(accumulate(daily_ms, initial=start_ms))
        self._first, self._zone = first, zone

    def shift_of(self, day: date) -> tuple[int, int]:
        """Instants between which the machine works on a day."""
        midnight = start_of_day_ms(day, self._zone)
        return midnight + self._shift[0], midnight + self._shift[1]

    def ran_on(self, day: date) -> bool:
        """Whether it worked at all on a day."""
        index = (day - self._first).days
        return 0 <= index < len(self._daily) and self._daily[index] > 0

    def total_at(self, at_ms: int) -> int:
        """Engine time in ms at an instant."""
        day = local_date(at_ms, self._zone)
        index = (day - self._first).days
        if index < 0 or index >= len(self._daily):
            return self._totals[0 if index < 0 else -1]
        begin, end = self.shift_of(day)
        worked = min(max(at_ms - begin, 0), end - begin)
        return self._totals[index] + self._daily[index] * worked // (end - begin)

    def day_reaching(self, total_ms: int) -> date | None:
        """The first day at whose end the total is at least this; None if that lies beyond the days known."""
        index = bisect_left(self._totals, total_ms)
        if index >= len(self._totals):
            return None
        return self._first + max(0, index - 1) * ONE_DAY
