"""How people name a work order: by its number, or as MACHINE/KIND/STEP (design 5)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from adapters.store.tables import work_orders
from daemon.refused import RefusedError
from schedules.work_order import Kind, OrderKey

_EXPECTED = "an order is named by its number or as MACHINE/KIND/STEP, such as L955-1/mandatory_visit/600"


def order_named(connection: Connection, name: str) -> tuple[str, OrderKey]:
    """The machine and key of a work order; RefusedError if the name is none, or the number is nobody's."""
    if name.isascii() and name.isdigit():
        return _of_number(connection, int(name))
    machine_id, _, key = name.partition("/")
    if not machine_id or not key:
        message = f"{name!r}: {_EXPECTED}"
        raise RefusedError(message)
    return machine_id, key_named(key)


def key_named(name: str) -> OrderKey:
    """An order within its machine, from KIND/STEP."""
    kind, _, step = name.partition("/")
    if not step or kind not in set(Kind):
        message = f"{name!r} is no KIND/STEP, such as mandatory_visit/600; the kinds are {', '.join(Kind)}"
        raise RefusedError(message)
    return OrderKey(Kind(kind), step)


def _of_number(connection: Connection, number: int) -> tuple[str, OrderKey]:
    columns = work_orders.c
    statement = select(columns.machine_id, columns.kind, columns.step).where(columns.id == number)
    row = connection.execute(statement).first() if number < 2**63 else None
    if row is None:
        message = f"there is no work order {number}"
        raise RefusedError(message)
    return row.machine_id, OrderKey(Kind(row.kind), row.step)
