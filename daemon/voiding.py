"""Voiding a reading: one that was believed is taken back, and what followed is judged again (rules 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import readings
from adapters.store.machines import Remark
from adapters.store.readings import MeterState
from daemon.anew import believed, compute_anew
from daemon.assessing import bring_up, record_of
from daemon.findings import reconsider
from daemon.keeper import Keeper
from daemon.meters import meter_of, voidable
from daemon.rejudging import AGAIN, rejudge
from schedules.finding import Cure
from schedules.reading import IN_HISTORY, REFUSED_BY_METER, Verdict


def void(connection: Connection, keeper: Keeper, number: int, why: str, by: str | None, now_ms: int) -> None:
    """Declare a reading void. If it was believed, the readings after it are judged again in order, and the orders
    that followed from the old totals are computed anew.
    """
    row = voidable(connection, number, why)
    remark = Remark(now_ms, by=by, note=why)
    if Verdict(row.verdict) not in IN_HISTORY:
        _declare_void(connection, row, remark)
        reconsider(connection, keeper, row.machine_id, now_ms, Cure.VOIDED)
        return
    record = record_of(connection, keeper, row.machine_id)
    record = bring_up(connection, keeper, record, keeper.today(now_ms), remark)
    before = believed(connection, keeper, record)
    _declare_void(connection, row, remark)
    _judge_what_followed(connection, keeper, row, record.facts.handed_over_on, remark)
    record = record_of(connection, keeper, row.machine_id)
    compute_anew(connection, keeper, before, believed(connection, keeper, record, before.life), remark)
    reconsider(connection, keeper, row.machine_id, now_ms, Cure.VOIDED)


def _declare_void(connection: Connection, row: Row[Any], remark: Remark) -> None:
    values = {"verdict": Verdict.VOIDED, "reason": f"voided: {remark.note}"}
    readings.decide(connection, row, values, remark.recorded_ms, remark.note or "", remark.by)


def _judge_what_followed(
    connection: Connection, keeper: Keeper, voided: Row[Any], handed_over_on: date | None, remark: Remark
) -> None:
    """From the meter as it stood before the voided reading, everything that came after it, in order of arrival."""
    judged = readings.of_machine(connection, voided.machine_id, IN_HISTORY | REFUSED_BY_METER)
    followed = [row for row in judged if row.id > voided.id or row.time_ms > voided.time_ms]
    state = meter_of(connection, voided.machine_id)
    state.meter.handed_over_on = handed_over_on
    _turn_back(state, [row for row in judged if row not in followed])
    readings.await_judgement(connection, [row.id for row in followed])
    standing = readings.accepted_by_people(connection, voided.machine_id, AGAIN)
    for _ in rejudge(connection, keeper, state, followed, "void", remark.recorded_ms, remark.by, standing):
        pass
    readings.keep_meters(connection, [state])


def _turn_back(state: MeterState, earlier: Sequence[Row[Any]]) -> None:
    accepted = [row for row in earlier if row.verdict == Verdict.ACCEPTED]
    last = max(accepted, key=lambda row: (row.time_ms, row.id), default=None)
    state.meter.total_ms = None if last is None else last.total_ms
    state.meter.time_ms = None if last is None else last.time_ms
    state.dated_ms = None if last is None else min(last.time_ms, last.arrived_ms)
