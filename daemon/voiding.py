"""Voiding a reading: one that was believed is taken back, and what followed is judged again (rules 7)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import readings
from adapters.store.machines import Remark
from daemon.anew import believed, compute_anew
from daemon.assessing import bring_up, record_of
from daemon.findings import reconsider
from daemon.judged_anew import Point, judge_anew
from daemon.keeper import Keeper
from daemon.meters import voidable
from schedules.finding import Cure
from schedules.reading import IN_HISTORY, Verdict


def void(connection: Connection, keeper: Keeper, number: int, why: str, by: str | None, now_ms: int) -> None:
    """Declare a reading void. If it was believed, the readings after it are judged again in order, and the orders
    that followed from the old totals are computed anew.
    """
    row = voidable(connection, number, why)
    remark = Remark(now_ms, by=by, note=why)
    if Verdict(row.verdict) not in IN_HISTORY:
        declare_void(connection, row, remark)
        reconsider(connection, keeper, row.machine_id, now_ms, Cure.VOIDED)
        return
    record = record_of(connection, keeper, row.machine_id)
    record = bring_up(connection, keeper, record, keeper.today(now_ms), remark)
    before = believed(connection, keeper, record)
    declare_void(connection, row, remark)
    point, sold_on = Point(row.id, row.time_ms), record.facts.handed_over_on
    judge_anew(connection, keeper, row.machine_id, [point], sold_on, "void", remark)
    record = record_of(connection, keeper, row.machine_id)
    compute_anew(connection, keeper, before, believed(connection, keeper, record, before.life), remark)
    reconsider(connection, keeper, row.machine_id, now_ms, Cure.VOIDED)


def declare_void(connection: Connection, row: Row[Any], remark: Remark) -> None:
    """Write that a reading is void; what followed from it is the caller's to judge again."""
    values = {"verdict": Verdict.VOIDED, "reason": f"voided: {remark.note}"}
    readings.decide(connection, row, values, remark.recorded_ms, remark.note or "", remark.by)
