"""Counts for the first page: work orders by kind and state, findings by kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from adapters.store.listing import OrderFilter, conditions_of
from adapters.store.tables import findings, machines, work_orders
from schedules.work_order import State

_OF_MACHINE = work_orders.join(machines, machines.c.machine_id == work_orders.c.machine_id)
_BY_MACHINE = ("service_centre", "region", "yard", "status", "service_centres", "regions")


def open_orders(connection: Connection, wanted: OrderFilter) -> list[Row[Any]]:
    """How many orders are open, by `kind` and `state`."""
    order = work_orders.c
    statement = select(order.kind, order.state, func.count().label("orders")).select_from(joined(wanted))
    statement = statement.where(order.closed_on.is_(None), *conditions_of(wanted))
    return list(connection.execute(statement.group_by(order.kind, order.state)).all())


def overdue_by_centre(connection: Connection, wanted: OrderFilter, most: int) -> list[Row[Any]]:
    """How many orders are overdue, by `service_centre`; those with the most first."""
    count = func.count().label("orders")
    statement: Select[Any] = select(machines.c.service_centre, count).select_from(_OF_MACHINE)
    late = replace(wanted, states=frozenset({State.OVERDUE}))
    statement = statement.where(machines.c.service_centre.isnot(None), *conditions_of(late))
    return list(
        connection.execute(statement.group_by(machines.c.service_centre).order_by(count.desc()).limit(most)).all()
    )


def open_by_day(connection: Connection, wanted: OrderFilter) -> list[Row[Any]]:
    """How many orders are open, by `kind`, `state` and `due_on`."""
    order = work_orders.c
    count = func.count().label("orders")
    statement: Select[Any] = select(order.kind, order.state, order.due_on, count).select_from(joined(wanted))
    statement = statement.where(order.closed_on.is_(None), *conditions_of(wanted))
    return list(connection.execute(statement.group_by(order.kind, order.state, order.due_on)).all())


def open_findings(connection: Connection, service_centre: str | None) -> list[Row[Any]]:
    """How many findings are open, by `kind`."""
    joined = findings.outerjoin(machines, machines.c.machine_id == findings.c.machine_id)
    statement = select(findings.c.kind, func.count().label("findings")).select_from(joined)
    statement = statement.where(findings.c.closed_on.is_(None))
    if service_centre is not None:
        statement = statement.where(machines.c.service_centre == service_centre)
    return list(connection.execute(statement.group_by(findings.c.kind)).all())


def joined(wanted: OrderFilter) -> Any:  # noqa: ANN401 - a table, or a join
    """What counts are made of: machines are looked at only where something of theirs is asked for."""
    return _OF_MACHINE if any(getattr(wanted, name) not in (None, frozenset()) for name in _BY_MACHINE) else work_orders
