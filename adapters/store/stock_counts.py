"""How many machines are in stock, and how many orders a month's upkeep of them has."""

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
