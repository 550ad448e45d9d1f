"""Closing an order by a form, on the form's date, in time or entered late (rules 1, 3 and 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from schedules.machine import Machine
from schedules.work_order import Change, Closing, Kind, OrderKey, State, WorkOrder

_REPLACED_LATE = frozenset({State.LAPSED, State.SUPERSEDED})
_IN_STEPS = frozenset({Kind.MANDATORY_VISIT, Kind.SELF_SERVICE, Kind.STOCK_UPKEEP})


def refusal(order: WorkOrder | None, done_on: date, today: date) -> str | None:
    """Why an order cannot be completed on a date, in words that say what is wrong; None if it can."""
    if order is None:
        return "there is no such work order: its window has not opened"
    if done_on > today:
        return f"{done_on} is in the future"
    if done_on < order.opens_on:
        return f"{done_on} is before the order's window opened on {order.opens_on}"
    if order.is_open:
        return None
    late = order.state in _REPLACED_LATE and order.closed_on is not None and done_on < order.closed_on
    return None if late else f"the order is {order.state} since {order.closed_on}"


def completed(machine: Machine, key: OrderKey, done_on: date) -> Iterator[Change]:
    """The order done on its date, and every lower step of its kind that this visit has taken the place of."""
    order = machine.orders[key]
    done = replace(order, state=State.DONE, closed_on=done_on, superseded_by=None, closing=Closing.COMPLETED)
    yield Change(order, done, done_on, Closing.COMPLETED)
    if order.kind in _IN_STEPS:
        yield from _taken_in(machine, done, done_on)


def _taken_in(machine: Machine, done: WorkOrder, done_on: date) -> Iterator[Change]:
    lower = (order for order in machine.orders.values() if order.kind is done.kind and order.rank() < done.rank())
    for order in sorted(lower, key=WorkOrder.rank):
        if order.is_open or _closed_after(order, done_on):
            on = max(done_on, order.opens_on)
            taken = replace(
                order,
                state=State.SUPERSEDED,
                closed_on=on,
                superseded_by=done.step,
                closing=Closing.HIGHER_STEP,
            )
            yield Change(order, taken, on, Closing.HIGHER_STEP)


def _closed_after(order: WorkOrder, done_on: date) -> bool:
    return order.state in _REPLACED_LATE and order.closed_on is not None and order.closed_on > done_on


def cancelled(order: WorkOrder, on: date) -> Change:
    """An open order that a person ends with a reason (rules 5)."""
    closed_on = max(on, order.opens_on)
    after = replace(order, state=State.CANCELLED, closed_on=closed_on, closing=Closing.PERSON)
    return Change(order, after, closed_on, Closing.PERSON)
