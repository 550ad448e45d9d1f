"""Stored readings judged again because what they were judged against has changed (rules 5 and 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import readings
from adapters.store.readings import MeterState
from daemon.keeper import Keeper
from schedules.meter import Judgement, judge
from schedules.reading import IN_HISTORY, Reading, Source, Verdict


def rejudge(
    connection: Connection,
    keeper: Keeper,
    state: MeterState,
    rows: Sequence[Row[Any]],
    why: str,
    now_ms: int,
    by: str | None = None,
) -> Iterator[tuple[Reading, Judgement]]:
    """Judge rows again in their order, move the meter, and yield each with its new verdict before the next is judged.

    The verdicts are written with a decision each; the meter is the caller's to keep.
    """
    for row in rows:
        reading = reading_of(row)
        judged = judge(state.meter, reading, keeper.meter_rules, keeper.zone, _neighbours(connection, row))
        _write(connection, row, judged, why, now_ms, by)
        _move(state, reading, judged)
        yield reading, judged


def reading_of(row: Row[Any]) -> Reading:
    """The reading that a row keeps."""
    return Reading(
        row.dial_ms,
        row.device_ms,
        row.arrived_ms,
        Source(row.source),
        unreadable_time=row.clock and row.device_ms is None,
    )


def _neighbours(connection: Connection, row: Row[Any]) -> Callable[[int], tuple[int | None, int | None]]:
    return lambda time_ms: readings.neighbours(connection, row.machine_id, time_ms, without=row.id)


def _write(connection: Connection, row: Row[Any], judged: Judgement, why: str, now_ms: int, by: str | None) -> None:
    values = {
        "verdict": judged.verdict,
        "time_ms": judged.time_ms,
        "total_ms": judged.total_ms,
        "clock": judged.clock,
        "reason": judged.reason,
    }
    readings.decide(connection, row, values, now_ms, why, by)


def _move(state: MeterState, reading: Reading, judged: Judgement) -> None:
    if reading.device_ms is not None:
        state.newest_device_ms = max(reading.device_ms, state.newest_device_ms or reading.device_ms)
    if judged.verdict in IN_HISTORY and reading.source is Source.TELEMATICS:
        state.heard_ms = max(reading.arrived_ms, state.heard_ms or 0)
    if judged.verdict is Verdict.ACCEPTED:
        state.meter.total_ms, state.meter.time_ms = judged.total_ms, judged.time_ms
        state.dated_ms = min(judged.time_ms, reading.arrived_ms)
