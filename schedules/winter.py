"""Winter windows per region: when frost may come, as month and day (rules 4). Approximate by nature."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache

from schedules.dates import add_months

_YEARS_KNOWN = 3


class Policy(StrEnum):
    """How a region is treated: `WATCH` (mild regions) like `WINDOW`, `NONE` without freeze protection."""

    WINDOW = "WINDOW"
    WATCH = "WATCH"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Override:
    """Another opening, due date or end of one season, as somebody has decided; None stays as the window says."""

    opens_on: date | None = None
    due_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Season:
    """One winter of one region, by its dates; `approximate`: they are defaults, and nobody has decided on them."""

    name: str
    opens_on: date
    due_on: date
    ends_on: date
    approximate: bool = False

    def overridden(self, override: Override) -> Season:
        """The season by the dates that somebody has decided."""
        return Season(
            self.name,
            override.opens_on or self.opens_on,
            override.due_on or self.due_on,
            override.ends_on or self.ends_on,
        )


@dataclass(frozen=True, slots=True)
class WinterWindow:
    """Opening, due date and end of a region's winter as (month, day); None for policy NONE.

    `name` is the region's, `approximate` says that the dates are rough defaults, `overrides` are by season.
    """

    region: str
    policy: Policy
    opens: tuple[int, int] | None = None
    due: tuple[int, int] | None = None
    end: tuple[int, int] | None = None
    name: str = ""
    approximate: bool = False
    overrides: Mapping[str, Override] = field(default_factory=dict)

    def seasons(self, start: date, until: date) -> Iterator[Season]:
        """The seasons that open by `until` and have not ended before `start`, oldest first."""
        for season in self._around(start.year - 1, until.year + 1):
            if season.ends_on >= start and season.opens_on <= until:
                yield season

    def next_opening(self, today: date) -> date | None:
        """The first opening after `today`."""
        openings = (season.opens_on for season in self._around(today.year - 1, today.year + 1))
        return min((on for on in openings if on > today), default=None)

    def by_default(self, name: str, today: date) -> Season | None:
        """The season of a name as the window gives it, without overrides; None if it has none within some years."""
        plain = replace(self, overrides={})
        around = plain._around(today.year - _YEARS_KNOWN, today.year + _YEARS_KNOWN)  # noqa: SLF001 - of this very class
        return next((season for season in around if season.name == name), None)

    def _around(self, first: int, last: int) -> Iterator[Season]:
        """The seasons that open in these years by the window, with what was decided of them."""
        if self.opens is None or self.due is None or self.end is None:
            return
        for year in range(first, last + 1):
            season = _season(year, self.opens, self.due, self.end, approximate=self.approximate)
            override = self.overrides.get(season.name)
            yield season if override is None else season.overridden(override)

    def covers(self, day: date) -> bool:
        """Whether a day lies in a season, both ends included: then sheets carry the winter items (rules 4)."""
        return any(season.opens_on <= day <= season.ends_on for season in self.seasons(day, day))


# A sweep asks for the same few seasons again for every machine in stock.
@lru_cache(maxsize=4096)
def _season(
    year: int, opens: tuple[int, int], due: tuple[int, int], end: tuple[int, int], *, approximate: bool
) -> Season:
    opens_on = _day(year, opens)
    ends_on = _first_on_or_after(opens_on, end)
    name = str(year) if ends_on.year == year else f"{year}-{ends_on.year % 100:02d}"
    return Season(name, opens_on, _first_on_or_after(opens_on, due), ends_on, approximate)


def _day(year: int, month_day: tuple[int, int]) -> date:
    month, day = month_day
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _first_on_or_after(start: date, month_day: tuple[int, int]) -> date:
    this_year = _day(start.year, month_day)
    return this_year if this_year >= start else _day(start.year + 1, month_day)


@dataclass(frozen=True, slots=True)
class WinterTable:
    """The winter windows of all regions; a region that is not in it has no freeze protection."""

    windows: Mapping[str, WinterWindow] = field(default_factory=dict)

    def window(self, region: str | None) -> WinterWindow | None:
        """The window of a region, None where there is none."""
        found = self.windows.get(region) if region else None
        return None if found is None or found.policy is Policy.NONE else found

    def is_approximate(self, step: str, today: date) -> bool:
        """Whether the dates of a freeze order's step (`2025-26@23`) are rough defaults."""
        name, _, region = step.partition("@")
        window = self.window(region)
        near = () if window is None else window.seasons(add_months(today, -12 * _YEARS_KNOWN), add_months(today, 12))
        return any(season.name == name and season.approximate for season in near)
