"""Where a machine's hours over time are read: from the copy in InfluxDB where there is one, else from the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import structlog

from adapters.influx.server import InfluxFaultError, RefusedPointError

log = structlog.get_logger("web")


class HourHistory(Protocol):
    """A place that knows a machine's hours over time."""

    def daily(self, machine_id: str, ends_ms: int) -> list[tuple[int, int]]:
        """The last believed total of each day (UTC) before `ends_ms`: (ms since 1970, engine time in ms), in order."""


@dataclass(frozen=True, slots=True)
class FirstOrElse:
    """The copy, which also knows what the store has forgotten; the store while the copy does not answer."""

    copy: HourHistory
    store: HourHistory

    def daily(self, machine_id: str, ends_ms: int) -> list[tuple[int, int]]:
        """As of the copy; what has not got there yet is added from the store."""
        try:
            known = self.copy.daily(machine_id, ends_ms)
        except (InfluxFaultError, RefusedPointError) as fault:
            log.warning("hours_from_store", error=str(fault))
            known = []
        last_ms = known[-1][0] if known else -1
        return known + [each for each in self.store.daily(machine_id, ends_ms) if each[0] > last_ms]
