"""Numbers that belong to one visit for ever: drawn by us, or typed from a service record on paper."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, select

from adapters.store.dialect import insert_new
from adapters.store.tables import service_records, visit_numbers, visit_series, work_orders
from schedules.visit_number import VisitNumber
from schedules.work_order import Kind, OrderKey

OF_ORDER = and_(
    visit_numbers.c.machine_id == work_orders.c.machine_id,
    visit_numbers.c.step == work_orders.c.step,
    work_orders.c.kind == Kind.MANDATORY_VISIT,
)
"""Joins an order and the number of its visit."""
NUMBER = tuple(visit_numbers.c[name].label(f"visit_{name}") for name in ("service_centre", "year", "number"))


def number_in(row: Row[Any]) -> VisitNumber | None:
    """The number in a row that has the columns `NUMBER`."""
    if row.visit_number is None:
        return None
    return VisitNumber(row.visit_service_centre, row.visit_year, row.visit_number)


def draw_number(
    connection: Connection, machine_id: str, step: str, service_centre: str | None, year: int, now_ms: int
) -> VisitNumber:
    """The number of a visit: the one it had before, else the next of its series.

    Whoever draws from a series holds it until the transaction ends, and a transaction that is rolled back has drawn
    nothing: so numbers have no gaps.
    """
    known = number_of(connection, machine_id, step)
    if known is not None:
        return known
    drawn = VisitNumber(service_centre or "", year, _next(connection, service_centre or "", year))
    row = {"machine_id": machine_id, "step": step, "drawn_ms": now_ms}
    series = {"service_centre": drawn.service_centre, "year": drawn.year, "number": drawn.number}
    connection.execute(insert(visit_numbers).values(**row, **series))
    return drawn


def _next(connection: Connection, service_centre: str, year: int) -> int:
    first = insert_new(connection, visit_series).values(service_centre=service_centre, year=year, last=1)
    following = first.on_conflict_do_update(
        index_elements=["service_centre", "year"], set_={"last": visit_series.c.last + 1}
    )
    return int(connection.execute(following.returning(visit_series.c.last)).scalar_one())


def number_of(connection: Connection, machine_id: str, step: str) -> VisitNumber | None:
    """The number a visit was given, also if a correction has taken its completion back."""
    mine = (visit_numbers.c.machine_id == machine_id, visit_numbers.c.step == step)
    row = connection.execute(select(*NUMBER).where(*mine)).first()
    return None if row is None else number_in(row)


def claim_record_no(
    connection: Connection, service_centre: str, record_no: str, machine_id: str, key: OrderKey
) -> tuple[str, OrderKey] | None:
    """Give a service record's number to an order; the machine and key of another one of the centre that has it."""
    release_record_no(connection, machine_id, key)
    mine = {"machine_id": machine_id, "kind": key.kind, "step": key.step}
    columns = service_records.c
    claim = insert_new(connection, service_records).values(service_centre=service_centre, record_no=record_no, **mine)
    if connection.execute(claim.on_conflict_do_nothing().returning(columns.record_no)).first() is not None:
        return None
    holder = select(columns.machine_id, columns.kind, columns.step)
    row = connection.execute(
        holder.where(columns.service_centre == service_centre, columns.record_no == record_no)
    ).one()
    return row.machine_id, OrderKey(Kind(row.kind), row.step)


def release_record_no(connection: Connection, machine_id: str, key: OrderKey) -> None:
    """Take the number of a service record back from an order, so that another may have it."""
    connection.execute(delete(service_records).where(*_of(machine_id, key)))


def _of(machine_id: str, key: OrderKey) -> tuple[ColumnElement[bool], ...]:
    columns = service_records.c
    return columns.machine_id == machine_id, columns.kind == key.kind, columns.step == key.step
