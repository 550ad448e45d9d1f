"""What came after a reading that turned out wrong, judged again in order of arrival (rules 5 and 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from adapters.store import readings
from adapters.store.machines import Remark
from adapters.store.readings import MeterState
from daemon.keeper import Keeper
from daemon.meters import meter_of
from daemon.rejudging import AGAIN, rejudge
from schedules.reading import IN_HISTORY, REFUSED_BY_METER, Verdict

_JUDGED = (*IN_HISTORY, *REFUSED_BY_METER, Verdict.UNKNOWN_MACHINE)


class Point(NamedTuple):
    """A place in a machine's readings: the number of one, and a time that counts (ms)."""

    number: int
    time_ms: int


START = Point(0, 0)
"""Before all readings."""


def judge_anew(  # noqa: PLR0913 - what to judge, and what a decision remembers
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    points: Iterable[Point],
    handed_over_on: date | None,
    why: str,
    remark: Remark,
    *,
    late: int | None = None,
    late_after_ms: int = 0,
) -> None:
    """From the meter as it stood before the first of `points`, every reading since, in order of arrival.

    `late` is the number of a reading that was stored long after it had been taken: it is judged before those that
    arrived after `late_after_ms`.
    """
    since = Point(*map(min, zip(*points, strict=True)))
    judged = _in_order(readings.of_machine(connection, machine_id, _JUDGED), late, late_after_ms)
    followed = [row for row in judged if row.id >= since.number or row.time_ms >= since.time_ms]
    state = meter_of(connection, machine_id)
    state.meter.handed_over_on = handed_over_on
    _turn_back(state, [row for row in judged if row not in followed])
    readings.await_judgement(connection, [row.id for row in followed])
    standing = readings.accepted_by_people(connection, machine_id, AGAIN)
    for _ in rejudge(connection, keeper, state, followed, why, remark.recorded_ms, remark.by, standing):
        pass
    readings.keep_meters(connection, [state])


def _in_order(rows: list[Row[Any]], late: int | None, late_after_ms: int) -> list[Row[Any]]:
    moved = [row for row in rows if row.id == late]
    others = [row for row in rows if row.id != late]
    place = next((index for index, row in enumerate(others) if row.arrived_ms > late_after_ms), len(others))
    return [*others[:place], *moved, *others[place:]]


def _turn_back(state: MeterState, earlier: Sequence[Row[Any]]) -> None:
    accepted = [row for row in earlier if row.verdict == Verdict.ACCEPTED]
    last = max(accepted, key=lambda row: (row.time_ms, row.id), default=None)
    state.meter.total_ms = None if last is None else last.total_ms
    state.meter.time_ms = None if last is None else last.time_ms
    state.dated_ms = None if last is None else min(last.time_ms, last.arrived_ms)
