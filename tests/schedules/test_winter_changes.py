"""Another winter, by file or by decision: what becomes of freeze orders that are there already."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from schedules.assess import assess
from schedules.machine import Machine
from schedules.rulebook import Rulebook
from schedules.winter import Override, Policy, WinterTable, WinterWindow

from .making import FREEZE, day, order_of, shipped, told, unsold

STEP = "2025-26@23"
HARBIN = WinterWindow("23", Policy.WINDOW, (9, 9), (9, 30), (4, 20), "Heilongjiang", approximate=True)


def under(window: WinterWindow | None) -> Rulebook:
    windows = {} if window is None else {window.region: window}
    return replace(shipped(), winter=WinterTable(windows), serial=7)


def deciding(**dates: date) -> Rulebook:
    return under(replace(HARBIN, overrides={"2025-26": Override(**dates)}))


def stood(on: str) -> Machine:
    """In region 23 since August, swept on a day."""
    return assess(unsold("2025-08-05", "23"), day(on), under(HARBIN)).machine


def then(machine: Machine, on: str, rulebook: Rulebook) -> Machine:
    return assess(machine, day(on), rulebook).machine


def test_an_earlier_due_date_moves_an_order_that_is_not_due() -> None:
    found = assess(stood("2025-09-10"), day("2025-09-11"), deciding(due_on=date(2025, 9, 20)))

    order = order_of(found.machine, FREEZE, STEP)
    assert (order.opens_on, order.due_on, order.overdue_on) == (date(2025, 9, 9), date(2025, 9, 20), date(2025, 9, 21))
    assert [(change.why, change.on) for change in found.changes] == [("winter", date(2025, 9, 11))]
    assert found.wakes_on == date(2025, 9, 20)
    assert assess(found.machine, day("2025-09-11"), deciding(due_on=date(2025, 9, 20))).changes == ()


def test_the_moved_order_falls_due_and_is_late_by_its_new_dates() -> None:
    rulebook = deciding(due_on=date(2025, 9, 20))
    machine = then(stood("2025-09-10"), "2025-09-11", rulebook)
    assert told(then(machine, "2025-09-19", rulebook), FREEZE) == {STEP: "upcoming"}
    assert told(then(machine, "2025-09-20", rulebook), FREEZE) == {STEP: "due"}
    late = order_of(then(machine, "2025-09-30", rulebook), FREEZE, STEP)
    assert (late.state, late.overdue_on, late.late_days(day("2025-09-30"))) == ("overdue", date(2025, 9, 21), 10)


def test_a_later_due_date_moves_it_too() -> None:
    order = order_of(then(stood("2025-09-10"), "2025-09-30", deciding(due_on=date(2025, 10, 15))), FREEZE, STEP)
    assert (order.state, order.due_on, order.overdue_on) == ("upcoming", date(2025, 10, 15), date(2025, 10, 16))


def test_what_is_due_keeps_its_dates() -> None:
    for on in ("2025-09-30", "2025-10-03"):
        before = order_of(stood(on), FREEZE, STEP)
        after = order_of(then(stood(on), on, deciding(due_on=date(2025, 10, 15))), FREEZE, STEP)
        assert after == before


def test_a_due_order_is_overdue_by_the_dates_it_has() -> None:
    order = order_of(then(stood("2025-09-30"), "2025-10-20", deciding(due_on=date(2025, 10, 15))), FREEZE, STEP)
    assert (order.state, order.overdue_on) == ("overdue", date(2025, 10, 1))


def test_nothing_falls_due_on_a_day_that_was_past_when_we_learned_of_it() -> None:
    window = replace(HARBIN, due=(9, 12))
    order = order_of(then(stood("2025-09-20"), "2025-09-25", under(window)), FREEZE, STEP)
    assert (order.state, order.due_on, order.overdue_on) == ("due", date(2025, 9, 25), date(2025, 9, 26))


def test_an_open_order_stays_open_when_the_opening_moves() -> None:
    rulebook = deciding(opens_on=date(2025, 9, 25))
    assert told(then(stood("2025-09-10"), "2025-09-12", rulebook), FREEZE) == {STEP: "upcoming"}


def test_an_order_that_is_not_there_yet_follows_the_new_opening() -> None:
    rulebook = deciding(opens_on=date(2025, 9, 20), due_on=date(2025, 10, 5))
    machine = then(stood("2025-09-01"), "2025-09-19", rulebook)
    assert told(machine, FREEZE) == {}
    order = order_of(then(machine, "2025-09-20", rulebook), FREEZE, STEP)
    assert (order.opens_on, order.due_on) == (date(2025, 9, 20), date(2025, 10, 5))


def test_an_earlier_opening_wakes_the_machine() -> None:
    found = assess(stood("2025-08-10"), day("2025-08-20"), deciding(opens_on=date(2025, 8, 25)))
    assert found.wakes_on == date(2025, 8, 25)


def test_the_end_of_the_season_is_the_new_one() -> None:
    rulebook = deciding(ends_on=date(2026, 5, 10))
    machine = then(stood("2025-10-10"), "2026-05-10", rulebook)
    assert told(machine, FREEZE) == {STEP: "overdue"}
    lapsed = order_of(then(machine, "2026-05-11", rulebook), FREEZE, STEP)
    assert (lapsed.state, lapsed.closed_on) == ("lapsed", date(2026, 5, 11))


@pytest.mark.parametrize("window", [None, WinterWindow("23", Policy.NONE)])
@pytest.mark.parametrize(
    ("on", "state"), [("2025-09-10", "cancelled"), ("2025-09-30", "cancelled"), ("2025-10-05", "lapsed")]
)
def test_orders_of_a_region_without_a_winter_end(window: WinterWindow | None, on: str, state: str) -> None:
    ended = order_of(then(stood(on), on, under(window)), FREEZE, STEP)
    assert (ended.state, ended.closed_on, ended.closing) == (state, day(on), "window_ended")


def test_an_override_is_of_one_season_and_keeps_its_name() -> None:
    window = replace(HARBIN, overrides={"2025-26": Override(opens_on=date(2025, 8, 25), due_on=date(2025, 9, 10))})
    seasons = list(window.seasons(date(2025, 1, 1), date(2026, 12, 31)))
    assert [(season.name, season.opens_on, season.approximate) for season in seasons] == [
        ("2024-25", date(2024, 9, 9), True),
        ("2025-26", date(2025, 8, 25), False),
        ("2026-27", date(2026, 9, 9), True),
    ]
    assert window.covers(date(2025, 8, 25))
    assert not HARBIN.covers(date(2025, 8, 25))
    assert window.next_opening(date(2025, 8, 1)) == date(2025, 8, 25)


def test_approximate_dates_are_known_by_the_step() -> None:
    table = under(HARBIN).winter
    assert table.is_approximate(STEP, date(2025, 9, 10))
    assert not table.is_approximate("2025-26@46", date(2025, 9, 10))
    assert not table.is_approximate("600", date(2025, 9, 10))
    assert not deciding(due_on=date(2025, 9, 20)).winter.is_approximate(STEP, date(2025, 9, 10))
