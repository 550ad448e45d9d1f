"""Periods of duties: every one that has passed, once and in order, in every time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from schedules.dates import ONE_DAY, local_date, start_of_day_ms
from schedules.duty import DAILY_SWEEP, STOCK_OPENING

_FIRST = date(2010, 1, 1)
_DAYS = [_FIRST + ONE_DAY * n for n in range(20 * 366)]
_MIDNIGHTS = [datetime(day.year, day.month, day.day) for day in _DAYS]  # noqa: DTZ001 - of every zone
_SLICES = 4


@pytest.mark.parametrize(
    ("last", "today", "passed"),
    [
        (None, date(2026, 11, 23), ["2026-11-23"]),
        ("2026-11-23", date(2026, 11, 23), []),
        ("2026-12-30", date(2027, 1, 2), ["2026-12-31", "2027-01-01", "2027-01-02"]),
        ("2026-11-23", date(2026, 11, 20), []),
    ],
)
def test_a_day_is_a_period(last: str | None, today: date, passed: list[str]) -> None:
    assert list(DAILY_SWEEP.passed(last, today)) == passed


@pytest.mark.parametrize(
    ("last", "today", "passed"),
    [
        (None, date(2026, 11, 23), ["2026-11"]),
        ("2026-11", date(2026, 11, 30), []),
        ("2026-11", date(2027, 2, 1), ["2026-12", "2027-01", "2027-02"]),
        ("2027-02", date(2026, 12, 31), []),
    ],
)
def test_a_month_is_a_period(last: str | None, today: date, passed: list[str]) -> None:
    assert list(STOCK_OPENING.passed(last, today)) == passed


def test_forty_days_are_forty_periods_in_order() -> None:
    first = date(2028, 2, 10)
    assert list(DAILY_SWEEP.passed(first.isoformat(), first + ONE_DAY * 40)) == _named(first, first + ONE_DAY * 40)


def test_a_duty_is_due_again_with_the_next_period() -> None:
    assert DAILY_SWEEP.next_on("2028-02-28") == date(2028, 2, 29)
    assert STOCK_OPENING.next_on("2027-12") == date(2028, 1, 1)


@pytest.mark.parametrize("part", range(_SLICES))
def test_asked_at_the_next_due_instant_every_zone_begins_the_next_period(part: int) -> None:
    """Twenty years of every zone: woken when a day begins, not before, and no day is begun twice or left out."""
    for name in sorted(available_timezones())[part::_SLICES]:
        zone = ZoneInfo(name)
        for index in _worth_a_look(zone):
            due_ms = start_of_day_ms(_DAYS[index], zone)
            before, day = (local_date(due_ms + beside_ms, zone) for beside_ms in (-1, 0))
            assert before < _DAYS[index] <= day, (name, _DAYS[index])
            done = DAILY_SWEEP.period(before)
            assert list(DAILY_SWEEP.passed(done, day)) == _named(before, day), (name, day)


def _worth_a_look(zone: ZoneInfo) -> Iterator[int]:
    """Days around every change of the clock, and one in each month."""
    offsets = [midnight.replace(tzinfo=zone).utcoffset() for midnight in _MIDNIGHTS]
    changes = {index for index, (earlier, later) in enumerate(pairwise(offsets)) if earlier != later}
    near = {index + beside for index in changes for beside in (-1, 0, 1, 2)}
    yield from sorted((near | set(range(0, len(_DAYS), 30))) & set(range(len(_DAYS))))


def _named(before: date, day: date) -> list[str]:
    return [(before + ONE_DAY * n).isoformat() for n in range(1, (day - before).days + 1)]


def test_every_day_of_twenty_years_and_every_month_is_the_one_after_the_last() -> None:
    for duty, letters in ((DAILY_SWEEP, 10), (STOCK_OPENING, 7)):
        done, periods = duty.period(_DAYS[0]), [duty.period(_DAYS[0])]
        while duty.next_on(done) <= _DAYS[-1]:
            (done,) = duty.passed(done, duty.next_on(done))
            periods.append(done)
        assert periods == list(dict.fromkeys(day.isoformat()[:letters] for day in _DAYS))


def test_a_day_that_was_left_out_has_its_row_with_the_next() -> None:
    """Samoa went from 29 December 2011 to the 31st."""
    zone = ZoneInfo("Pacific/Apia")
    at_ms = start_of_day_ms(date(2011, 12, 29) + timedelta(days=1), zone)

    assert list(DAILY_SWEEP.passed("2011-12-29", local_date(at_ms, zone))) == ["2011-12-30", "2011-12-31"]
