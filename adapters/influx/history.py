"""A machine's total hours over time, from InfluxDB."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.influx.server import InfluxServer
from schedules.forecast import DAY_MS


class InfluxHistory:
    """The points of the copy: also those of readings that the store has forgotten."""

    def __init__(self, server: InfluxServer) -> None:
        """`server` holds the points."""
        self._server = server

    def totals(self, machine_id: str, begins_ms: int, ends_ms: int) -> Iterator[tuple[int, int]]:
        """A machine's total hours by time, `ends_ms` excluded: (ms since 1970, engine time in ms); InfluxFaultError."""
        return self._server.totals(machine_id, begins_ms, ends_ms)

    def daily(self, machine_id: str, ends_ms: int) -> list[tuple[int, int]]:
        """The last total of each day (UTC) before `ends_ms`, as in `totals`."""
        return list(
            {time_ms // DAY_MS: (time_ms, total) for time_ms, total in self.totals(machine_id, 0, ends_ms)}.values()
        )
