"""Hours are exact: whole milliseconds of engine time out of decimal text (rules 7)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schedules.hours import milliseconds, shown, text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0", 0),
        ("612.5", 2_205_000_000),
        ("0.1", 360_000),
        ("99.999", 359_996_400),
        ("0.000000277", 0),  # 0.9972 ms
        ("0.000000278", 1),  # 1.0008 ms
        ("99.9999999999999999999999", 359_999_999),
        ("1e2", 360_000_000),
        ("199999.999999999999999999", 719_999_999_999),
    ],
)
def test_finer_digits_are_cut_off(written: str, expected: int) -> None:
    assert milliseconds(Decimal(written)) == expected


@pytest.mark.parametrize(("unit_ms", "expected"), [("1000", 1999), ("60000", 119_994), ("1", 1), ("180000", 359_982)])
def test_other_units(unit_ms: str, expected: int) -> None:
    assert milliseconds(Decimal("1.9999"), Decimal(unit_ms)) == expected


@pytest.mark.parametrize(
    ("total_ms", "expected"),
    [
        (0, 0.0),
        (360_000_000, 100.0),
        (359_999_999, 99.999),  # no threshold seems reached that is not
        (2_205_000_000, 612.5),
        (3_600, 0.001),
        (3_599, 0.0),
        (719_999_999_999, 199_999.999),
    ],
)
def test_hours_are_shown_with_at_most_three_decimals(total_ms: int, expected: float) -> None:
    assert shown(total_ms) == expected


@pytest.mark.parametrize(
    ("total_ms", "expected"), [(0, "0"), (360_000_000, "100"), (2_205_000_000, "612.5"), (3_600, "0.001")]
)
def test_hours_as_text_have_no_trailing_zeros(total_ms: int, expected: str) -> None:
    assert text(total_ms) == expected
