"""The hour meter: what is believed of a reading (rules 7, rows 5 to 14). Whole milliseconds throughout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from schedules.dates import local_date
from schedules.hours import text
from schedules.plan import MeterRules
from schedules.reading import Reading, Source, Verdict

MS_PER_DAY = 86_400_000
Neighbours = Callable[[int], tuple[int | None, int | None]]
"""Totals of the believed readings nearest to an instant: the last at or before it, the first after it."""


@dataclass(slots=True)
class Meter:
    """State of one machine's meter: the offset in force, and the last accepted reading (both None before it).

    `changes` are the replacements so far as (instant, offset from then on), oldest first. `handed_over_on`
    None means stock.
    """

    offset_ms: int = 0
    total_ms: int | None = None
    time_ms: int | None = None
    changes: tuple[tuple[int, int], ...] = ()
    handed_over_on: date | None = None

    def offset_at(self, time_ms: int) -> int:
        """The offset in force at an instant (rules 7)."""
        if not self.changes or time_ms >= self.changes[-1][0]:
            return self.offset_ms
        earlier = [offset for since, offset in self.changes if since <= time_ms]
        return earlier[-1] if earlier else 0


@dataclass(slots=True)
class Judgement:
    """A verdict: the time that counts, the total it stands for, whether the device's clock was wrong, and why."""

    verdict: Verdict
    time_ms: int
    total_ms: int
    clock: bool = False
    reason: str | None = None


def judge(meter: Meter, reading: Reading, rules: MeterRules, zone: ZoneInfo, neighbours: Neighbours) -> Judgement:
    """The verdict on a reading that is not stored yet (rules 7, rows 5b to 14); the meter is left as it is."""
    time_ms, clock = _time_that_counts(meter, reading, rules)
    total_ms = reading.dial_ms + (meter.offset_at(time_ms) if meter.changes else meter.offset_ms)
    if reading.device_ms is None and reading.repeated and total_ms == meter.total_ms:
        return Judgement(Verdict.DUPLICATE, time_ms, total_ms, clock)
    verdict, reason = _verdict(meter, reading, rules, zone, neighbours, time_ms, total_ms)
    return Judgement(verdict, time_ms, total_ms, clock, reason)


def _time_that_counts(meter: Meter, reading: Reading, rules: MeterRules) -> tuple[int, bool]:
    if reading.device_ms is None:
        return reading.arrived_ms, reading.unreadable_time
    earliest = (reading.arrived_ms if meter.time_ms is None else meter.time_ms) - rules.past_ms
    if reading.device_ms > reading.arrived_ms + rules.future_ms or reading.device_ms < earliest:
        return reading.arrived_ms, True
    return reading.device_ms, False


def _verdict(
    meter: Meter,
    reading: Reading,
    rules: MeterRules,
    zone: ZoneInfo,
    neighbours: Neighbours,
    time_ms: int,
    total_ms: int,
) -> tuple[Verdict, str | None]:
    if meter.total_ms is None or meter.time_ms is None:
        return _first(meter, reading, rules, zone, time_ms, total_ms)
    if time_ms < meter.time_ms:
        return _among_earlier(rules, neighbours(time_ms), total_ms)
    return _against_last(meter.total_ms, time_ms - meter.time_ms, rules, total_ms)


def _first(
    meter: Meter, reading: Reading, rules: MeterRules, zone: ZoneInfo, time_ms: int, total_ms: int
) -> tuple[Verdict, str | None]:
    most_ms = rules.first_slack_ms
    if meter.handed_over_on is not None:
        days = (local_date(time_ms, zone) - meter.handed_over_on).days
        most_ms += max(0, days) * MS_PER_DAY
    if reading.source is Source.TELEMATICS and total_ms > most_ms:
        return Verdict.JUMP, f"a first reading of {text(total_ms)} h; at most {text(most_ms)} h is plausible"
    return Verdict.ACCEPTED, None


def _against_last(last_ms: int, elapsed_ms: int, rules: MeterRules, total_ms: int) -> tuple[Verdict, str | None]:
    gained_ms = total_ms - last_ms
    if gained_ms < -rules.slack_ms:
        return Verdict.ROLLBACK, f"{text(total_ms)} h is below the last total of {text(last_ms)} h"
    if gained_ms < 0:
        return Verdict.NOISE, None
    if (gained_ms - rules.slack_ms) * rules.rate.denominator > rules.rate.numerator * elapsed_ms:
        return Verdict.JUMP, f"{text(gained_ms)} h more than the last total in {text(elapsed_ms)} h"
    return Verdict.ACCEPTED, None


def _among_earlier(
    rules: MeterRules, nearest: tuple[int | None, int | None], total_ms: int
) -> tuple[Verdict, str | None]:
    before_ms, after_ms = nearest
    if before_ms is not None and total_ms < before_ms - rules.slack_ms:
        return (
            Verdict.INCONSISTENT,
            f"{text(total_ms)} h is below the {text(before_ms)} h of an earlier reading",
        )
    if after_ms is not None and total_ms > after_ms + rules.slack_ms:
        return Verdict.INCONSISTENT, f"{text(total_ms)} h is above the {text(after_ms)} h of a later reading"
    return Verdict.LATE, None


def date_of_reading(time_ms: int, arrived_ms: int, zone: ZoneInfo, handed_over_on: date | None) -> date:
    """The date of a reading: of the earlier of device time and arrival, never before the hand-over (rules 0)."""
    day = local_date(min(time_ms, arrived_ms), zone)
    return day if handed_over_on is None else max(day, handed_over_on)
