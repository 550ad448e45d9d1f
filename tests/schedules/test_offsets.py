"""The total a dial stands for after its meter was replaced, and the date of a reading (rules 0 and 7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.dates import start_of_day_ms
from schedules.meter import Meter, date_of_reading, judge
from schedules.reading import Reading
from tests.schedules.making import day, ms, plan_of

PLAN = plan_of()
HOUR = 3_600_000
DAY = 24 * HOUR
NOW = start_of_day_ms(day("2025-06-10"), PLAN.zone) + 12 * HOUR
CHANGED = NOW - 5 * HOUR
REPLACED = Meter(
    offset_ms=ms(845),
    total_ms=ms(845),
    time_ms=CHANGED,
    changes=((CHANGED - 100 * DAY, ms(300)), (CHANGED, ms(845))),
)


def total(dial: float, time_ms: int, meter: Meter) -> int:
    return judge(meter, Reading(ms(dial), time_ms, NOW), PLAN.meter, PLAN.zone, lambda _at: (None, None)).total_ms


@pytest.mark.parametrize(
    ("time_ms", "total_ms"),
    [
        (NOW, ms(848.2)),
        (CHANGED, ms(848.2)),
        (CHANGED - 1, ms(303.2)),
        (CHANGED - 80 * DAY, ms(303.2)),
        (CHANGED - 100 * DAY - 1, ms(848.2)),  # more than 90 days behind the last: the arrival counts, and its offset
    ],
)
def test_the_offset_in_force_at_the_time_of_the_reading(time_ms: int, total_ms: int) -> None:
    assert total(3.2, time_ms, REPLACED) == total_ms


def test_before_the_first_change_there_is_no_offset() -> None:
    meter = replace(REPLACED, changes=((CHANGED, ms(845)),))
    assert total(840, CHANGED - 1, meter) == ms(840)


def test_the_worked_example_of_a_meter_change() -> None:
    """842.5 h; {845.0 -> 0.0}; dial 3.2, 260.4, 361.0 (rules 9.6)."""
    meter = Meter(offset_ms=ms(845.0), changes=((0, ms(845.0)),))
    assert [ms(dial) + meter.offset_at(NOW) for dial in (3.2, 260.4, 361.0)] == [ms(848.2), ms(1105.4), ms(1206.0)]


# ---- the date of a reading


@pytest.mark.parametrize(
    ("time_ms", "arrived_ms", "handed_over_on", "expected"),
    [
        (NOW - DAY, NOW, None, "2025-06-09"),
        (NOW + 13 * HOUR, NOW, None, "2025-06-10"),
        (NOW - DAY, NOW, "2025-06-10", "2025-06-10"),
        (NOW, NOW, "2025-06-01", "2025-06-10"),
    ],
)
def test_the_date_of_a_reading(time_ms: int, arrived_ms: int, handed_over_on: str | None, expected: str) -> None:
    """The local date of the earlier of device time and arrival, never before D."""
    since = None if handed_over_on is None else day(handed_over_on)
    assert date_of_reading(time_ms, arrived_ms, PLAN.zone, since) == day(expected)
