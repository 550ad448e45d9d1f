"""The one question: where does this machine stand, what changes, and when must we ask again (design 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from schedules import freeze, self_service, stock, visits
from schedules.closing import no_longer_apply
from schedules.machine import Machine
from schedules.rulebook import Rulebook
from schedules.window import Hours, Window, by_calendar, by_hours, next_date, next_hours
from schedules.work_order import Change, OrderKey, WorkOrder


@dataclass(frozen=True, slots=True)
class Assessment:
    """The machine with its orders as they are now, the changes that led there in order, and the two wake-ups:
    the smallest total (ms) and the next local date that change anything; None where nothing can.
    """

    machine: Machine
    changes: tuple[Change, ...]
    wakes_at_ms: int | None
    wakes_on: date | None


def assess(machine: Machine, today: date, rulebook: Rulebook) -> Assessment:
    """Bring a machine's work orders up to `today` and its total hours; level-triggered, asking twice changes nothing.

    The calendar speaks before the hours: whoever brings a new total has asked for the days before it first.
    """
    machine = visits.under_newest_plan(machine, today, rulebook)
    machine = _own_cycle_begun(machine, today, rulebook)
    ledger = _Ledger(machine)
    ledger.record(no_longer_apply(machine))
    ledger.record(freeze.without_winter(machine, today, rulebook))
    machine = replace(machine, orders=ledger.orders)  # the ledger's own: what it records is seen at once
    ledger.record(freeze.moved(machine, today, rulebook))
    windows = tuple(windows_of(machine, today, rulebook))
    for window in windows:
        ledger.record(by_calendar(window, ledger.order(window), today))
    hours = _hours(machine)
    for window in windows if hours else ():
        ledger.record(by_hours(window, ledger.order(window), hours, today) if hours else ())
    ledger.record(self_service.superseded(ledger.orders))
    return Assessment(
        machine=machine,
        changes=tuple(ledger.changes),
        wakes_at_ms=_earliest(next_hours(window, ledger.order(window), _known(machine)) for window in windows),
        wakes_on=_next_day(machine, windows, ledger, today, rulebook),
    )


_Moment = TypeVar("_Moment", int, date)


class _Ledger:
    """The orders as they change; an order that comes into being again continues the one it had been."""

    def __init__(self, machine: Machine) -> None:
        self.orders: dict[OrderKey, WorkOrder] = dict(machine.orders)
        self.changes: list[Change] = []
        self._machine = machine

    def order(self, window: Window) -> WorkOrder | None:
        found = self.orders.get(OrderKey(window.kind, window.step))
        return None if found is None or freeze.comes_back(self._machine, found) else found

    def record(self, changes: Iterable[Change]) -> None:
        for change in tuple(changes):
            before = self.orders.get(change.after.key)
            self.changes.append(change if change.before is before else replace(change, before=before))
            self.orders[change.after.key] = change.after


def windows_of(machine: Machine, today: date, rulebook: Rulebook) -> Iterator[Window]:
    """The windows of every step that may have an order by `today`, or next."""
    yield from visits.windows(machine, rulebook)
    yield from self_service.windows(machine, rulebook)
    yield from stock.windows(machine, today, rulebook)
    yield from freeze.windows(machine, today, rulebook)


def _own_cycle_begun(machine: Machine, today: date, rulebook: Rulebook) -> Machine:
    """Remember the total known when the day after the warranty begins (rules 2)."""
    begins_on = self_service.first_own_day(machine, rulebook.plan)
    if begins_on is None or today < begins_on or machine.own_cycle_from_ms is not None:
        return machine
    return replace(machine, own_cycle_from_ms=machine.total_ms or 0)


def _hours(machine: Machine) -> Hours | None:
    if machine.total_ms is None or machine.total_on is None:
        return None
    since = machine.handed_over_on
    return Hours(machine.total_ms, machine.total_on if since is None else max(machine.total_on, since))


def _known(machine: Machine) -> int:
    """The total, or less than any: a plan may open a step at 0 h, and the first reading may say 0 h."""
    return -1 if machine.total_ms is None else machine.total_ms


def _next_day(
    machine: Machine, windows: tuple[Window, ...], ledger: _Ledger, today: date, rulebook: Rulebook
) -> date | None:
    begins_on = self_service.first_own_day(machine, rulebook.plan)
    own_cycle = begins_on if begins_on is not None and begins_on > today else None
    dates = [next_date(window, ledger.order(window), today) for window in windows]
    return _earliest([own_cycle, *dates])


def _earliest(values: Iterable[_Moment | None]) -> _Moment | None:
    return min((value for value in values if value is not None), default=None)
