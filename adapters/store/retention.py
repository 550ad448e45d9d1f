"""What is old enough to be forgotten, found and deleted a few rows at a time: readings that decide nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, TextClause, delete, exists, or_, select

from adapters.store.dialect import among
from adapters.store.tables import OTHER_TIME, meters, raw_deliveries, reading_decisions, readings
from schedules.reading import IN_HISTORY, Source, Verdict

_LATER = readings.alias("later")


@dataclass(frozen=True, slots=True)
class Looked:
    """How far the readings were looked through, by number; how many were deleted; whether there may be more."""

    up_to: int = 0
    deleted: int = 0
    more: bool = False


def forget_readings(
    connection: Connection, above: int, before_ms: int, day_end: Callable[[int], int], limit: int
) -> Looked:
    """Look at the oldest readings above a number, as far as they arrived before `before_ms`, and delete those that
    prove nothing (README, retention). `day_end` is the end of the local day of an instant (ms).
    """
    columns = readings.c
    next_ones = select(readings).where(columns.id > above).order_by(columns.id).limit(limit)
    old = list(takewhile(lambda row: row.arrived_ms < before_ms, connection.execute(next_ones)))
    if not old:
        return Looked(above)
    gone = [*_refused(connection, old), *_replaced(connection, old, before_ms, day_end)]
    _forget_payloads(connection, gone)
    connection.execute(delete(readings).where(among(connection, columns.id, gone)))
    return Looked(old[-1].id if old else above, len(gone), len(old) == limit)


def _refused(connection: Connection, old: Sequence[Row[Any]]) -> list[int]:
    """Of the refused ones: those before the machine's last accepted reading, and those of no machine we know."""
    ids = [row.id for row in old if row.verdict not in IN_HISTORY]
    columns = readings.c
    waits = exists().where(
        meters.c.machine_id == columns.machine_id,
        meters.c.time_ms.is_(None) | (meters.c.time_ms <= columns.time_ms),
    )
    return _ids(connection, ids, ~waits)


def _replaced(
    connection: Connection, old: Sequence[Row[Any]], before_ms: int, day_end: Callable[[int], int]
) -> list[int]:
    """Of those in the history: where a later one of the same days, counted and arrived, was accepted."""
    found: list[int] = []
    known = [row for row in old if row.verdict in IN_HISTORY and row.source != Source.MANUAL]
    ends = sorted((day_end(row.time_ms), day_end(row.arrived_ms), row.id) for row in known)
    for (counted_ms, arrived_ms), of_day in groupby(ends, lambda each: each[:2]):
        until_ms = min(arrived_ms, before_ms)
        by_device = (_LATER.c.device_ms > readings.c.time_ms, _LATER.c.device_ms < counted_ms, ~_LATER.c.clock)
        by_time = (OTHER_TIME, _LATER.c.time_ms > readings.c.time_ms, _LATER.c.time_ms < counted_ms)
        later = or_(_later(until_ms, *by_device), _later(until_ms, *by_time))
        found += _ids(connection, [number for *_, number in of_day], later)
    return found


def _later(until_ms: int, *counts: ColumnElement[bool] | TextClause) -> ColumnElement[bool]:
    """Whether an accepted one of the same machine, that `counts` later on the day, arrived later and by `until_ms`."""
    its, columns = _LATER.c, readings.c
    arrived = (its.arrived_ms >= columns.arrived_ms, its.arrived_ms < until_ms)
    return exists().where(its.machine_id == columns.machine_id, its.verdict == Verdict.ACCEPTED, *arrived, *counts)


def _ids(connection: Connection, numbers: Sequence[int], which: ColumnElement[bool]) -> list[int]:
    """Those of which it is true, and on which nobody has ever decided."""
    decided = exists().where(reading_decisions.c.reading_id == readings.c.id)
    statement = select(readings.c.id).where(among(connection, readings.c.id, numbers), which, ~decided)
    return list(connection.execute(statement).scalars())


def forget_payloads(connection: Connection, before_ms: int, limit: int) -> Looked:
    """Delete the oldest payloads of refused readings that arrived before `before_ms`; verdict and reason stay."""
    joined = raw_deliveries.join(readings, readings.c.id == raw_deliveries.c.reading_id)
    statement = select(readings.c.id, readings.c.arrived_ms).select_from(joined).order_by(raw_deliveries.c.reading_id)
    rows = connection.execute(statement.limit(limit)).all()
    old = [row.id for row in takewhile(lambda row: row.arrived_ms < before_ms, rows)]
    _forget_payloads(connection, old)
    return Looked(old[-1] if old else 0, len(old), len(old) == limit)


def _forget_payloads(connection: Connection, reading_ids: Sequence[int]) -> None:
    if not reading_ids:
        return
    connection.execute(delete(raw_deliveries).where(among(connection, raw_deliveries.c.reading_id, reading_ids)))
