"""Decisions on hour meters: replacement, accepting a refused reading, voiding one (rules 7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, insert

from adapters.store import findings, machines, readings
from adapters.store.findings import Closing
from adapters.store.machines import Remark
from adapters.store.readings import MeterState
from adapters.store.tables import meter_changes
from daemon.assessing import assess_after_reading, record_of
from daemon.findings import reconsider
from daemon.hours_by_hand import dial_by_hand, judge_by_hand
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from daemon.rejudging import AGAIN, rejudge
from schedules.dates import local_date, moment
from schedules.finding import Cure, FindingKind
from schedules.hours import shown
from schedules.meter import judge
from schedules.reading import IN_HISTORY, REFUSED_BY_METER, Reading, Source, Verdict


@dataclass(frozen=True, slots=True)
class MeterChange:
    """A replaced hour meter: the old dial at its end, the new one at its start, and when."""

    machine_id: str
    changed_ms: int
    old_end: Decimal | float | str
    new_start: Decimal | float | str


def change_meter(
    connection: Connection, keeper: Keeper, command: MeterChange, now_ms: int, by: str | None = None
) -> int:
    """Record a meter change, also one entered late: the readings refused since are judged again (rules 7).

    Returns how many were judged again; RefusedError if the total at the change cannot be.
    """
    record_of(connection, keeper, command.machine_id)
    old_end_ms = dial_by_hand(keeper, command.old_end, "old_end")
    new_start_ms = dial_by_hand(keeper, command.new_start, "new_start")
    if command.changed_ms > now_ms:
        message = "changed_at is in the future"
        raise RefusedError(message)
    state = meter_of(connection, command.machine_id)
    _refuse_readings_in_the_way(connection, keeper, state, command.changed_ms, old_end_ms)
    _refuse_implausible_total(connection, keeper, state, command.changed_ms, old_end_ms)
    decided = Closing(keeper.today(now_ms), Cure.METER_CHANGE, now_ms)
    findings.close(connection, [FindingKind.METER_NEEDS_DECISION], [command.machine_id], decided)
    judge_by_hand(connection, keeper, command.machine_id, old_end_ms, command.changed_ms, now_ms)
    offset_ms = old_end_ms + state.meter.offset_at(command.changed_ms) - new_start_ms
    _write_change(connection, command, old_end_ms, new_start_ms, offset_ms, now_ms, by, keeper)
    rows = readings.of_machine(connection, command.machine_id, REFUSED_BY_METER, command.changed_ms)
    return judge_again(connection, keeper, command.machine_id, rows, "meter_change", now_ms, by)


def meter_of(connection: Connection, machine_id: str) -> MeterState:
    """A machine's meter with all its replacements."""
    state = readings.load_meters(connection, [machine_id])[machine_id]
    readings.load_changes(connection, state)
    return state


def _refuse_readings_in_the_way(
    connection: Connection, keeper: Keeper, state: MeterState, changed_ms: int, old_end_ms: int
) -> None:
    if any(since == changed_ms for since, _ in state.meter.changes):
        message = f"a meter change at {_local(keeper, changed_ms)} is already recorded"
        raise RefusedError(message)
    if state.meter.time_ms is None or changed_ms >= state.meter.time_ms:
        return
    end_ms = old_end_ms + state.meter.offset_at(changed_ms)
    later = readings.of_machine(connection, state.machine_id, [Verdict.ACCEPTED], changed_ms + 1)
    far = [row for row in later if abs(row.total_ms - end_ms) > keeper.meter_rules.slack_ms]
    if far:
        named = ", ".join(f"no. {row.id} ({shown(row.total_ms)} h at {_local(keeper, row.time_ms)})" for row in far[:5])
        more = f" and {len(far) - 5} more" if len(far) > 5 else ""  # noqa: PLR2004 - as many as were named
        message = (
            f"accepted readings after the change stand in its way: {named}{more}; void them first if they are wrong"
        )
        raise RefusedError(message)


def _local(keeper: Keeper, at_ms: int) -> str:
    return moment(at_ms).astimezone(keeper.zone).isoformat(timespec="minutes")


def _refuse_implausible_total(
    connection: Connection, keeper: Keeper, state: MeterState, changed_ms: int, old_end_ms: int
) -> None:
    reading = Reading(old_end_ms, changed_ms, changed_ms, Source.MANUAL)
    judged = judge(
        state.meter,
        reading,
        keeper.meter_rules,
        keeper.zone,
        lambda time_ms: readings.neighbours(connection, state.machine_id, time_ms),
    )
    if judged.verdict in REFUSED_BY_METER:
        message = f"old_end: {judged.reason} ({judged.verdict})"
        raise RefusedError(message)


