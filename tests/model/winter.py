"""Winter windows (rules 4), read from a CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

DEFAULT_FILE = Path(__file__).with_name("winter_windows.csv")


@dataclass(frozen=True)
class Window:
    """mm-dd of opening, due day and last day, and how the region is treated: WATCH like WINDOW, NONE not at all."""

    opens: str
    due: str
    ends: str
    policy: str = "WINDOW"

    @property
    def is_winter(self) -> bool:
        return self.policy != "NONE"


@dataclass(frozen=True)
class Season:
    name: str
    opens_on: date
    due_on: date
    ends_on: date


Windows = dict[str, Window]


def read_windows(path: Path | None) -> Windows:
    windows: Windows = {}
    with (path or DEFAULT_FILE).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            dates = (row["freeze_open_mmdd"], row["freeze_due_mmdd"], row["freeze_end_mmdd"])
            windows[row["region_code"]] = Window(*dates, row["policy"])
    return windows


def day_in(year: int, mmdd: str) -> date:
    month, day = mmdd.split("-")
    return date(year, int(month), int(day))


def first_on_or_after(start: date, mmdd: str) -> date:
    this_year = day_in(start.year, mmdd)
    return this_year if this_year >= start else day_in(start.year + 1, mmdd)


def season_opening_in(year: int, window: Window) -> Season:
    opens_on = day_in(year, window.opens)
    due_on = first_on_or_after(opens_on, window.due)
    ends_on = first_on_or_after(opens_on, window.ends)
    name = str(opens_on.year) if ends_on.year == opens_on.year else f"{opens_on.year}-{ends_on.year % 100:02d}"
    return Season(name, opens_on, due_on, ends_on)


def season_on(day: date, region: str, windows: Windows) -> Season | None:
    """The season whose window (opening … end, both included) holds this day in this region."""
    window = windows.get(region)
    if window is None or not window.is_winter:
        return None
    for year in (day.year - 1, day.year):
        season = season_opening_in(year, window)
        if season.opens_on <= day <= season.ends_on:
            return season
    return None
