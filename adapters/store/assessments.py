"""What assessments changed, written back set by set: orders, their events, and when to ask each machine again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from adapters.store.machines import Remark, change_facts, remembered
from adapters.store.tables import meters, work_order_events, work_orders
from schedules.assess import Assessment
from schedules.machine import Machine
from schedules.work_order import Change, OrderKey, WorkOrder

_OF_RULES = tuple(WorkOrder.__dataclass_fields__)
_MOVE = (
    update(work_orders)
    .where(
        work_orders.c.machine_id == bindparam("of_machine"),
        work_orders.c.kind == bindparam("of_kind"),
        work_orders.c.step == bindparam("of_step"),
    )
    .values({name: bindparam(name) for name in _OF_RULES if name not in {"kind", "step"}})
)
_WAKE = (
    update(meters)
    .where(meters.c.machine_id == bindparam("of_machine"))
    .values(wakes_at_ms=bindparam("wakes_at_ms"), wakes_on=bindparam("wakes_on"))
)


@dataclass(frozen=True, slots=True)
class Assessed:
    """A machine as it was before it was asked about, and the answer."""

    before: Machine
    assessment: Assessment


def keep(
    connection: Connection, before: Machine, assessment: Assessment, remark: Remark, *, past_before: date | None = None
) -> None:
    """Write what one assessment changed.

    `past_before` is given for a machine just registered: orders that closed before it are marked (rules 5).
    """
    keep_all(connection, [Assessed(before, assessment)], remark, past_before=past_before)


def keep_all(
    connection: Connection, answers: Sequence[Assessed], remark: Remark, *, past_before: date | None = None
) -> None:
    """Write what assessments of several machines changed: orders, events, the machines' own cycles and wake-ups."""
    changed = [(each.assessment.machine, each.assessment.changes) for each in answers]
    _apply(connection, changed, remark, past_before)
    for each in answers:
        after = remembered(each.assessment.machine)
        if remembered(each.before) != after:
            change_facts(connection, each.before.machine_id, after)
    if answers:
        connection.execute(_WAKE, [_wake_up(each) for each in answers])


def _wake_up(each: Assessed) -> dict[str, Any]:
    asked = each.assessment
    return {"of_machine": each.before.machine_id, "wakes_at_ms": asked.wakes_at_ms, "wakes_on": asked.wakes_on}


def apply_changes(connection: Connection, machine: Machine, changes: Sequence[Change], remark: Remark) -> None:
    """Write changed orders as they are in the end, and one event for every change on the way."""
    _apply(connection, [(machine, changes)], remark, None)


_Changed = Sequence[tuple[Machine, Sequence[Change]]]


def _apply(connection: Connection, changed: _Changed, remark: Remark, past_before: date | None) -> None:
    opened: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for machine, changes in changed:
        for is_new, order in _in_the_end(changes):
            if is_new:
                past = past_before is not None and order.closed_on is not None and order.closed_on < past_before
                opened.append({"machine_id": machine.machine_id, "before_registration": past, **order_values(order)})
            else:
                moved.append({"of_machine": machine.machine_id, **_as_known(order_values(order))})
    events = [event_row(machine, change, remark) for machine, changes in changed for change in changes]
    for statement, rows in ((insert(work_orders), opened), (_MOVE, moved), (insert(work_order_events), events)):
        if rows:
            connection.execute(statement, rows)


def _as_known(values: dict[str, Any]) -> dict[str, Any]:
    return {"of_kind": values.pop("kind"), "of_step": values.pop("step"), **values}


def _in_the_end(changes: Sequence[Change]) -> Iterator[tuple[bool, WorkOrder]]:
    """Each changed order once: whether it has come into being with these changes, and as it is after them."""
    is_new: dict[OrderKey, bool] = {}
    last: dict[OrderKey, WorkOrder] = {}
    for change in changes:
        is_new.setdefault(change.after.key, change.before is None)
        last[change.after.key] = change.after
    return ((is_new[key], order) for key, order in last.items())


def order_values(order: WorkOrder) -> dict[str, Any]:
    """The columns of a work order that the rules set."""
    return {name: getattr(order, name) for name in _OF_RULES}


def event_row(machine: Machine, change: Change, remark: Remark) -> dict[str, Any]:
    """The row that remembers a change."""
    return {
        "machine_id": machine.machine_id,
        "kind": change.after.kind,
        "step": change.after.step,
        "on": change.on,
        "recorded_ms": remark.recorded_ms,
        "from_state": None if change.before is None else change.before.state,
        "to_state": change.after.state,
        "why": change.why,
        "by": remark.by,
        "note": remark.note,
        "total_ms": machine.total_ms,
    }
