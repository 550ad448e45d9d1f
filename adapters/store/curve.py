"""A machine's hours over its whole life, in as few points as a drawing can show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, select

from adapters.store.tables import readings
from schedules.reading import IN_HISTORY

_DAY_MS = 86_400_000


def daily(connection: Connection, machine_id: str) -> list[Row[Any]]:
    """The last believed total of each day (UTC): `time_ms`, `total_ms`; in order of time."""
    columns = readings.c
    mine = (columns.machine_id == machine_id, columns.verdict.in_(sorted(IN_HISTORY)), columns.total_ms.isnot(None))
    time_ms, total_ms = func.max(columns.time_ms).label("time_ms"), func.max(columns.total_ms).label("total_ms")
    statement = select(time_ms, total_ms).where(*mine).group_by(columns.time_ms // _DAY_MS)
    return list(connection.execute(statement.order_by(time_ms)))
