"""Work orders as people see and report on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, func, insert, select, update

from adapters.store import visits
from adapters.store.machines import Remark
from adapters.store.tables import forms, work_order_events, work_orders
from schedules.work_order import MISSED_STATES, OPEN_STATES, Kind, OrderKey, State, WorkOrder


def note(
    connection: Connection,
    machine_id: str,
    order: WorkOrder,
    values: Mapping[str, Any],
    on: date,
    remark: Remark,
) -> None:
    """Write what was reported of an order, with an event that changes no state."""
    columns = work_orders.c
    mine = (columns.machine_id == machine_id, columns.kind == order.kind, columns.step == order.step)
    connection.execute(update(work_orders).where(*mine).values(**values))
    event = {
        "from_state": order.state,
        "to_state": order.state,
        "why": remark.why,
        "by": remark.by,
        "note": remark.note,
    }
    connection.execute(
        insert(work_order_events).values(
            machine_id=machine_id,
            kind=order.kind,
            step=order.step,
            on=on,
            recorded_ms=remark.recorded_ms,
            **event,
        )
    )


def keep_form(
    connection: Connection,
    machine_id: str,
    key: OrderKey,
    content: Mapping[str, Any],
    lacking: list[str] | None,
    now_ms: int,
) -> None:
    """Keep a form in place of its draft, or a draft (`lacking` names what it lacks) in place of an earlier one."""
    columns = forms.c
    mine = (columns.machine_id == machine_id, columns.kind == key.kind, columns.step == key.step)
    connection.execute(delete(forms).where(*mine, columns.draft))
    if lacking is None:
        connection.execute(delete(forms).where(*mine))
    row = {"machine_id": machine_id, "kind": key.kind, "step": key.step, "draft": lacking is not None}
    connection.execute(insert(forms).values(content=dict(content), missing=lacking or [], recorded_ms=now_ms, **row))


def draft_of(connection: Connection, machine_id: str, key: OrderKey) -> Row[Any] | None:
    """The draft that is kept for an order."""
    return connection.execute(select(forms).where(*_of(forms, machine_id, key), forms.c.draft)).first()


def entered(connection: Connection, machine_id: str, state: State) -> dict[OrderKey, int]:
    """When a machine's orders first came into a state, in ms as it was recorded."""
    columns = work_order_events.c
    statement = (
        select(columns.kind, columns.step, func.min(columns.recorded_ms))
        .where(columns.machine_id == machine_id, columns.to_state == state)
        .group_by(columns.kind, columns.step)
    )
    return {OrderKey(Kind(row[0]), row[1]): row[2] for row in connection.execute(statement)}


def with_form(connection: Connection, machine_id: str) -> set[OrderKey]:
    """A machine's orders for which a form is kept."""
    columns = forms.c
    statement = select(columns.kind, columns.step).where(columns.machine_id == machine_id, ~columns.draft)
    return {OrderKey(Kind(row.kind), row.step) for row in connection.execute(statement)}


def withdraw(connection: Connection, machine_id: str, key: OrderKey, on: date, remark: Remark) -> None:
    """Delete an order that should never have been; its events stay, and its identity is free again (rules 5)."""
    gone = delete(work_orders).where(*_of(work_orders, machine_id, key)).returning(work_orders.c.state)
    state = connection.execute(gone).scalar_one()
    event = {"kind": key.kind, "step": key.step, "on": on, "from_state": state, "why": "withdrawn"}
    connection.execute(
        insert(work_order_events).values(
            machine_id=machine_id, recorded_ms=remark.recorded_ms, by=remark.by, note=remark.note, **event
        )
    )


def mark_past(connection: Connection, machine_id: str, key: OrderKey, *, past: bool) -> None:
    """Say whether an order closed before its machine was registered: then it is shown, but does not count."""
    mine = _of(work_orders, machine_id, key)
    connection.execute(update(work_orders).where(*mine).values(before_registration=past))


def mark_all_past(connection: Connection, machine_id: str, before: date) -> None:
    """Mark what closed before a machine was registered."""
    columns = work_orders.c
    closed = (columns.machine_id == machine_id, columns.closed_on < before)
    connection.execute(update(work_orders).where(*closed).values(before_registration=True))


def may_be_completed(connection: Connection, machine_id: str, key: OrderKey) -> bool:
    """Whether it may still become done: open, or missed and perhaps entered late (rules 6)."""
    states = sorted(OPEN_STATES | MISSED_STATES)
    mine = select(work_orders.c.id).where(*_of(work_orders, machine_id, key), work_orders.c.state.in_(states))
    return connection.execute(mine).first() is not None


def form_of(connection: Connection, machine_id: str, key: OrderKey) -> Row[Any] | None:
    """The form of an order that was done, None if there is none."""
    statement = select(forms).where(*_of(forms, machine_id, key), ~forms.c.draft)
    return connection.execute(statement).first()


def redate_form(connection: Connection, form: Row[Any], done_at_ms: int) -> None:
    """Another instant of the visit on a form."""
    content = {**form.content, "done_at_ms": done_at_ms}
    connection.execute(update(forms).where(forms.c.id == form.id).values(content=content))


def take_back_form(connection: Connection, machine_id: str, key: OrderKey) -> None:
    """A form that was not true is a draft again, and nothing was sent on; its service record may be another's."""
    visits.release_record_no(connection, machine_id, key)
    mine = _of(forms, machine_id, key)
    connection.execute(delete(forms).where(*mine, forms.c.draft))
    connection.execute(update(forms).where(*mine).values(draft=True))
    connection.execute(update(work_orders).where(*_of(work_orders, machine_id, key)).values(copy_1_sent_on=None))


def _of(table: Table, machine_id: str, key: OrderKey) -> tuple[ColumnElement[bool], ...]:
    return table.c.machine_id == machine_id, table.c.kind == key.kind, table.c.step == key.step


def scheduled_for(connection: Connection, machine_id: str, key: OrderKey) -> date | None:
    """The day that is agreed for an order, None without one."""
    columns = work_orders.c
    mine = (columns.machine_id == machine_id, columns.kind == key.kind, columns.step == key.step)
    return connection.execute(select(columns.scheduled_for).where(*mine)).scalar()
