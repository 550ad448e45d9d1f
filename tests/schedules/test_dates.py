"""Months clipped to their end, always from the same day (rules 0); days of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.dates import Span, add_months, instant_ms, last_of_month, local_date, moment, start_of_day_ms
from tests.schedules.making import day

SHANGHAI = ZoneInfo("Asia/Shanghai")
DATES = st.dates(date(1999, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2023-12-31", 2, "2024-02-29"),
        ("2023-12-31", 3, "2024-03-31"),
        ("2025-01-31", 3, "2025-04-30"),
        ("2025-01-31", 5, "2025-06-30"),
        ("2025-08-31", 5, "2026-01-31"),
        ("2025-08-31", 6, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2025-05-05", 0, "2025-05-05"),
    ],
)
def test_months_are_clipped_to_the_months_end(start: str, months: int, expected: str) -> None:
    assert add_months(day(start), months) == day(expected)
    assert Span(months=months).after(day(start)) == day(expected)


def naive_months(start: date, months: int) -> date:
    """Walk from the first of a month to the next; then as many days on as the month has."""
    first = start.replace(day=1)
    for _ in range(months):
        first = (first + timedelta(days=31)).replace(day=1)
    there = [first + timedelta(days=number) for number in range(31)]
    return [on for on in there if on.month == first.month and on.day <= start.day][-1]


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(DATES, st.integers(min_value=0, max_value=60))
def test_months_against_walking_there(start: date, months: int) -> None:
    assert add_months(start, months) == naive_months(start, months)


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(DATES)
def test_the_last_of_a_month_is_before_a_first(on: date) -> None:
    last = last_of_month(on)
    assert (last.year, last.month) == (on.year, on.month)
    assert (last + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7 days", Span(days=7)),
        ("1 day", Span(days=1)),
        ("0 days", Span()),
        ("2 months", Span(months=2)),
        ("1 month", Span(months=1)),
    ],
)
def test_spans_are_written_in_words(written: str, expected: Span) -> None:
    assert Span.parse(written) == expected


@pytest.mark.parametrize(
    "written", ["", "7", "days", "7days", "7 weeks", "-7 days", "7 days ", "1.5 months", "७ days x"]
)
def test_what_is_no_span_is_said_so(written: str) -> None:
    with pytest.raises(ValueError, match='expected a span such as "7 days" or "2 months"'):
        Span.parse(written)


def test_days_count_from_the_day_after() -> None:
    assert Span(days=10).after(day("2025-03-03")) == day("2025-03-13")


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2025-06-30T15:30:00+00:00", "2025-06-30"),
        ("2025-06-30T15:59:59.999+00:00", "2025-06-30"),
        ("2025-06-30T16:00:00+00:00", "2025-07-01"),
        ("2025-07-10T16:00:00+00:00", "2025-07-11"),
    ],
)
def test_the_local_date_turns_at_local_midnight(instant: str, expected: str) -> None:
    assert local_date(instant_ms(datetime.fromisoformat(instant)), SHANGHAI) == day(expected)


@pytest.mark.parametrize(
    ("zone", "on", "expected"),
    [
        ("Asia/Shanghai", "2025-07-11", "2025-07-10T16:00:00+00:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00+00:00"),  # there was no midnight
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00+00:00"),  # there were two
        ("Europe/Berlin", "2025-03-30", "2025-03-29T23:00:00+00:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone: str, on: str, expected: str) -> None:
    start_ms = start_of_day_ms(day(on), ZoneInfo(zone))
    assert moment(start_ms) == datetime.fromisoformat(expected)
    assert local_date(start_ms, ZoneInfo(zone)) == day(on)
    assert local_date(start_ms - 1, ZoneInfo(zone)) == day(on) - timedelta(days=1)


def test_instants_are_whole_milliseconds_also_before_1970() -> None:
    for at_ms in (-1, 0, 1, 1_751_297_400_123):
        assert instant_ms(moment(at_ms)) == at_ms
    assert instant_ms(datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)) == -1
