"""Notices to be told: written with the change that causes them, unique for ever per order, occasion and recipient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from adapters.store.dialect import insert_new
from adapters.store.tables import letters, notices, work_orders
from schedules.work_order import OrderKey, State


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write notices; one that was ever written before is left as it is (rules 8)."""
    if rows:
        connection.execute(insert_new(connection, notices).on_conflict_do_nothing(), rows)


_REMIND = (
    update(work_orders)
    .where(
        work_orders.c.machine_id == bindparam("of_machine"),
        work_orders.c.kind == bindparam("of_kind"),
        work_orders.c.step == bindparam("of_step"),
    )
    .values(remind_on=bindparam("from_day"))
)


def remind_from(connection: Connection, orders: Sequence[tuple[str, OrderKey]], on: date | None) -> None:
    """From which day on the reminders of orders (machine, kind and step) are looked at."""
    if orders:
        rows = [{"of_machine": each, "of_kind": key.kind, "of_step": key.step, "from_day": on} for each, key in orders]
        connection.execute(_REMIND, rows)


def to_remind(connection: Connection, today: date, limit: int) -> list[Row[Any]]:
    """Overdue orders, and visits that are done, whose reminder falls on or before today, longest waiting first."""
    columns = work_orders.c
    statement = select(work_orders).where(columns.remind_on <= today, columns.state.in_([State.OVERDUE, State.DONE]))
    return list(connection.execute(statement.order_by(columns.remind_on, columns.id).limit(limit)).all())


def forget_unsent(connection: Connection, machine_id: str, key: OrderKey) -> None:
    """Delete the notices of an order that did not go out, so that they may be told again; what was sent stays."""
    columns = notices.c
    idle = (letters.c.state == "dropped") | ((letters.c.state == "waiting") & letters.c.claim.is_(None))
    unsent = (
        columns.letter_id.is_(None)
        | columns.dropped.isnot(None)
        | columns.letter_id.in_(select(letters.c.letter_id).where(idle))
    )
    mine = (columns.machine_id == machine_id, columns.kind == key.kind, columns.step == key.step)
    connection.execute(delete(notices).where(*mine, unsent))
