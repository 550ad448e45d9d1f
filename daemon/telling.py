"""Who is told of a change: notices into the outbox, in the transaction that makes the change (rules 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from adapters.store import notices
from adapters.store.machines import MachineRecord
from daemon.inviting import call_off
from daemon.keeper import Keeper
from daemon.notice_rows import notices_of
from notifications.occasions import Occasion, Role, told_of
from schedules.dates import local_date
from schedules.work_order import Change, Kind, OrderKey, State, WorkOrder


def tell(connection: Connection, keeper: Keeper, record: MachineRecord, changes: Sequence[Change], now_ms: int) -> None:
    """Write the notices of these changes; what happened before the machine was registered is told to nobody."""
    tell_all(connection, keeper, [(record, changes)], now_ms)


def tell_all(
    connection: Connection, keeper: Keeper, changed: Iterable[tuple[MachineRecord, Sequence[Change]]], now_ms: int
) -> None:
    """The same of several machines at once."""
    changed = list(changed)
    rows: list[dict[str, Any]] = []
    reminders: dict[date | None, list[tuple[str, OrderKey]]] = {}
    for record, changes in changed:
        registered_on = local_date(record.registered_ms, keeper.zone)
        for key, of_order in _by_order(changes).items():
            since = [change for change in of_order if change.on >= registered_on]
            if since:
                rows.extend(notices_of(keeper, record, key, told_of(since), since[-1].on, now_ms))
            if _reminds(of_order, is_told=bool(since)):
                on = _reminded_on(keeper, of_order[-1].after, now_ms)
                reminders.setdefault(on, []).append((record.facts.machine_id, key))
    for on, orders in reminders.items():
        notices.remind_from(connection, orders, on)
    notices.add(connection, rows)
    call_off(connection, keeper, changed, now_ms)


_REMINDED = frozenset({State.OVERDUE, State.DONE})


def _reminds(changes: Sequence[Change], *, is_told: bool) -> bool:
    """Whether the day of a visit's reminder changes; what was done before the machine was registered has none."""
    first, last = changes[0], changes[-1].after
    if last.kind is not Kind.MANDATORY_VISIT or not (is_told or last.is_open):
        return False
    return last.state in _REMINDED or (first.before is not None and first.before.state in _REMINDED)


def _reminded_on(keeper: Keeper, visit: WorkOrder, now_ms: int) -> date | None:
    """When somebody is told of a visit again: weekly while it is overdue; of its form in the month after it."""
    if visit.state is State.OVERDUE:
        return _next_reminder(keeper, now_ms)
    if visit.state is State.DONE and visit.closed_on is not None:
        return keeper.rulebook.plan.copy_1.remind_on(visit.closed_on)
    return None


def _by_order(changes: Sequence[Change]) -> dict[OrderKey, list[Change]]:
    grouped: dict[OrderKey, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.after.key, []).append(change)
    return grouped


def remind_of_copies(
    connection: Connection, keeper: Keeper, done: Sequence[tuple[MachineRecord, WorkOrder]], now_ms: int
) -> None:
    """Tell centres of forms whose copy 1 was not sent: once, and not when the fee is forfeited already (rules 6)."""
    today, rows = keeper.today(now_ms), list[dict[str, Any]]()
    told = ((Occasion.COPY_1_NOT_SENT, Role.SERVICE_CENTRE),)
    for record, visit in done:
        sent_by = None if visit.closed_on is None else keeper.rulebook.plan.copy_1.sent_by(visit.closed_on)
        if sent_by is not None and today <= sent_by:
            rows.extend(notices_of(keeper, record, visit.key, told, today, now_ms, sent_by.isoformat()))
    notices.add(connection, rows)
    notices.remind_from(connection, [(record.facts.machine_id, visit.key) for record, visit in done], None)


def _next_reminder(keeper: Keeper, now_ms: int) -> date:
    return keeper.today(now_ms) + timedelta(days=keeper.telling.remind_every_days)


@dataclass(frozen=True, slots=True)
class StillOverdue:
    """A visit whose reminder has come, and whether somebody has taken notice of it."""

    record: MachineRecord
    key: OrderKey
    acknowledged: bool


def remind_all(connection: Connection, keeper: Keeper, overdue: Sequence[StillOverdue], now_ms: int) -> None:
    """Tell that visits are still overdue: the centre; and after some days, while nobody has acknowledged one, the
    managers (rules 8).
    """
    today, rows = keeper.today(now_ms), list[dict[str, Any]]()
    for each in overdue:
        told = tuple(_reminded(keeper, each, today))
        rows.extend(notices_of(keeper, each.record, each.key, told, today, now_ms, today.isoformat()))
    notices.add(connection, rows)
    orders = [(each.record.facts.machine_id, each.key) for each in overdue]
    notices.remind_from(connection, orders, _next_reminder(keeper, now_ms))


def _reminded(keeper: Keeper, each: StillOverdue, today: date) -> Iterator[tuple[Occasion, Role]]:
    yield Occasion.VISIT_STILL_OVERDUE, Role.SERVICE_CENTRE
    late_days = each.record.facts.orders[each.key].late_days(today) or 0
    if not each.acknowledged and late_days > keeper.telling.escalate_after_days:
        yield Occasion.VISIT_STILL_OVERDUE, Role.MANAGER
