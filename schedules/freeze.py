"""Protection of unsold machines before the frost (rules 4, K2): one order per machine, season and region."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from schedules.dates import ONE_DAY
from schedules.machine import Machine, Status
from schedules.rulebook import Rulebook
from schedules.window import Window
from schedules.winter import Season
from schedules.work_order import Closing, Kind, WorkOrder


def windows(machine: Machine, today: date, rulebook: Rulebook) -> Iterator[Window]:
    """The seasons of the machine's region from its arrival there until next year's."""
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
