"""Each row of the table of verdicts, at its limit (rules 7, rows 5 to 14)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.dates import start_of_day_ms
from schedules.meter import Judgement, Meter, judge
from schedules.reading import Reading, Source, Verdict
from tests.schedules.making import day, ms, plan_of

PLAN = plan_of()
HOUR = 3_600_000
DAY = 24 * HOUR
MINUTE = 60_000
NOW = start_of_day_ms(day("2025-06-10"), PLAN.zone) + 12 * HOUR
LAST = Meter(total_ms=ms(600), time_ms=NOW - 10 * HOUR)
FIRST = Meter(handed_over_on=day("2025-06-01"))
Near = tuple[int | None, int | None]


def verdict(
    hours: int, time_ms: int | None = NOW, meter: Meter = LAST, near: Near = (None, None), **fields: object
) -> Judgement:
    """A dial of so many ms, arriving now unless told otherwise; the meter is left as it was."""
    reading = replace(Reading(hours, time_ms, NOW), **fields)  # type: ignore[arg-type]
    before = replace(meter)
    found = judge(meter, reading, PLAN.meter, PLAN.zone, lambda _at: near)
    assert meter == before
    assert (found.reason is not None) == (found.verdict in {Verdict.JUMP, Verdict.ROLLBACK, Verdict.INCONSISTENT})
    return found


# ---- rows 5 and 6: without a device time


@pytest.mark.parametrize(
    ("hours", "repeated", "expected"),
    [
        (ms(600), True, Verdict.DUPLICATE),
        (ms(600), False, Verdict.ACCEPTED),  # two equal readings are two
        (ms(600) + 1, True, Verdict.ACCEPTED),
        (ms(600) - 1, True, Verdict.NOISE),
    ],
)
def test_row_5_repeated_by_the_broker_and_equal_to_the_last(hours: int, repeated: bool, expected: Verdict) -> None:
    assert verdict(hours, None, repeated=repeated).verdict is expected


def test_row_5_is_not_for_readings_with_a_device_time() -> None:
    assert verdict(ms(600), NOW, repeated=True).verdict is Verdict.ACCEPTED


def test_row_5_compares_totals_not_dials() -> None:
    changed = replace(LAST, offset_ms=ms(500), changes=((NOW - 20 * HOUR, ms(500)),))
    assert verdict(ms(100), None, changed, repeated=True).verdict is Verdict.DUPLICATE
    assert verdict(ms(600), None, changed, repeated=True).verdict is Verdict.JUMP


def test_row_6_without_a_device_time_the_arrival_counts() -> None:
    found = verdict(ms(601), None)
    assert (found.verdict, found.time_ms, found.clock) == (Verdict.ACCEPTED, NOW, False)


# ---- row 7: the clock


@pytest.mark.parametrize(
    ("time_ms", "counts", "clock"),
    [
        (NOW, NOW, False),
        (NOW + 10 * MINUTE, NOW + 10 * MINUTE, False),
        (NOW + 10 * MINUTE + 1, NOW, True),
        (NOW + 400 * DAY, NOW, True),
        (NOW - 10 * HOUR - 90 * DAY, NOW - 10 * HOUR - 90 * DAY, False),
        (NOW - 10 * HOUR - 90 * DAY - 1, NOW, True),
        (0, NOW, True),
    ],
)
def test_row_7_a_wrong_clock_is_flagged_and_the_arrival_counts(time_ms: int, counts: int, clock: bool) -> None:
    found = verdict(ms(600), time_ms)
    assert (found.time_ms, found.clock) == (counts, clock)
    assert found.verdict is (Verdict.LATE if counts < NOW - 10 * HOUR else Verdict.ACCEPTED)


@pytest.mark.parametrize(("back", "clock"), [(90 * DAY, False), (90 * DAY + 1, True)])
def test_row_7_with_no_last_reading_counts_from_the_arrival(back: int, clock: bool) -> None:
    found = verdict(0, NOW - back, FIRST)
    assert (found.clock, found.time_ms) == (clock, NOW if clock else NOW - back)


def test_row_7_an_unreadable_time_counts_as_missing_and_is_flagged() -> None:
    found = verdict(ms(601), None, unreadable_time=True)
    assert (found.verdict, found.time_ms, found.clock) == (Verdict.ACCEPTED, NOW, True)


# ---- row 8: the first


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, Verdict.ACCEPTED),
        (ms(9 * 24 + 500), Verdict.ACCEPTED),  # nine days since the hand-over
        (ms(9 * 24 + 500) + 1, Verdict.JUMP),
    ],
)
def test_row_8_a_first_reading_is_bounded_by_the_days_since_hand_over(hours: int, expected: Verdict) -> None:
    assert verdict(hours, meter=FIRST).verdict is expected


@pytest.mark.parametrize(("hours", "expected"), [(ms(500), Verdict.ACCEPTED), (ms(500) + 1, Verdict.JUMP)])
@pytest.mark.parametrize(
    "meter", [Meter(), Meter(handed_over_on=day("2025-06-10")), Meter(handed_over_on=day("2025-06-11"))]
)
def test_row_8_in_stock_and_on_the_first_day_500_hours(meter: Meter, hours: int, expected: Verdict) -> None:
    assert verdict(hours, meter=meter).verdict is expected


@pytest.mark.parametrize("source", [Source.MANUAL, Source.IMPORTED])
def test_row_8_bounds_only_what_machines_send(source: Source) -> None:
    assert verdict(ms(20_000), meter=FIRST, source=source).verdict is Verdict.ACCEPTED


def test_row_8_counts_to_the_day_of_the_reading_not_of_its_arrival() -> None:
    assert verdict(ms(4 * 24 + 500), NOW - 5 * DAY, FIRST).verdict is Verdict.ACCEPTED
    assert verdict(ms(4 * 24 + 500) + 1, NOW - 5 * DAY, FIRST).verdict is Verdict.JUMP


# ---- rows 9 to 12: not before the last


@pytest.mark.parametrize(
    ("gained", "expected"),
    [
        (-ms(600), Verdict.ROLLBACK),
        (-HOUR - 1, Verdict.ROLLBACK),
        (-HOUR, Verdict.NOISE),
        (-1, Verdict.NOISE),
        (0, Verdict.ACCEPTED),
        (10 * HOUR, Verdict.ACCEPTED),
        (ms(11.5), Verdict.ACCEPTED),  # 1.05 x 10 h + 1 h
        (ms(11.5) + 1, Verdict.JUMP),
        (ms(5000), Verdict.JUMP),
    ],
)
def test_rows_9_to_12_ten_hours_later(gained: int, expected: Verdict) -> None:
    found = verdict(ms(600) + gained)
    assert (found.verdict, found.total_ms) == (expected, ms(600) + gained)


@pytest.mark.parametrize(
    ("elapsed", "gained", "expected"),
    [
        (0, HOUR, Verdict.ACCEPTED),
        (0, HOUR + 1, Verdict.JUMP),
        (0, -1, Verdict.NOISE),
        (0, -HOUR - 1, Verdict.ROLLBACK),
        (10, HOUR + 10, Verdict.ACCEPTED),  # 10.5 ms are possible, and a reading is whole
        (10, HOUR + 11, Verdict.JUMP),
        (20, HOUR + 21, Verdict.ACCEPTED),
        (365 * DAY, 365 * 25 * HOUR, Verdict.ACCEPTED),
        (365 * DAY, 365 * 26 * HOUR, Verdict.JUMP),
    ],
)
def test_rows_9_to_12_by_the_time_between(elapsed: int, gained: int, expected: Verdict) -> None:
    meter = Meter(total_ms=ms(600), time_ms=NOW - elapsed)
    assert verdict(ms(600) + gained, meter=meter).verdict is expected


def test_rows_9_to_12_are_for_all_sources() -> None:
    for source in Source:
        assert verdict(ms(500), source=source).verdict is Verdict.ROLLBACK
        assert verdict(ms(700), source=source).verdict is Verdict.JUMP


# ---- rows 13 and 14: before the last


@pytest.mark.parametrize(
    ("hours", "near", "expected"),
    [
        (ms(550), (ms(500), ms(600)), Verdict.LATE),
        (ms(499), (ms(500), ms(600)), Verdict.LATE),
        (ms(499) - 1, (ms(500), ms(600)), Verdict.INCONSISTENT),
        (ms(601), (ms(500), ms(600)), Verdict.LATE),
        (ms(601) + 1, (ms(500), ms(600)), Verdict.INCONSISTENT),
        (0, (None, ms(600)), Verdict.LATE),
        (ms(601) + 1, (None, ms(600)), Verdict.INCONSISTENT),
        (ms(9000), (ms(500), None), Verdict.LATE),
        (ms(550), (None, None), Verdict.LATE),
    ],
)
def test_rows_13_and_14_between_the_neighbours_in_time(hours: int, near: Near, expected: Verdict) -> None:
    assert verdict(hours, NOW - 10 * HOUR - 1, near=near).verdict is expected


def test_rows_13_and_14_ask_for_the_neighbours_of_the_time_that_counts() -> None:
    asked: list[int] = []

    def nearest(time_ms: int) -> Near:
        asked.append(time_ms)
        return None, None

    judge(LAST, Reading(0, NOW - DAY, NOW), PLAN.meter, PLAN.zone, nearest)
    assert asked == [NOW - DAY]
