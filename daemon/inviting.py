"""The agreed day of a visit in people's calendars: told when agreed or moved, taken back when it comes to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from adapters.store import invited, notices
from adapters.store.machines import MachineRecord
from daemon.keeper import Keeper
from daemon.notice_rows import notices_of
from notifications.occasions import Occasion, Role, roles_of
from schedules.work_order import Change, Kind, OrderKey, State, WorkOrder


def invite(connection: Connection, keeper: Keeper, record: MachineRecord, key: OrderKey, now_ms: int) -> None:
    """Tell centre and customer of the day that is agreed now; an earlier one that nobody has heard of is dropped."""
    if key.kind is not Kind.MANDATORY_VISIT:
        return
    machine_id = record.facts.machine_id
    told = tuple((Occasion.VISIT_SCHEDULED, role) for role in roles_of(Occasion.VISIT_SCHEDULED))
    again = invited.next_round(connection, machine_id, key)
    invited.overtake(connection, machine_id, key)
    notices.add(connection, list(notices_of(keeper, record, key, told, keeper.today(now_ms), now_ms, again)))


def call_off(
    connection: Connection, keeper: Keeper, changed: Iterable[tuple[MachineRecord, Sequence[Change]]], now_ms: int
) -> None:
    """Take back the invitations to visits that were closed before their day, from whoever has got one."""
    closed = {
        (record.facts.machine_id, change.after.key): (record, change.after)
        for record, changes in changed
        for change in changes
        if change.after.kind is Kind.MANDATORY_VISIT and not change.after.is_open
    }
    if not closed:
        return
    rows: list[dict[str, Any]] = []
    for row in invited.invited(connection, {machine_id for machine_id, _ in closed}):
        found = closed.get((row.machine_id, OrderKey(Kind(row.kind), row.step)))
        if found is not None and _comes_to_nothing(found[1], row.scheduled_for, keeper.today(now_ms)):
            rows.extend(_taken_back(connection, keeper, *found, Role(row.role), now_ms))
    notices.add(connection, rows)


def _comes_to_nothing(visit: WorkOrder, agreed: date, today: date) -> bool:
    """Whether an entry in a calendar is wrong: its day is not past, and it is not the day on which it was done."""
    return agreed >= today and not (visit.state is State.DONE and visit.closed_on == agreed)


def _taken_back(
    connection: Connection, keeper: Keeper, record: MachineRecord, visit: WorkOrder, role: Role, now_ms: int
) -> Iterator[dict[str, Any]]:
    again = invited.next_round(connection, record.facts.machine_id, visit.key)
    told = ((Occasion.VISIT_CALLED_OFF, role),)
    yield from notices_of(keeper, record, visit.key, told, keeper.today(now_ms), now_ms, again)
