"""Winter windows and the protection of unsold machines (rules 4 and 9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from adapters.files.plan import winter_from
from schedules.machine import Machine
from schedules.rulebook import Rulebook
from schedules.winter import Policy, Season, WinterTable, WinterWindow
from schedules.work_order import Closing
from tests.schedules.making import FREEZE, STOCK, ask, asked, dates, day, order_of, shipped, told, unsold

HARBIN = WinterWindow("23", Policy.WINDOW, (9, 9), (9, 30), (4, 20))
SOUTH = WinterWindow("S", Policy.WATCH, (5, 1), (5, 20), (8, 31))


def seasons(window: WinterWindow, start: str, until: str) -> list[str]:
    return [season.name for season in window.seasons(day(start), day(until))]


# ---- windows


def test_due_and_end_are_the_first_such_days_on_or_after_the_opening() -> None:
    (season,) = HARBIN.seasons(day("2025-09-09"), day("2025-09-09"))
    assert season == Season("2025-26", day("2025-09-09"), day("2025-09-30"), day("2026-04-20"))
    (season,) = SOUTH.seasons(day("2026-05-01"), day("2026-05-01"))
    assert season == Season("2026", day("2026-05-01"), day("2026-05-20"), day("2026-08-31"))


def test_a_season_across_the_turn_of_the_century_has_two_digits() -> None:
    assert seasons(HARBIN, "2099-10-01", "2099-10-01") == ["2099-00"]


@pytest.mark.parametrize(
    ("start", "until", "expected"),
    [
        ("2025-09-08", "2025-09-08", []),
        ("2025-09-09", "2025-09-09", ["2025-26"]),
        ("2026-04-20", "2026-04-20", ["2025-26"]),
        ("2026-04-21", "2026-04-21", []),
        ("2025-04-01", "2026-10-01", ["2024-25", "2025-26", "2026-27"]),
    ],
)
def test_the_seasons_of_a_stay(start: str, until: str, expected: list[str]) -> None:
    assert seasons(HARBIN, start, until) == expected


@pytest.mark.parametrize(
    ("window", "on", "covered"),
    [
        (HARBIN, "2025-09-08", False),
        (HARBIN, "2025-09-09", True),
        (HARBIN, "2026-01-01", True),
        (HARBIN, "2026-04-20", True),
        (HARBIN, "2026-04-21", False),
        (SOUTH, "2026-04-30", False),
        (SOUTH, "2026-05-01", True),
        (SOUTH, "2026-08-31", True),
        (SOUTH, "2026-09-01", False),
        (WinterWindow("46", Policy.NONE), "2026-01-01", False),
    ],
)
def test_a_window_holds_its_first_and_last_day(window: WinterWindow, on: str, covered: bool) -> None:
    assert window.covers(day(on)) is covered


def test_the_29th_of_february_is_the_months_last_day_in_other_years() -> None:
    window = WinterWindow("X", Policy.WINDOW, (11, 1), (11, 15), (2, 29))
    ends = [season.ends_on for season in window.seasons(date(2026, 11, 1), date(2027, 12, 31))]
    assert ends == [date(2027, 2, 28), date(2028, 2, 29)]


def test_unknown_regions_and_regions_without_frost_have_no_window() -> None:
    table = WinterTable({"23": HARBIN, "46": WinterWindow("46", Policy.NONE), "S": SOUTH})
    assert [table.window(region) for region in ("23", "S", "46", "nowhere", "", None)] == [HARBIN, SOUTH, *[None] * 4]


# ---- orders


def test_two_rollers_in_stock() -> None:
    """Harbin opens 2025-09-09, due 09-30, overdue 10-01, lapsed 2026-04-21; Haikou has none (rules 9.8)."""
    harbin, haikou = unsold("2025-08-05", "23"), unsold("2025-08-05", "46")
    for on, state in (
        ("2025-09-08", None),
        ("2025-09-09", "upcoming"),
        ("2025-09-29", "upcoming"),
        ("2025-09-30", "due"),
        ("2025-10-01", "overdue"),
        ("2026-04-20", "overdue"),
        ("2026-04-21", "lapsed"),
    ):
        assert told(asked(harbin, on), FREEZE).get("2025-26@23") == state, on
    assert dates(order_of(asked(harbin, "2026-04-21"), FREEZE, "2025-26@23")) == (
        "2025-09-09",
        "2025-09-30",
        "2025-10-01",
        "2026-04-21",
    )
    assert told(asked(haikou, "2026-04-21"), FREEZE) == {}


@pytest.mark.parametrize(
    ("arrives", "expected"),
    [
        ("2025-09-15", ("2025-09-15", "2025-09-30", "2025-10-01", "-")),
        ("2025-09-28", ("2025-09-28", "2025-09-30", "2025-10-01", "-")),
        ("2025-09-29", ("2025-09-29", "2025-10-01", "2025-10-02", "-")),
        ("2025-11-20", ("2025-11-20", "2025-11-22", "2025-11-23", "-")),
        ("2026-04-20", ("2026-04-20", "2026-04-22", "2026-04-23", "-")),
    ],
)
def test_due_on_the_later_of_the_due_date_and_two_days_after_arrival(arrives: str, expected: tuple[str, ...]) -> None:
    assert dates(order_of(asked(unsold(arrives, "23"), arrives), FREEZE, "2025-26@23")) == expected


def test_an_arrival_in_the_last_days_lapses_with_the_window() -> None:
    machine = asked(unsold("2026-04-20", "23"), "2026-04-21")
    assert told(machine, FREEZE) == {"2025-26@23": "lapsed"}
    assert told(asked(unsold("2026-04-21", "23"), "2026-09-08"), FREEZE) == {}


def test_every_winter_in_stock_has_its_order() -> None:
    machine = asked(unsold("2024-12-01", "23"), "2026-09-09")
    assert told(machine, FREEZE) == {"2024-25@23": "lapsed", "2025-26@23": "lapsed", "2026-27@23": "upcoming"}


def test_the_next_opening_wakes_it() -> None:
    machine = asked(unsold("2025-06-01", "23"), "2025-09-01")
    assert ask(machine, "2025-09-01").wakes_on == day("2025-09-09")


# ---- transfers


def moved(machine: Machine, region: str, on: str) -> Machine:
    return asked(replace(asked(machine, on), region=region, arrived_on=day(on)), on)


def test_a_transfer_cancels_what_is_not_overdue_and_the_new_regions_rule_applies_from_arrival() -> None:
    machine = moved(unsold("2025-08-05", "23"), "37", "2025-09-20")
    assert told(machine, FREEZE) == {"2025-26@23": "cancelled"}
    assert order_of(machine, FREEZE, "2025-26@23").closing is Closing.TRANSFER
    later = asked(machine, "2025-10-17")
    assert told(later, FREEZE)["2025-26@37"] == "upcoming"
    assert told(later, STOCK)["2025-09"] == "overdue"


def test_a_transfer_lapses_what_is_overdue() -> None:
    machine = moved(unsold("2025-08-05", "23"), "46", "2025-10-05")
    assert dates(order_of(machine, FREEZE, "2025-26@23")) == ("2025-09-09", "2025-09-30", "2025-10-01", "2025-10-05")
    assert told(machine, FREEZE) == {"2025-26@23": "lapsed"}


@pytest.mark.parametrize("left", ["2025-09-20", "2025-10-05"])
def test_coming_home_within_the_season_opens_it_again_with_the_dates_of_the_arrival(left: str) -> None:
    machine = moved(moved(unsold("2025-08-05", "23"), "46", left), "23", "2025-11-20")
    assert dates(order_of(machine, FREEZE, "2025-26@23")) == ("2025-11-20", "2025-11-22", "2025-11-23", "-")
    assert told(machine, FREEZE) == {"2025-26@23": "upcoming"}
    assert told(asked(machine, "2025-11-23"), FREEZE) == {"2025-26@23": "overdue"}


def test_coming_home_the_same_day_opens_it_again() -> None:
    machine = moved(moved(unsold("2025-08-05", "23"), "46", "2025-09-20"), "23", "2025-09-20")
    assert told(machine, FREEZE) == {"2025-26@23": "upcoming"}


def test_coming_home_after_the_season_opens_nothing() -> None:
    machine = moved(moved(unsold("2025-08-05", "23"), "46", "2025-09-20"), "23", "2026-05-01")
    assert told(machine, FREEZE) == {"2025-26@23": "cancelled"}


def test_coming_home_does_not_undo_what_was_done() -> None:
    machine = asked(unsold("2025-08-05", "23"), "2025-09-20")
    order = order_of(machine, FREEZE, "2025-26@23")
    done = replace(order, state="done", closed_on=day("2025-09-20"), closing=Closing.COMPLETED)  # type: ignore[arg-type]
    machine = replace(machine, orders={**machine.orders, order.key: done})
    machine = moved(moved(machine, "46", "2025-10-01"), "23", "2025-11-01")
    assert order_of(machine, FREEZE, "2025-26@23") == done


def test_the_operators_file_replaces_the_windows() -> None:
    table = winter_from(
        "region_code,policy,freeze_open_mmdd,freeze_due_mmdd,freeze_end_mmdd\n46,WATCH,12-01,12-10,01-31\n", "mine.csv"
    )
    book = Rulebook(shipped().plans, shipped().current, table)
    assert told(asked(unsold("2025-08-05", "46"), "2025-12-11", book), FREEZE) == {"2025-26@46": "overdue"}
    assert told(asked(unsold("2025-08-05", "23"), "2025-12-11", book), FREEZE) == {}
