"""Stored readings judged again because what they were judged against has changed (rules 5 and 7)."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import readings
from adapters.store.readings import MeterState
from daemon.keeper import Keeper
from schedules.meter import Judgement, Meter, judge
from schedules.reading import REFUSED_BY_METER, Reading, Source, Verdict

AGAIN = frozenset({"registered", "meter_change", "accept", "void", "correction"})
"""Why readings are judged again, as their decisions say it; what people decide, they say in words of their own."""


def rejudge(
    connection: Connection,
    keeper: Keeper,
    state: MeterState,
    rows: Sequence[Row[Any]],
    why: str,
    now_ms: int,
    by: str | None = None,
    standing: Container[int] = (),
) -> Iterator[tuple[Reading, Judgement]]:
    """Judge rows again in their order, move the meter, and yield each with its new verdict before the next is judged.

    A verdict that changes is written with a decision; the meter is the caller's to keep, and the findings to
    `reconsider`. `standing` are the numbers of readings that a person has accepted: they stay so where the meter allows
    it.
    """
    for row in rows:
        reading = reading_of(row)
        meter = _meter_for(state, reading)
        judged = judge(meter, reading, keeper.meter_rules, keeper.zone, _neighbours(connection, row))
        if row.id in standing:
            judged = _as_accepted(state.meter, judged)
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


def _meter_for(state: MeterState, reading: Reading) -> Meter:
    """The meter that a reading was taken of: the total at a change is read from the old one, all else at that instant
    from the new one (rules 7).
    """
    at_ms = reading.device_ms
    if at_ms is None or (at_ms, reading.dial_ms) not in state.ends:
        return state.meter
    earlier = tuple(change for change in state.meter.changes if change[0] < at_ms)
    return replace(state.meter, changes=earlier, offset_ms=earlier[-1][1] if earlier else 0)


def _as_accepted(meter: Meter, judged: Judgement) -> Judgement:
    """A refused reading that a person knows to be real; it still cannot turn the meter back."""
    if judged.verdict not in REFUSED_BY_METER or judged.total_ms < (meter.total_ms or 0):
        return judged
    is_newer = meter.time_ms is None or judged.time_ms >= meter.time_ms
    return replace(judged, verdict=Verdict.ACCEPTED if is_newer else Verdict.LATE, reason=None)


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
    if judged.verdict == row.verdict:
        readings.restate(connection, row.id, values)
    else:
        readings.decide(connection, row, values, now_ms, why, by)


def _move(state: MeterState, reading: Reading, judged: Judgement) -> None:
    if reading.device_ms is not None:
        state.newest_device_ms = max(reading.device_ms, state.newest_device_ms or reading.device_ms)
    if judged.verdict is Verdict.ACCEPTED:
        state.meter.total_ms, state.meter.time_ms = judged.total_ms, judged.time_ms
        state.dated_ms = min(judged.time_ms, reading.arrived_ms)
