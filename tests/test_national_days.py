"""China's holidays as the State Council announced them for 2025 and 2026, with the weekends worked in exchange."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from adapters.national_days import UnknownCountryError, national_days

OFF = {
    2025: [
        ("01-01", "01-01"),
        ("01-28", "02-04"),
        ("04-04", "04-06"),
        ("05-01", "05-05"),
        ("05-31", "06-02"),
        ("10-01", "10-08"),
    ],
    2026: [
        ("01-01", "01-03"),
        ("02-15", "02-23"),
        ("04-04", "04-06"),
        ("05-01", "05-05"),
        ("06-19", "06-21"),
        ("09-25", "09-27"),
        ("10-01", "10-07"),
    ],
}
WORKED = {
    2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
    2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
}


def days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(passed) for passed in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize("year", [2025, 2026])
def test_china_rests_and_makes_up_as_announced(year: int) -> None:
    china = national_days("CN")
    announced = [(date.fromisoformat(f"{year}-{a}"), date.fromisoformat(f"{year}-{b}")) for a, b in OFF[year]]

    assert [day for day in days(year) if china(day) is False] == [
        day for day in days(year) if any(begin <= day <= end for begin, end in announced)
    ]
    assert [f"{day:%m-%d}" for day in days(year) if china(day)] == WORKED[year]


def test_a_country_that_makes_up_for_nothing_keeps_its_weekends() -> None:
    bavaria, germany = national_days("DE-BY"), national_days("DE")

    assert bavaria(date(2026, 4, 6)) is False  # Easter Monday
    assert bavaria(date(2026, 4, 4)) is None
    assert (bavaria(date(2026, 1, 6)), germany(date(2026, 1, 6))) == (False, None)


@pytest.mark.parametrize("wrong", ["", "cn", "XX", "DE-QQ", "NYSE", "China"])
def test_an_unknown_country_is_named(wrong: str) -> None:
    with pytest.raises(UnknownCountryError, match=f"known of {wrong};"):
        national_days(wrong)
