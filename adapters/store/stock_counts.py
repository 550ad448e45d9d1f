"""How many machines are in stock and where, and how many orders a month's upkeep of them has."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from adapters.store.tables import machines, status_is, work_orders
from schedules.machine import Status
from schedules.work_order import Kind


def machines_in_stock(connection: Connection) -> int:
    """Machines in stock."""
    counted = select(func.count()).select_from(machines).where(status_is(Status.STOCK))
    return connection.execute(counted).scalar_one()


def orders(connection: Connection, month: str) -> int:
    """Orders of stock upkeep for a month, whatever became of them."""
    its = (work_orders.c.kind == Kind.STOCK_UPKEEP, work_orders.c.step == month)
    return connection.execute(select(func.count()).select_from(work_orders).where(*its)).scalar_one()


def places(connection: Connection, yard: str | None) -> tuple[list[str], list[str]]:
    """The yards and the regions in which machines stand, or those of one yard, in order."""
    found = []
    for column in (machines.c.yard, machines.c.region):
        statement = select(column).distinct().where(status_is(Status.STOCK), column.isnot(None))
        if yard is not None:
            statement = statement.where(machines.c.yard == yard)
        found.append(list(connection.execute(statement.order_by(column)).scalars()))
    return found[0], found[1]
