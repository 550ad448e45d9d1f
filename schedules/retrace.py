"""The orders of a machine computed anew from its history: at registration, and in a correction (rules 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from schedules.assess import Assessment, assess, windows_of
from schedules.completion import cancelled, completed, refusal
from schedules.machine import Machine, Status, Warranty
from schedules.rulebook import Rulebook
from schedules.window import opened
from schedules.work_order import Change, Kind, OrderKey, State, WorkOrder


@dataclass(frozen=True, slots=True)
class Adopted:
    """Another rulebook in force from a day on."""

    on: date
    rulebook: Rulebook


@dataclass(frozen=True, slots=True)
class Known:
    """An accepted total, the day it reached us, and the date of its reading."""

    on: date
    total_ms: int
    read_on: date


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was truly done, and when.

    `order` is given for a step that counts as done whether its window was open or not (rules 5, last_step_done,
    and what stays in a correction): it stands where the rules know no such step.
    """

    on: date
    key: OrderKey
    order: WorkOrder | None = None
    entered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An order that a person ended; it stays as it is where the rules know no such step."""

    on: date
    order: WorkOrder


@dataclass(frozen=True, slots=True)
class Moved:
    """A machine in stock came to another region."""

    on: date
    region: str | None


@dataclass(frozen=True, slots=True)
class Sold:
    """The machine was handed over."""

    on: date
    warranty: Warranty


@dataclass(frozen=True, slots=True)
class Retired:
    """The machine left for good."""

    on: date


Event = Adopted | Known | Done | Cancelled | Moved | Sold | Retired
_IN_STOCK = frozenset({Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION})
_RANK = {Adopted: 0, Known: 1, Cancelled: 2, Done: 2, Moved: 3, Sold: 4, Retired: 6}
_VISIT_RANK = 5


def in_order(events: Iterable[Event]) -> list[Event]:
    """A history in the order in which it reached us; within a day, sheets of stock machines before a sale, visits
    after it.
    """
    return sorted(events, key=lambda event: (_reached_on(event), _rank(event)))


def _rank(event: Event) -> int:
    is_visit = isinstance(event, Done) and event.key.kind not in _IN_STOCK
    return _VISIT_RANK if is_visit else _RANK[type(event)]


def _reached_on(event: Event) -> date:
    return event.entered_on or event.on if isinstance(event, Done) else event.on


def retrace(machine: Machine, history: Sequence[Event], today: date, rulebook: Rulebook) -> Assessment:
    """Walk a history in its order, asking as the daemon would have asked; the changes are all there were.

    `rulebook` is in force at the end; a history that adopts rulebooks begins with the one in force at its start.
    """
    changes: list[Change] = []
    then = _under(rulebook, history[0]) if history else rulebook
    for event in history:
        day = min(_reached_on(event), today)
        machine = _take(assess(machine, day, then), changes)
        then = _under(then, event)
        machine = _happened(machine, event, day, then, changes)
        machine = _take(assess(machine, day, then), changes)
    last = assess(machine, today, rulebook)
    return replace(last, changes=(*changes, *last.changes))


def _under(rulebook: Rulebook, event: Event) -> Rulebook:
    return event.rulebook if isinstance(event, Adopted) else rulebook


def _take(assessment: Assessment, changes: list[Change]) -> Machine:
    changes.extend(assessment.changes)
    return assessment.machine


def _happened(machine: Machine, event: Event, day: date, rulebook: Rulebook, changes: list[Change]) -> Machine:
    if isinstance(event, Done):
        return _apply(machine, _done(machine, event, day, rulebook), changes)
    if isinstance(event, Cancelled):
        return _apply(machine, _cancelled(machine, event), changes)
    return replace(machine, **_facts(event))


def _facts(event: Adopted | Known | Moved | Sold | Retired) -> dict[str, Any]:
    """What an event makes of the machine itself."""
    match event:
        case Known():
            return {"total_ms": event.total_ms, "total_on": event.read_on}
        case Moved():
            return {"region": event.region, "arrived_on": event.on}
        case Sold():
            return {"status": Status.IN_SERVICE, "handed_over_on": event.on, "warranty": event.warranty}
        case Retired():
            return {"status": Status.RETIRED, "retired_on": event.on}
        case Adopted():
            return {}


def _done(machine: Machine, event: Done, day: date, rulebook: Rulebook) -> Iterable[Change]:
    order = machine.orders.get(event.key)
    if order is not None and order.state is State.DONE:
        return []
    if order is not None and refusal(order, event.on, day) is None:
        return completed(machine, event.key, event.on)
    return [] if event.order is None else _done_all_the_same(machine, event, event.order, day, rulebook)


def _done_all_the_same(
    machine: Machine, event: Done, stood: WorkOrder, day: date, rulebook: Rulebook
) -> Iterable[Change]:
    """What was truly done stays done, also outside the window that the rules give it."""
    before = machine.orders.get(event.key)
    order = before or _of_window(machine, event.key, day, rulebook) or stood
    there = replace(order, opens_on=min(order.opens_on, event.on))
    first, *lower = completed(replace(machine, orders={**machine.orders, event.key: there}), event.key, event.on)
    return [replace(first, before=before), *lower]


def _of_window(machine: Machine, key: OrderKey, day: date, rulebook: Rulebook) -> WorkOrder | None:
    for window in windows_of(machine, day, rulebook):
        if (window.kind, window.step) == (key.kind, key.step) and window.opens_on is not None:
            return opened(window, window.opens_on)
    return None


def _cancelled(machine: Machine, event: Cancelled) -> Iterable[Change]:
    order = machine.orders.get(event.order.key)
    if order is None:
        return [Change(None, event.order, event.on, "person")]
    return [cancelled(order, event.on)] if order.is_open else []


def _apply(machine: Machine, applied: Iterable[Change], changes: list[Change]) -> Machine:
    orders = dict(machine.orders)
    for change in applied:
        orders[change.after.key] = change.after
        changes.append(change)
    return replace(machine, orders=orders)


@dataclass(frozen=True, slots=True)
class Revision:
    """An order that a correction replaces: as it is stored, and as it is to be (None: withdrawn)."""

    key: OrderKey
    stored: WorkOrder | None
    revised: WorkOrder | None


def revisions(
    stored: Mapping[OrderKey, WorkOrder],
    as_believed: Mapping[OrderKey, WorkOrder],
    as_corrected: Mapping[OrderKey, WorkOrder],
) -> list[Revision]:
    """The orders that followed from a wrong fact: those that a history with it and one without it make different.

    Whatever else has shaped a stored order is not touched.
    """
    keys = [key for key in {**as_believed, **as_corrected} if as_believed.get(key) != as_corrected.get(key)]
    return [
        Revision(key, stored.get(key), as_corrected.get(key))
        for key in keys
        if stored.get(key) != as_corrected.get(key)
    ]
