"""The orders of a machine computed anew from its history: at registration, and in a correction (rules 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from schedules.assess import Assessment, assess
from schedules.completion import completed, refusal
from schedules.machine import Machine
from schedules.rulebook import Rulebook
from schedules.work_order import Change, OrderKey, State, WorkOrder


@dataclass(frozen=True, slots=True)
class Known:
    """An accepted total, the day it reached us, and the date of its reading."""

    on: date
    total_ms: int
    read_on: date


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was truly done, and when; `entered_on` is the day its form reached us.

    `order` is given for a step that counts as done whether its window was open or not (rules 5, last_step_done,
    and what stays in a correction).
    """

    on: date
    key: OrderKey
    order: WorkOrder | None = None


def retrace(machine: Machine, history: Sequence[Known | Done], today: date, rulebook: Rulebook) -> Assessment:
    """Walk a history in order of `on`, asking as the daemon would have asked; the changes are all there were."""
    changes: list[Change] = []
    for event in history:
        day = min(event.on, today)
        machine = _take(assess(machine, day, rulebook), changes)
        if isinstance(event, Known):
            machine = replace(machine, total_ms=event.total_ms, total_on=event.read_on)
        else:
            machine = _done(machine, event, changes)
        machine = _take(assess(machine, day, rulebook), changes)
    last = assess(machine, today, rulebook)
    return replace(last, changes=(*changes, *last.changes))


def _take(assessment: Assessment, changes: list[Change]) -> Machine:
    changes.extend(assessment.changes)
    return assessment.machine


def _done(machine: Machine, event: Done, changes: list[Change]) -> Machine:
    orders = dict(machine.orders)
    if event.order is not None and (event.key not in orders or refusal(orders[event.key], event.on, event.on)):
        return _apply(machine, [Change(orders.get(event.key), event.order, event.on, "completed")], changes)
    if event.key not in orders or orders[event.key].state is State.DONE:
        return machine
    return _apply(machine, completed(machine, event.key, event.on), changes)


def _apply(machine: Machine, applied: Iterable[Change], changes: list[Change]) -> Machine:
    orders = dict(machine.orders)
    for change in applied:
        orders[change.after.key] = change.after
        changes.append(change)
    return replace(machine, orders=orders)
