"""Asks `assess` about one machine inside a transaction, and writes the answer with the notices it causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from adapters.store import assessments, machines
from adapters.store.machines import MachineRecord, Remark
from daemon.keeper import Keeper
from daemon.telling import tell, tell_all
from schedules.assess import Assessment, assess
from schedules.dates import local_date
from schedules.machine import Machine


class UnknownMachineError(LookupError):
    """A machine that is not registered."""

    def __init__(self, machine_id: str) -> None:
        """Name it."""
        super().__init__(f"no machine {machine_id} is registered")


def record_of(connection: Connection, keeper: Keeper, machine_id: str) -> MachineRecord:
    """A registered machine; UnknownMachineError if it is not."""
    record = machines.load_one(connection, keeper.zone, machine_id)
    if record is None:
        raise UnknownMachineError(machine_id)
    return record


def bring_up(
    connection: Connection, keeper: Keeper, record: MachineRecord, today: date, remark: Remark
) -> MachineRecord:
    """Assess a machine as it stands on a day, and write what changed; the machine as it is then."""
    assessment = _assess(connection, keeper, record, record.facts, today, remark)
    return replace(record, facts=assessment.machine)


def bring_up_all(
    connection: Connection, keeper: Keeper, records: Sequence[MachineRecord], today: date, remark: Remark
) -> None:
    """The same of several machines, written in as few statements as there are tables."""
    asked = [(record, assess(record.facts, today, keeper.rulebook)) for record in records]
    answers = [assessments.Assessed(record.facts, answer) for record, answer in asked]
    assessments.keep_all(connection, answers, remark)
    changed = [(replace(record, facts=answer.machine), answer.changes) for record, answer in asked if answer.changes]
    tell_all(connection, keeper, changed, remark.recorded_ms)


def assess_after_reading(
    connection: Connection,
    keeper: Keeper,
    machine_id: str,
    before: tuple[int | None, int | None],
    now_ms: int,
) -> Assessment:
    """Assess after an accepted reading: the calendar of the days so far with the total before it (ms, and the
    instant that dated it), then the hours (rules 0).
    """
    record, today, remark = record_of(connection, keeper, machine_id), keeper.today(now_ms), Remark(now_ms)
    before_ms, dated_ms = before
    dated_on = None if dated_ms is None else local_date(dated_ms, keeper.zone)
    earlier = replace(record.facts, total_ms=before_ms, total_on=dated_on)
    then = _assess(connection, keeper, record, earlier, today, remark).machine
    now = replace(then, total_ms=record.facts.total_ms, total_on=record.facts.total_on)
    return _assess(connection, keeper, record, now, today, remark)


def _assess(
    connection: Connection, keeper: Keeper, record: MachineRecord, facts: Machine, today: date, remark: Remark
) -> Assessment:
    assessment = assess(facts, today, keeper.rulebook)
    assessments.keep(connection, facts, assessment, remark)
    tell(connection, keeper, replace(record, facts=assessment.machine), assessment.changes, remark.recorded_ms)
    return assessment
