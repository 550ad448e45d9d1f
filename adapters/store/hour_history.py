"""A machine's total hours over time, from the store."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from adapters.store.engine import Store
from adapters.store.tables import readings
from schedules.reading import IN_HISTORY

_AT_ONCE = 1000


class StoreHistory:
    """The believed readings that the store keeps."""

    def __init__(self, store: Store) -> None:
        """`store` holds the readings."""
        self._store = store

    def totals(self, machine_id: str, begins_ms: int, ends_ms: int) -> Iterator[tuple[int, int]]:
        """A machine's total hours by time, `ends_ms` excluded: (ms since 1970, engine time in ms)."""
        columns = readings.c
        statement = select(columns.time_ms, columns.total_ms).where(
            columns.machine_id == machine_id,
            columns.verdict.in_(IN_HISTORY),
            columns.time_ms >= begins_ms,
            columns.time_ms < ends_ms,
        )
        ordered = statement.order_by(columns.time_ms, columns.id).execution_options(yield_per=_AT_ONCE)
        with self._store.read() as connection:
            for row in connection.execute(ordered):
                yield row.time_ms, row.total_ms
