"""What is written of a believed reading: one point of one measurement (README, InfluxDB)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schedules.hours import MS_PER_HOUR

MEASUREMENT = "hour_meter"
MACHINE_TAG, SOURCE_TAG = "machine_id", "source"
TOTAL_FIELD, DIAL_FIELD = "total_hours", "dial_hours"
_NS_PER_MS = 1_000_000
_STEP_NS = 2


@dataclass(frozen=True, slots=True)
class Point:
    """One believed reading: its number, machine, who brought it, the ms since 1970 at which it counts, and engine time
    in ms.
    """

    number: int
    machine_id: str
    source: str
    time_ms: int
    total_ms: int
    dial_ms: int


def time_ns(time_ms: int, number: int) -> int:
    """The timestamp of a point.

    The digits below the ms are the reading's: two readings of a machine in one ms are two points, and one that is
    written again takes its own place. They are even, so that a deletion, which takes a range, meets only one.
    """
    return time_ms * _NS_PER_MS + number * _STEP_NS % _NS_PER_MS


def line(point: Point) -> str:
    """The point in line protocol; hours are always floats, since a field has one type for ever."""
    from influxdb_client.client.write.point import Point as ClientPoint

    made: Any = ClientPoint(MEASUREMENT)  # type: ignore[no-untyped-call]
    made.tag(MACHINE_TAG, point.machine_id).tag(SOURCE_TAG, point.source)
    made.field(TOTAL_FIELD, point.total_ms / MS_PER_HOUR).field(DIAL_FIELD, point.dial_ms / MS_PER_HOUR)
    return str(made.time(time_ns(point.time_ms, point.number)).to_line_protocol())
