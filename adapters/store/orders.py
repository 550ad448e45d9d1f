"""Work orders as people see and report on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from adapters.store.machines import Remark
from adapters.store.tables import forms, work_order_events, work_orders
from schedules.work_order import OrderKey, WorkOrder


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
