"""Protection of unsold machines before the frost (rules 4, K2): one order per machine, season and region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from schedules.dates import ONE_DAY
from schedules.machine import Machine, Status
from schedules.rulebook import Rulebook
from schedules.window import Window
from schedules.winter import Season
from schedules.work_order import Change, Closing, Kind, OrderKey, State, WorkOrder

WINTER = "winter"
"""Why an order's dates change: other winter windows, or what somebody has decided of a season."""


def windows(machine: Machine, today: date, rulebook: Rulebook) -> Iterator[Window]:
    """The seasons of the machine's region from its arrival there until next year's; an open order keeps its dates."""
    for window in _seasons(machine, today, rulebook):
        order = machine.orders.get(OrderKey(window.kind, window.step))
        if order is not None and order.is_open:
            window = replace(window, due_on=order.due_on, overdue_on=order.overdue_on)  # noqa: PLW2901 - the same one
        yield window


def _seasons(machine: Machine, today: date, rulebook: Rulebook) -> Iterator[Window]:
    """The same as the winter in force gives them."""
    winter = rulebook.winter.window(machine.region)
    if machine.status is not Status.STOCK or machine.arrived_on is None or winter is None:
        return
    for season in winter.seasons(machine.arrived_on, winter.next_opening(today) or today):
        yield _window(season, winter.region, machine.arrived_on, rulebook)


def _window(season: Season, region: str, arrived_on: date, rulebook: Rulebook) -> Window:
    due_on = max(season.due_on, arrived_on + timedelta(days=rulebook.plan.arrival_days))
    return Window(
        kind=Kind.FREEZE_PROTECTION,
        step=f"{season.name}@{region}",
        plan_version=rulebook.current,
        opens_on=max(season.opens_on, arrived_on),
        due_on=due_on,
        overdue_on=due_on + ONE_DAY,
        lapses_on=season.ends_on + ONE_DAY,
    )


def moved(machine: Machine, today: date, rulebook: Rulebook) -> Iterator[Change]:
    """Orders that are not due yet follow the winter in force: another file, or what was decided of the season.

    Nothing falls due on a day that was past when we learned of it, and what is due keeps its dates (rules 0).
    """
    for window in _seasons(machine, today, rulebook):
        order = machine.orders.get(OrderKey(window.kind, window.step))
        if order is None or order.state is not State.UPCOMING:
            continue
        if window.due_on is None or window.due_on == order.due_on:
            continue
        due_on = max(window.due_on, today, order.opens_on)
        if due_on != order.due_on:
            yield Change(order, replace(order, due_on=due_on, overdue_on=due_on + ONE_DAY), today, WINTER)


def without_winter(machine: Machine, today: date, rulebook: Rulebook) -> Iterator[Change]:
    """Open orders of a region that has no winter any more: its window is over."""
    if machine.status is not Status.STOCK or rulebook.winter.window(machine.region) is not None:
        return
    for order in machine.orders.values():
        if order.kind is Kind.FREEZE_PROTECTION and order.is_open and region_of(order) == machine.region:
            state = State.LAPSED if order.state is State.OVERDUE else State.CANCELLED
            on = max(today, order.opens_on)
            after = replace(order, state=state, closed_on=on, closing=Closing.WINDOW_ENDED)
            yield Change(order, after, on, WINTER)


def region_of(order: WorkOrder) -> str:
    """The region a freeze order was opened for."""
    return order.step.partition("@")[2]


def comes_back(machine: Machine, order: WorkOrder) -> bool:
    """Whether a transfer closed this order and the machine has since come home (rules 4)."""
    return (
        order.kind is Kind.FREEZE_PROTECTION
        and order.closing is Closing.TRANSFER
        and machine.status is Status.STOCK
        and region_of(order) == machine.region
        and machine.arrived_on is not None
        and order.closed_on is not None
        and machine.arrived_on >= order.closed_on
    )
