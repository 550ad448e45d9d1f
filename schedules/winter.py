"""Winter windows per region: when frost may come, as month and day (rules 4). Approximate by nature."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Policy(StrEnum):
    """How a region is treated: `WATCH` (mild regions) like `WINDOW`, `NONE` without freeze protection."""

    WINDOW = "WINDOW"
    WATCH = "WATCH"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Season:
    """One winter of one region, by its dates."""

    name: str
    opens_on: date
    due_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class WinterWindow:
    """Opening, due date and end of a region's winter as (month, day); None for policy NONE."""

    region: str
    policy: Policy
    opens: tuple[int, int] | None = None
    due: tuple[int, int] | None = None
    end: tuple[int, int] | None = None

    def seasons(self, start: date, until: date) -> Iterator[Season]:
        """The seasons that open by `until` and have not ended before `start`, oldest first."""
        if self.opens is None or self.due is None or self.end is None:
            return
        for year in range(start.year - 1, until.year + 1):
            season = self._season(year, self.opens, self.due, self.end)
            if season.ends_on >= start and season.opens_on <= until:
                yield season

    def next_opening(self, today: date) -> date | None:
        """The first opening after `today`."""
        if self.opens is None:
            return None
        opening = _day(today.year, self.opens)
        return opening if opening > today else _day(today.year + 1, self.opens)

    def covers(self, day: date) -> bool:
        """Whether a day lies in a season, both ends included: then sheets carry the winter items (rules 4)."""
        return any(season.opens_on <= day <= season.ends_on for season in self.seasons(day, day))

    @staticmethod
    def _season(year: int, opens: tuple[int, int], due: tuple[int, int], end: tuple[int, int]) -> Season:
        opens_on = _day(year, opens)
        ends_on = _first_on_or_after(opens_on, end)
        name = str(year) if ends_on.year == year else f"{year}-{ends_on.year % 100:02d}"
        return Season(name, opens_on, _first_on_or_after(opens_on, due), ends_on)


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
