"""Monthly upkeep of unsold machines (rules 3, K1 to K7): one order per machine and calendar month in stock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from schedules.dates import ONE_DAY, add_months, last_of_month
from schedules.machine import Machine, Status
from schedules.rulebook import Rulebook
from schedules.window import Window
from schedules.work_order import Closing, Kind, OrderKey, State, WorkOrder


def month_step(day: date) -> str:
    """The step of the month that a day lies in: `2026-11`."""
    return f"{day.year:04d}-{day.month:02d}"


def windows(machine: Machine, today: date, rulebook: Rulebook) -> Iterator[Window]:
    """The months from stock-in to next month, without those that are closed."""
    if machine.status is not Status.STOCK or machine.stocked_on is None:
        return
    month = machine.stocked_on.replace(day=1)
    while month <= add_months(today.replace(day=1), 1):
        order = machine.orders.get(OrderKey(Kind.STOCK_UPKEEP, month_step(month)))
        if order is None or order.is_open:
            yield _window(month, machine.stocked_on, rulebook.current)
        month = add_months(month, 1)


def _window(month: date, stocked_on: date, version: str) -> Window:
    due_on = last_of_month(month)
    return Window(
        kind=Kind.STOCK_UPKEEP,
        step=month_step(month),
        plan_version=version,
        opens_on=max(month, stocked_on),
        due_on=due_on,
        overdue_on=due_on + ONE_DAY,
    )


def inspected_at_arrival(stocked_on: date, version: str) -> WorkOrder:
    """The incoming inspection counts as that month's upkeep: done on the day of arrival (rules 3)."""
    window = _window(stocked_on.replace(day=1), stocked_on, version)
    return WorkOrder(
        kind=window.kind,
        step=window.step,
        state=State.DONE,
        opens_on=stocked_on,
        plan_version=version,
        due_on=window.due_on,
        overdue_on=window.overdue_on,
        closed_on=stocked_on,
        closing=Closing.COMPLETED,
    )
