"""What a machine needs next."""

from __future__ import annotations

from dataclasses import replace

from schedules.forecast import Basis, Projection, assumed
from schedules.machine import Category, Machine
from schedules.next_service import NextService, next_service
from schedules.work_order import State
from tests.schedules.making import FREEZE, SELF, STOCK, VISIT, asked, day, ms, reads, shipped, sold, unsold


def next_of(machine: Machine, on: str) -> NextService | None:
    use = assumed(Category.LOADER, shipped().plan.forecast)
    return next_service(machine, Projection(machine.total_ms or 0, use), day(on), shipped())


def test_a_step_without_an_order_is_planned() -> None:
    found = next_of(reads(sold("2025-03-03"), 12.5, "2025-03-04"), "2025-03-04")

    assert found is not None
    assert (found.kind, found.step, found.state, found.left_ms) == (VISIT, "100", None, ms(87.5))
    assert (found.expected.on, found.expected.basis) == (day("2025-03-13"), Basis.CALENDAR)


def test_what_is_overdue_comes_before_what_is_due() -> None:
    machine = reads(sold("2025-03-03"), 602, "2025-04-28")

    found = next_of(machine, "2025-04-28")

    assert {order.step: order.state for order in machine.orders.values()} == {"100": State.OVERDUE, "600": State.DUE}
    assert found is not None
    assert (found.step, found.state, found.left_ms) == ("100", State.OVERDUE, ms(-502))
    assert (found.expected.on, found.late_days) == (day("2025-03-13"), 46)


def test_without_a_reading_nobody_knows_the_hours_left() -> None:
    found = next_of(asked(sold("2025-03-03"), "2025-03-04"), "2025-03-04")

    assert found is not None
    assert (found.left_ms, found.threshold_ms) == (None, ms(100))


def test_the_users_own_service_and_unsold_machines_have_theirs() -> None:
    own = next_of(reads(sold("2024-01-10"), 700, "2025-06-01"), "2025-06-01")
    stock = next_of(asked(unsold("2025-12-05", "23"), "2025-12-06"), "2025-12-06")

    assert own is not None
    assert own.kind is SELF
    assert stock is not None
    assert stock.kind in (STOCK, FREEZE)
    assert stock.left_ms is None


def test_a_machine_that_needs_nothing_has_nothing_next() -> None:
    assert next_of(replace(unsold("2025-12-05"), orders={}), "2025-12-06") is None
