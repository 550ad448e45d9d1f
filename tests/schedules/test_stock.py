"""Monthly upkeep of unsold machines (rules 3)."""

from __future__ import annotations

import pytest

from schedules.machine import Status
from schedules.stock import inspected_at_arrival, month_step
from schedules.work_order import Cause, State
from tests.schedules.making import STOCK, ask, asked, dates, day, order_of, sold, told, unsold


@pytest.mark.parametrize(
    ("on", "state"),
    [
        ("2025-02-18", "upcoming"),
        ("2025-02-27", "upcoming"),
        ("2025-02-28", "due"),
        ("2025-03-01", "overdue"),
        ("2025-12-31", "overdue"),
    ],
)
def test_upcoming_until_the_months_last_day_then_due_then_overdue(on: str, state: str) -> None:
    assert told(asked(unsold("2025-02-18"), on), STOCK)["2025-02"] == state


def test_the_first_month_opens_on_the_day_it_came_the_next_on_the_first() -> None:
    machine = asked(unsold("2025-02-18"), "2025-04-02")
    assert [dates(order_of(machine, STOCK, step)) for step in ("2025-02", "2025-03", "2025-04")] == [
        ("2025-02-18", "2025-02-28", "2025-03-01", "-"),
        ("2025-03-01", "2025-03-31", "2025-04-01", "-"),
        ("2025-04-01", "2025-04-30", "2025-05-01", "-"),
    ]
    assert order_of(machine, STOCK, "2025-02").cause is Cause.CALENDAR


def test_one_that_comes_on_the_last_day_is_due_at_once() -> None:
    machine = asked(unsold("2025-02-28"), "2025-02-28")
    assert (told(machine, STOCK), dates(order_of(machine, STOCK, "2025-02"))[:2]) == (
        {"2025-02": "due"},
        ("2025-02-28", "2025-02-28"),
    )


def test_each_month_has_its_order_across_a_year() -> None:
    machine = asked(unsold("2024-11-05"), "2025-02-28")
    assert told(machine, STOCK) == {
        "2024-11": "overdue",
        "2024-12": "overdue",
        "2025-01": "overdue",
        "2025-02": "due",
    }


def test_the_next_month_wakes_it() -> None:
    assert [ask(unsold("2025-02-18"), on).wakes_on for on in ("2025-02-18", "2025-02-28", "2025-03-01")] == [
        day("2025-02-28"),
        day("2025-03-01"),
        day("2025-03-31"),
    ]


def test_an_incoming_inspection_is_the_months_upkeep() -> None:
    done = inspected_at_arrival(day("2025-02-18"), "1")
    assert (done.state, dates(done)) == (State.DONE, ("2025-02-18", "2025-02-28", "2025-03-01", "2025-02-18"))
    machine = asked(unsold("2025-02-18", orders={done.key: done}), "2025-03-01")
    assert told(machine, STOCK) == {"2025-02": "done", "2025-03": "upcoming"}


def test_only_machines_in_stock_have_it() -> None:
    assert told(asked(sold("2025-02-18"), "2025-03-01"), STOCK) == {}
    retired = unsold("2025-02-18", retired_on=day("2025-02-20"))
    retired = type(retired)("M1", Status.RETIRED, stocked_on=retired.stocked_on, retired_on=retired.retired_on)
    assert told(asked(retired, "2025-03-01"), STOCK) == {}


def test_a_step_is_a_calendar_month() -> None:
    assert month_step(day("2026-11-30")) == "2026-11"
