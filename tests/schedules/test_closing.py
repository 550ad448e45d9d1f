"""What ends with a sale or a retirement, and how (rules 5 and 9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.completion import completed
from schedules.machine import Machine, Status, Warranty
from schedules.work_order import Closing, OrderKey
from tests.schedules.making import FREEZE, SELF, STOCK, VISIT, asked, dates, day, order_of, reads, sold, told, unsold


def done(machine: Machine, key: OrderKey, on: str) -> Machine:
    changed = {change.after.key: change.after for change in completed(asked(machine, on), key, day(on))}
    return replace(machine, orders={**asked(machine, on).orders, **changed})


def handed_over(machine: Machine, on: str) -> Machine:
    machine = asked(machine, on)
    facts = {"status": Status.IN_SERVICE, "handed_over_on": day(on), "warranty": Warranty.ONE_YEAR}
    return asked(replace(machine, **facts), on)  # type: ignore[arg-type]


def retired(machine: Machine, on: str) -> Machine:
    return asked(replace(asked(machine, on), status=Status.RETIRED, retired_on=day(on)), on)


def test_a_sale_from_stock() -> None:
    """Rules 9.7: 2025-03 done, 2025-04 overdue, sold on 05-14."""
    machine = done(unsold("2025-02-18", "37"), OrderKey(STOCK, "2025-03"), "2025-03-12")
    assert told(machine, FREEZE) == {"2024-25@37": "overdue"}
    machine = handed_over(machine, "2025-05-14")
    assert told(machine, STOCK) == {
        "2025-02": "superseded",
        "2025-03": "done",
        "2025-04": "lapsed",
        "2025-05": "cancelled",
    }
    assert dates(order_of(machine, STOCK, "2025-04")) == ("2025-04-01", "2025-04-30", "2025-05-01", "2025-05-14")
    assert dates(order_of(machine, STOCK, "2025-05"))[3] == "2025-05-14"
    assert dates(order_of(machine, FREEZE, "2024-25@37"))[1:] == ("2025-02-20", "2025-02-21", "2025-03-14")
    assert dates(order_of(asked(machine, "2025-05-24"), VISIT, "100"))[:2] == ("2025-05-21", "2025-05-24")


@pytest.mark.parametrize(
    ("on", "state"),
    [("2025-09-09", "cancelled"), ("2025-09-30", "cancelled"), ("2025-10-01", "lapsed"), ("2026-04-20", "lapsed")],
)
def test_a_sale_ends_the_winter_order(on: str, state: str) -> None:
    machine = handed_over(unsold("2025-08-05", "23"), on)
    order = order_of(machine, FREEZE, "2025-26@23")
    assert (order.state, dates(order)[3], order.closing) == (state, on, Closing.HANDOVER)


def test_a_sale_on_the_day_of_arrival() -> None:
    machine = handed_over(unsold("2025-09-15", "23"), "2025-09-15")
    assert (told(machine, STOCK), told(machine, FREEZE)) == ({"2025-09": "cancelled"}, {"2025-26@23": "cancelled"})


def test_a_retirement_ends_everything() -> None:
    machine = retired(reads(sold("2025-03-03"), 3010, "2025-06-03"), "2025-06-10")
    assert set(told(machine, VISIT).values()) == {"lapsed"}
    assert told(machine, SELF) == {"3000": "cancelled"}
    assert {order.closing for order in machine.orders.values()} == {Closing.RETIREMENT}
    assert {dates(order)[3] for order in machine.orders.values()} == {"2025-06-10"}


def test_a_retirement_of_a_due_visit_cancels_it() -> None:
    machine = retired(sold("2025-03-03"), "2025-03-13")
    assert told(machine, VISIT) == {"100": "cancelled"}


def test_a_retirement_from_stock() -> None:
    machine = retired(unsold("2025-08-05", "23"), "2025-09-30")
    assert told(machine, STOCK) == {"2025-08": "lapsed", "2025-09": "cancelled"}
    assert told(machine, FREEZE) == {"2025-26@23": "cancelled"}


def test_what_was_final_stays_and_nothing_comes_after_the_end() -> None:
    machine = done(sold("2025-03-03"), OrderKey(VISIT, "100"), "2025-03-12")
    gone = retired(machine, "2025-03-20")
    assert told(gone, VISIT) == {"100": "done"}
    assert asked(gone, "2026-12-31").orders == gone.orders
    assert reads(gone, 5000, "2026-12-31").orders == gone.orders