def _write_change(
    connection: Connection,
    command: MeterChange,
    old_end_ms: int,
    new_start_ms: int,
    offset_ms: int,
    now_ms: int,
    by: str | None,
    keeper: Keeper,
) -> None:
    values: dict[str, Any] = {
        "machine_id": command.machine_id,
        "changed_ms": command.changed_ms,
        "old_end_ms": old_end_ms,
        "new_start_ms": new_start_ms,
        "offset_ms": offset_ms,
    }
    connection.execute(insert(meter_changes).values(recorded_ms=now_ms, **values))
    readings.set_offset(connection, command.machine_id, offset_ms, command.changed_ms)
    details = {"old_end": shown(old_end_ms), "new_start": shown(new_start_ms)}
    on = local_date(command.changed_ms, keeper.zone)
    machines.note_event(connection, command.machine_id, "meter_change", on, details, Remark(now_ms, by=by))


def judge_again(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    rows: list[Row[Any]],
    why: str,
    now_ms: int,
    by: str | None = None,
) -> int:
    """Judge stored readings again in order, and assess after each that is accepted; how many were judged."""
    state = meter_of(connection, machine_id)
    before = (state.meter.total_ms, state.dated_ms)
    for _, judged in rejudge(connection, keeper, state, rows, why, now_ms, by):
        readings.keep_meters(connection, [state])
        if judged.verdict is Verdict.ACCEPTED:
            assess_after_reading(connection, keeper, machine_id, before, now_ms)
            before = (state.meter.total_ms, state.dated_ms)
    reconsider(connection, keeper, machine_id, now_ms, _CURES.get(why, Cure.COMPLETED))
    return len(rows)


_CURES = {"accept": Cure.ACCEPTED, "meter_change": Cure.METER_CHANGE}


def accept(connection: Connection, keeper: Keeper, number: int, why: str, by: str | None, now_ms: int) -> None:
    """Accept a refused reading as real: the meter stands there from then on (rules 7)."""
    row = _decidable(connection, number, why)
    if Verdict(row.verdict) not in REFUSED_BY_METER:
        message = (
            f"reading {number} is {row.verdict}; only a refused reading (rollback, jump, inconsistent) is accepted"
        )
        raise RefusedError(message)
    state = meter_of(connection, row.machine_id)
    before = (state.meter.total_ms, state.dated_ms)
    total_ms = row.dial_ms + state.meter.offset_at(row.time_ms)
    newer = state.meter.time_ms is None or row.time_ms >= state.meter.time_ms
    verdict = Verdict.ACCEPTED if newer else Verdict.LATE
    readings.decide(connection, row, {"verdict": verdict, "total_ms": total_ms, "reason": None}, now_ms, why, by)
    if not newer:
        reconsider(connection, keeper, row.machine_id, now_ms, Cure.ACCEPTED)
        return
    if state.meter.total_ms is not None and total_ms < state.meter.total_ms:
        message = "its total is below the present one: record a meter change, or void the readings that are too high"
        raise RefusedError(message)
    state.meter.total_ms, state.meter.time_ms = total_ms, row.time_ms
    state.dated_ms = min(row.time_ms, row.arrived_ms)
    readings.keep_meters(connection, [state])
    assess_after_reading(connection, keeper, row.machine_id, before, now_ms)
    later = readings.of_machine(connection, row.machine_id, REFUSED_BY_METER, row.time_ms)
    judge_again(
        connection,
        keeper,
        row.machine_id,
        [other for other in later if other.id > number],
        "accept",
        now_ms,
        by,
    )


def _decidable(connection: Connection, number: int, why: str) -> Row[Any]:
    if not why.strip() or why in AGAIN:
        message = "why is missing: a decision on a reading has a reason in words"
        raise RefusedError(message, ("why",))
    row = readings.by_number(connection, number)
    if row is None:
        message = f"there is no reading {number}"
        raise RefusedError(message)
    return row


def voidable(connection: Connection, number: int, why: str) -> Row[Any]:
    """A reading that can be voided: refused by the meter, or believed."""
    row = _decidable(connection, number, why)
    if Verdict(row.verdict) not in REFUSED_BY_METER | IN_HISTORY:
        message = f"reading {number} is {row.verdict}; there is nothing to void"
        raise RefusedError(message)
    return row
