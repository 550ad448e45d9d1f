"""What people report of a work order: contacted, scheduled, done, cancelled, copy 1 sent on (rules 1, 5 and 6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from adapters.store import assessments, orders
from adapters.store.machines import Remark
from daemon.assessing import bring_up, record_of
from daemon.completing import Completion, complete
from daemon.inviting import invite
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from daemon.telling import tell
from schedules.completion import cancelled
from schedules.work_order import Kind, OrderKey, State, WorkOrder

__all__ = ["Completion", "acknowledge", "cancel", "complete", "contact", "copy_sent", "schedule"]


def acknowledge(connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey, by: str, now_ms: int) -> None:
    """Somebody has taken notice: managers are not reminded any more (rules 8)."""
    _note(
        connection,
        keeper,
        machine_id,
        key,
        {"acknowledged_ms": now_ms, "acknowledged_by": by},
        Remark(now_ms, "acknowledged", by),
    )


def contact(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    by: str | None,
    now_ms: int,
    note: str | None = None,
) -> None:
    """The centre has spoken with the user; `note` is what came of it (rules 6)."""
    _note(
        connection,
        keeper,
        machine_id,
        key,
        {"contacted_ms": now_ms, "contacted_by": by},
        Remark(now_ms, "contacted", by, (note or "").strip() or None),
    )


def schedule(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    on: date,
    now_ms: int,
    by: str | None = None,
) -> None:
    """A day is agreed with the user, or another one instead (rules 6)."""
    if on < keeper.today(now_ms):
        message = f"scheduled_for: {on} is past"
        raise RefusedError(message, ("scheduled_for",))
    before = orders.scheduled_for(connection, machine_id, key)
    _note(
        connection,
        keeper,
        machine_id,
        key,
        {"scheduled_for": on},
        Remark(now_ms, "scheduled", by, on.isoformat()),
    )
    if on != before:
        invite(connection, keeper, record_of(connection, keeper, machine_id), key, now_ms)


def _note(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    values: dict[str, Any],
    remark: Remark,
) -> None:
    order = _order(connection, keeper, machine_id, key)
    if not order.is_open:
        message = f"the order is {order.state} since {order.closed_on}"
        raise RefusedError(message)
    orders.note(connection, machine_id, order, values, keeper.today(remark.recorded_ms), remark)


def _order(connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey) -> WorkOrder:
    order = record_of(connection, keeper, machine_id).facts.orders.get(key)
    if order is None:
        message = (
            f"{machine_id} has no work order {key.kind}/{key.step}: its window has not opened, or it has no such step"
        )
        raise RefusedError(message)
    return order


def cancel(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    reason: str | None,
    by: str | None,
    now_ms: int,
) -> None:
    """A person ends an open order with a reason; that is final (rules 5)."""
    if reason is None or not reason.strip():
        message = "reason is missing"
        raise RefusedError(message, ("reason",))
    order = _order(connection, keeper, machine_id, key)
    if not order.is_open:
        message = f"the order is {order.state} since {order.closed_on}; only an open one is cancelled"
        raise RefusedError(message)
    remark = Remark(now_ms, by=by, note=reason)
    record = record_of(connection, keeper, machine_id)
    change = cancelled(order, keeper.today(now_ms))
    assessments.apply_changes(connection, record.facts, [change], remark)
    tell(connection, keeper, record, [change], now_ms)
    facts = replace(record.facts, orders={**record.facts.orders, key: change.after})
    bring_up(connection, keeper, replace(record, facts=facts), keeper.today(now_ms), remark)


def copy_sent(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    key: OrderKey,
    on: date,
    now_ms: int,
    by: str | None = None,
) -> None:
    """Copy 1 of the form was sent to the maker (rules 6)."""
    order = _order(connection, keeper, machine_id, key)
    if order.kind is not Kind.MANDATORY_VISIT or order.state is not State.DONE:
        message = f"only a mandatory visit that is done has a form to send; this order is {order.state}"
        raise RefusedError(message)
    if on > keeper.today(now_ms) or (order.closed_on is not None and on < order.closed_on):
        message = f"on: {on} is not between the visit on {order.closed_on} and today"
        raise RefusedError(message)
    orders.note(
        connection,
        machine_id,
        order,
        {"copy_1_sent_on": on},
        on,
        Remark(now_ms, "copy_sent", by, on.isoformat()),
    )
