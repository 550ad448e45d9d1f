"""What printed forms show of orders: with machine, meter, visit number, service centre and yard (rules 6)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from adapters.store.tables import machines, meters, service_centres, visit_numbers, work_orders, yards
from adapters.store.visits import NUMBER, OF_ORDER
from schedules.work_order import OPEN_STATES, Kind, OrderKey

_OF_MACHINE = (
    "category",
    "model",
    "region",
    "yard",
    "stocked_on",
    "handed_over_on",
    "warranty",
    "customer",
    "customer_email",
    "customer_phone",
    "service_centre",
)


def one(connection: Connection, machine_id: str, key: OrderKey) -> Row[Any] | None:
    """An order as its form shows it."""
    columns = work_orders.c
    mine = (columns.machine_id == machine_id, columns.kind == key.kind, columns.step == key.step)
    return connection.execute(_orders().where(*mine)).first()


def of_yard(connection: Connection, yard: str, month: str, last: date) -> list[Row[Any]]:
    """The open upkeep orders of a month in a yard, and the open freeze orders that opened by its `last` day."""
    columns = work_orders.c
    wanted = or_(
        (columns.kind == Kind.STOCK_UPKEEP) & (columns.step == month),
        (columns.kind == Kind.FREEZE_PROTECTION) & (columns.opens_on <= last),
    )
    open_there = (machines.c.yard == yard, columns.state.in_(OPEN_STATES), wanted)
    ordered = _orders().where(*open_there).order_by(columns.machine_id, columns.kind.desc(), columns.id)
    return list(connection.execute(ordered).all())


def _orders() -> Select[Any]:
    m, c, y = machines.c, service_centres.c, yards.c
    source = (
        work_orders.join(machines, m.machine_id == work_orders.c.machine_id)
        .join(meters, meters.c.machine_id == work_orders.c.machine_id)
        .outerjoin(visit_numbers, OF_ORDER)
        .outerjoin(service_centres, c.service_centre == m.service_centre)
        .outerjoin(yards, y.yard == m.yard)
    )
    columns = [
        *(m[name] for name in _OF_MACHINE),
        c.name.label("centre_name"),
        c.phone.label("centre_phone"),
        y.name.label("yard_name"),
        y.phone.label("yard_phone"),
        meters.c.total_ms,
        meters.c.time_ms,
        *NUMBER,
    ]
    return select(work_orders, *columns).select_from(source)
