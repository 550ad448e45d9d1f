"""Signs of life of the replicas that share one store: one row for each slot."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, select

from adapters.store.dialect import insert_new
from adapters.store.outside_tables import replicas


def seen(connection: Connection, slot: str, now_ms: int) -> None:
    """The replica of a slot receives readings at this moment."""
    values = {"slot": slot, "seen_ms": now_ms}
    connection.execute(
        insert_new(connection, replicas).values(values).on_conflict_do_update(index_elements=["slot"], set_=values)
    )


def standing(connection: Connection) -> list[Row[Any]]:
    """Every slot that was ever filled and not given up: `slot` and `seen_ms`, by slot."""
    return list(connection.execute(select(replicas).order_by(replicas.c.slot)).all())


def give_up(connection: Connection, slot: str) -> bool:
    """Forget a slot; whether there was one."""
    return connection.execute(delete(replicas).where(replicas.c.slot == slot)).rowcount == 1
