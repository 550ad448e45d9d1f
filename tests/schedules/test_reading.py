"""Which values can be the hours of a meter at all (rules 7, rows 1 to 3)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schedules.reading import Refusal, Unit, Verdict, dial_of
from tests.schedules.making import ms, plan_of

RULES = plan_of().meter


def dial(value: object, unit: Unit = Unit.HOURS) -> int | Verdict:
    found = dial_of(value, unit, RULES)
    return found.verdict if isinstance(found, Refusal) else found


@pytest.mark.parametrize(
    "value", [True, False, [], [1], {}, {"hours": 1}, "612.5", "nan", " ", "NaN ", "null", "inf", "00612:30:00"]
)
def test_row_1_what_is_no_number_is_malformed(value: object) -> None:
    assert dial(value) is Verdict.MALFORMED


@pytest.mark.parametrize("value", [None, "", "NaN"])
@pytest.mark.parametrize("unit", Unit)
def test_row_2_what_says_that_there_is_none_is_not_available(value: object, unit: Unit) -> None:
    assert dial(value, unit) is Verdict.NOT_AVAILABLE


@pytest.mark.parametrize(
    "number",
    ["-1", "-1.0", "-1e0", "4294967295", "4294967295.0", "214748364.75", "214748364.750", "NaN", "-NaN", "sNaN"],
)
@pytest.mark.parametrize("unit", Unit)
def test_row_2_the_raw_numbers_that_stand_for_nothing(number: str, unit: Unit) -> None:
    """Whatever the unit: it is the raw number that means it."""
    assert dial(Decimal(number), unit) is Verdict.NOT_AVAILABLE


@pytest.mark.parametrize(
    "number",
    [
        "Infinity",
        "-Infinity",
        "-0.5",
        "-1.001",
        "-2",
        "-4294967295",
        "200000.001",
        "200001",
        "1e9",
        "4294967294",
        "1e999999",
    ],
)
def test_row_3_what_no_meter_shows_is_out_of_range(number: str) -> None:
    assert dial(Decimal(number)) is Verdict.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("number", "unit", "most"),
    [
        ("12000000", Unit.MINUTES, 200_000),
        ("720000000", Unit.SECONDS, 200_000),
        ("720000000000", Unit.MILLISECONDS, 200_000),
        ("4000000", Unit.J1939, 200_000),
    ],
)
def test_row_3_counts_hours_in_every_unit(number: str, unit: Unit, most: int) -> None:
    assert dial(Decimal(number), unit) == ms(most)
    assert dial(Decimal(number) + 1, unit) is Verdict.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("0.0", 0),
        ("612.5", ms(612.5)),
        ("200000", ms(200_000)),
        ("200000.0000002", ms(200_000)),  # finer than a millisecond
        ("1e-999999", 0),
    ],
)
def test_all_other_numbers_are_hours(number: str, expected: int) -> None:
    assert dial(Decimal(number)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0:00:00", 0),
        ("00612:30:00", ms(612.5)),
        ("99:59:59", 359_999_000),
        ("200000:00:00", ms(200_000)),
        ("200000:00:01", Verdict.OUT_OF_RANGE),
        ("999999999:59:59", Verdict.OUT_OF_RANGE),
        ("12:60:00", Verdict.MALFORMED),
        ("12:00:60", Verdict.MALFORMED),
        ("12:00", Verdict.MALFORMED),
        ("-1:00:00", Verdict.MALFORMED),
        ("1:00:00 ", Verdict.MALFORMED),
        ("١:00:00", Verdict.MALFORMED),
    ],
)
def test_hours_minutes_and_seconds_as_text(value: str, expected: int | Verdict) -> None:
    assert dial(value, Unit.CLOCK) == expected


def test_every_refusal_says_why() -> None:
    for value in (True, None, Decimal(-1), Decimal(-2), Decimal(10) ** 9, "x"):
        refusal = dial_of(value, Unit.HOURS, RULES)
        assert isinstance(refusal, Refusal)
        assert refusal.reason
