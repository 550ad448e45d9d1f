"""Photos of the work and drawn signatures, kept with the order they prove: in the store, and so in its backup."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select

from adapters.store.dialect import insert_new
from adapters.store.tables import attachments
from schedules.work_order import OrderKey

PHOTO = "photo"
SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: `what` is PHOTO or SIGNATURE."""

    what: str
    media_type: str
    content: bytes


def keep(
    connection: Connection, machine_id: str, key: OrderKey, pictures: Sequence[Picture], by: str, now_ms: int
) -> None:
    """Keep pictures with an order: the same one once, and of signatures the last."""
    if any(each.what == SIGNATURE for each in pictures):
        connection.execute(delete(attachments).where(*_of(machine_id, key), attachments.c.what == SIGNATURE))
    for each in pictures:
        row = {
            "machine_id": machine_id,
            "kind": key.kind,
            "step": key.step,
            "what": each.what,
            "media_type": each.media_type,
            "digest": hashlib.sha256(each.content).hexdigest(),
            "content": each.content,
            "by": by,
            "recorded_ms": now_ms,
        }
        connection.execute(insert_new(connection, attachments).values(row).on_conflict_do_nothing())


def listed(connection: Connection, machine_id: str, key: OrderKey) -> list[Row[Any]]:
    """The pictures of an order, the oldest first, without what they show."""
    columns = attachments.c
    statement = select(columns.id, columns.what, columns.by, columns.recorded_ms).where(*_of(machine_id, key))
    return list(connection.execute(statement.order_by(columns.id)))


def count(connection: Connection, machine_id: str, key: OrderKey) -> int:
    """How many pictures an order has."""
    statement = select(func.count()).select_from(attachments).where(*_of(machine_id, key))
    return int(connection.execute(statement).scalar_one())


def one(connection: Connection, machine_id: str, key: OrderKey, number: int) -> Row[Any] | None:
    """One picture of an order; None if it is none of it."""
    statement = select(attachments).where(*_of(machine_id, key), attachments.c.id == number)
    return connection.execute(statement).first()


def _of(machine_id: str, key: OrderKey) -> tuple[ColumnElement[bool], ...]:
    columns = attachments.c
    return columns.machine_id == machine_id, columns.kind == key.kind, columns.step == key.step
