"""Orders that no longer apply because the machine was sold, moved or retired (rules 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from schedules.freeze import region_of
from schedules.machine import Machine, Status
from schedules.work_order import Change, Closing, Kind, State, WorkOrder

_STOCK_KINDS = frozenset({Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION})


def no_longer_apply(machine: Machine) -> Iterator[Change]:
    """Close what the machine's facts have ended: `cancelled`, or `lapsed` what was overdue by then."""
    for order in machine.orders.values():
        ended = _ended(machine, order) if order.is_open else None
        if ended is not None:
            yield _closed(order, *ended)


def _ended(machine: Machine, order: WorkOrder) -> tuple[Closing, date] | None:
    if machine.status is Status.RETIRED and machine.retired_on:
        return Closing.RETIREMENT, machine.retired_on
    if machine.status is Status.IN_SERVICE and order.kind in _STOCK_KINDS and machine.handed_over_on:
        return Closing.HANDOVER, machine.handed_over_on
    moved = order.kind is Kind.FREEZE_PROTECTION and region_of(order) != machine.region
    if machine.status is Status.STOCK and moved and machine.arrived_on:
        return Closing.TRANSFER, machine.arrived_on
    return None


def _closed(order: WorkOrder, closing: Closing, on: date) -> Change:
    closed_on = max(on, order.opens_on)
    was_overdue = order.state is State.OVERDUE and order.overdue_on is not None and order.overdue_on <= closed_on
    state = State.LAPSED if was_overdue else State.CANCELLED
    return Change(order, replace(order, state=state, closed_on=closed_on, closing=closing), closed_on, closing)
