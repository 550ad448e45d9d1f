"""A machine's total hours over time, from InfluxDB."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.influx.server import InfluxServer


class InfluxHistory:
    """The points of the copy: also those of readings that the store has forgotten."""

    def __init__(self, server: InfluxServer) -> None:
        """`server` holds the points."""
        self._server = server

    def totals(self, machine_id: str, begins_ms: int, ends_ms: int) -> Iterator[tuple[int, int]]:
        """A machine's total hours by time, `ends_ms` excluded: (ms since 1970, engine time in ms); InfluxFaultError."""
        return self._server.totals(machine_id, begins_ms, ends_ms)
