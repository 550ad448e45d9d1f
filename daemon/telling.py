"""Who is told of a change: notices into the outbox, in the transaction that makes the change (rules 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from adapters.store import notices
from adapters.store.machines import MachineRecord
from daemon.keeper import Keeper
from notifications.occasions import Occasion, Role, told_of
from notifications.timing import wait_of
from schedules.dates import local_date
from schedules.work_order import Change, Kind, OrderKey, State


def tell(connection: Connection, keeper: Keeper, record: MachineRecord, changes: Sequence[Change], now_ms: int) -> None:
    """Write the notices of these changes; what happened before the machine was registered is told to nobody."""
    tell_all(connection, keeper, [(record, changes)], now_ms)


def tell_all(
    connection: Connection, keeper: Keeper, changed: Iterable[tuple[MachineRecord, Sequence[Change]]], now_ms: int
) -> None:
    """The same of several machines at once."""
    rows: list[dict[str, Any]] = []
    late: list[tuple[str, OrderKey]] = []
    for record, changes in changed:
        registered_on = local_date(record.registered_ms, keeper.zone)
        for key, of_order in _by_order(changes).items():
            since = [change for change in of_order if change.on >= registered_on]
            if since:
                rows.extend(_rows(keeper, record, key, told_of(since), since[-1].on, now_ms))
            if key.kind is Kind.MANDATORY_VISIT and of_order[-1].after.state is State.OVERDUE:
                late.append((record.facts.machine_id, key))
    notices.remind_from(connection, late, _next_reminder(keeper, now_ms))
    notices.add(connection, rows)


def _by_order(changes: Sequence[Change]) -> dict[OrderKey, list[Change]]:
    grouped: dict[OrderKey, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.after.key, []).append(change)
    return grouped


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
        rows.extend(_rows(keeper, each.record, each.key, told, today, now_ms, today.isoformat()))
    notices.add(connection, rows)
    orders = [(each.record.facts.machine_id, each.key) for each in overdue]
    notices.remind_from(connection, orders, _next_reminder(keeper, now_ms))


def _reminded(keeper: Keeper, each: StillOverdue, today: date) -> Iterator[tuple[Occasion, Role]]:
    yield Occasion.VISIT_STILL_OVERDUE, Role.SERVICE_CENTRE
    late_days = each.record.facts.orders[each.key].late_days(today) or 0
    if not each.acknowledged and late_days > keeper.telling.escalate_after_days:
        yield Occasion.VISIT_STILL_OVERDUE, Role.MANAGER


def _rows(
    keeper: Keeper,
    record: MachineRecord,
    key: OrderKey,
    told: tuple[tuple[Occasion, Role], ...],
    on: date,
    now_ms: int,
    again: str = "",
) -> Iterator[dict[str, Any]]:
    for occasion, role in told:
        for recipient in _recipients(keeper, record, role):
            yield {
                "occasion": occasion,
                "role": role,
                "recipient": recipient,
                "machine_id": record.facts.machine_id,
                "kind": key.kind,
                "step": key.step,
                "round": again,
                "on": on,
                "recorded_ms": now_ms,
                "not_before_ms": _not_before(keeper, occasion, role, recipient, now_ms),
            }


def _recipients(keeper: Keeper, record: MachineRecord, role: Role) -> list[str]:
    if role is Role.MANAGER:
        return _managers(keeper, record)
    named = {
        Role.SERVICE_CENTRE: record.service_centre,
        Role.CUSTOMER: record.customer,
        Role.YARD: record.yard,
    }[role]
    return [named] if named else []


def _managers(keeper: Keeper, record: MachineRecord) -> list[str]:
    return [
        manager.name
        for manager in keeper.telling.managers
        if manager.is_concerned(record.service_centre, record.facts.region)
    ]


def _not_before(keeper: Keeper, occasion: Occasion, role: Role, recipient: str, now_ms: int) -> int:
    """A moment later, so that what belongs together goes together; or when the recipient is to be disturbed."""
    telling = keeper.telling
    zone = telling.zone_of(role, recipient) or keeper.zone
    return telling.timing.not_before_ms(wait_of(occasion, role), now_ms, zone)
