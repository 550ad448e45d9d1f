"""A machine's total hours over time, from the store; as points of a drawing, one a day will do."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from adapters.store.engine import Store
from adapters.store.tables import readings
from schedules.forecast import DAY_MS
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

    def daily(self, machine_id: str, ends_ms: int) -> list[tuple[int, int]]:
        """The last believed total of each day (UTC) before `ends_ms`, as in `totals`."""
        columns = readings.c
        mine = (columns.machine_id == machine_id, columns.verdict.in_(sorted(IN_HISTORY)), columns.total_ms.isnot(None))
        time_ms, total_ms = func.max(columns.time_ms).label("time_ms"), func.max(columns.total_ms).label("total_ms")
        statement = select(time_ms, total_ms).where(*mine, columns.time_ms < ends_ms)
        by_day = statement.group_by(columns.time_ms // DAY_MS).order_by(time_ms)
        with self._store.read() as connection:
            return [(row.time_ms, row.total_ms) for row in connection.execute(by_day)]
