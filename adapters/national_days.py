"""The public holidays of countries, and the weekend days worked in exchange, as the `holidays` library knows them."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from schedules.dates import ONE_DAY

if TYPE_CHECKING:
    from holidays import HolidayBase

_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


class UnknownCountryError(ValueError):
    """The library knows no such country, or no such part of it."""


def national_days(country: str) -> Callable[[date], bool | None]:
    """Says of a day whether the country works (a make-up day), rests (a holiday) or neither (None).

    `country` is an ISO 3166 code, `CN`, with that of a part of it after a hyphen where parts have holidays of their
    own, `DE-BY`. UnknownCountryError says what is not known.

    Where a country makes up for its holidays on weekends, the weekend days next to a holiday belong to it: China's
    National Day of 2025 lasts from the 1st to the 8th of October, also for a centre that is open on Sundays.
    """
    calendar = _calendar(country)

    @lru_cache(maxsize=16)
    def of_year(year: int) -> dict[date, bool]:
        first, days = date(year, 1, 1), 366 if isleap(year) else 365
        holidays = [day for day in (first + ONE_DAY * passed for passed in range(days)) if day in calendar]
        worked = {day for day in calendar.weekend_workdays if day.year == year}
        rest = {each for day in holidays for each in (_around(calendar, day) if worked else [day])}
        return dict.fromkeys(rest, False) | dict.fromkeys(worked, True)

    return lambda day: of_year(day.year).get(day)


def _calendar(country: str) -> HolidayBase:
    from holidays import country_holidays

    code, _, part = country.partition("-")
    try:
        if _CODE.fullmatch(country):
            return country_holidays(code, subdiv=part or None)
    except NotImplementedError:
        pass
    raise UnknownCountryError(f"no holidays are known of {country}; a code such as CN or DE-BY is expected")


def _around(calendar: HolidayBase, holiday: date) -> Iterator[date]:
    """A holiday with the weekend days next to it."""
    yield holiday
    yield from _weekend(calendar, holiday, -ONE_DAY)
    yield from _weekend(calendar, holiday, ONE_DAY)


def _weekend(calendar: HolidayBase, day: date, step: timedelta) -> Iterator[date]:
    while calendar.is_weekend(day := day + step) and day not in calendar.weekend_workdays:
        yield day
