"""Whose calendars hold an agreed visit: told by the notices that went out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select, update

from adapters.store.dialect import among
from adapters.store.tables import letters, notices, work_orders
from notifications.occasions import INVITING, Occasion
from schedules.work_order import OrderKey

_OF_CALENDARS = notices.c.occasion.in_(sorted(INVITING))
# What a relay holds may be on its way.
_IDLE = or_(
    notices.c.letter_id.is_(None),
    notices.c.letter_id.in_(select(letters.c.letter_id).where(letters.c.state == "waiting", letters.c.claim.is_(None))),
)


def next_round(connection: Connection, machine_id: str, key: OrderKey) -> str:
    """The name of the next change of an order's day: they are counted."""
    mine = (notices.c.machine_id == machine_id, notices.c.kind == key.kind, notices.c.step == key.step)
    statement = select(func.count(notices.c.round.distinct())).where(_OF_CALENDARS, *mine)
    return str((connection.execute(statement).scalar() or 0) + 1)


def overtake(connection: Connection, machine_id: str, key: OrderKey) -> None:
    """Drop what waits to be told of an order's day: something newer is told."""
    mine = (notices.c.machine_id == machine_id, notices.c.kind == key.kind, notices.c.step == key.step)
    waiting = (_OF_CALENDARS, *mine, notices.c.dropped.is_(None), _IDLE)
    connection.execute(update(notices).where(*waiting).values(dropped="the day was changed again"))


def invited(connection: Connection, machines: Iterable[str]) -> list[Row[Any]]:
    """The last that people were told of the agreed days of these machines' orders, if it was an invitation."""
    order = and_(
        work_orders.c.machine_id == notices.c.machine_id,
        work_orders.c.kind == notices.c.kind,
        work_orders.c.step == notices.c.step,
    )
    told = (
        select(notices, work_orders.c.scheduled_for)
        .join(work_orders, order)
        .join(letters, letters.c.letter_id == notices.c.letter_id)
        .where(_OF_CALENDARS, among(connection, notices.c.machine_id, sorted(machines)), notices.c.dropped.is_(None))
        .where(or_(letters.c.state == "sent", letters.c.claim.isnot(None)))
        .order_by(notices.c.id)
    )
    last = {(row.machine_id, row.kind, row.step, row.role, row.recipient): row for row in connection.execute(told)}
    return [row for row in last.values() if row.occasion == Occasion.VISIT_SCHEDULED and row.scheduled_for]
