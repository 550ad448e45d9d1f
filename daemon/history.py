"""What is known of a machine's past, in the order in which it reached us: the material of `retrace`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, select

from adapters.store import readings
from adapters.store.machines import MachineRecord
from adapters.store.tables import machines as machine_table
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from schedules.dates import ONE_DAY, local_date
from schedules.machine import Machine
from schedules.meter import date_of_reading
from schedules.plan import MandatoryStep
from schedules.reading import Source, Verdict
from schedules.retrace import Done, Known
from schedules.rulebook import Rulebook
from schedules.work_order import Closing, Kind, OrderKey, State, WorkOrder


def past_of(connection: Connection, keeper: Keeper, record: MachineRecord) -> list[Known | Done]:
    """Totals that counted and steps known to be done, by the day they reached us."""
    totals = sorted(_totals(connection, keeper, record), key=lambda known: known.on)
    events: list[Known | Done] = [*rising(totals), *_steps_done(connection, keeper, record)]
    return sorted(events, key=lambda event: event.on)


def _totals(connection: Connection, keeper: Keeper, record: MachineRecord) -> Iterator[Known]:
    """Accepted readings; and late ones by hand, which only the hand-over of a machine long in service can be."""
    since = record.facts.handed_over_on
    for row in readings.of_machine(connection, record.facts.machine_id, [Verdict.ACCEPTED, Verdict.LATE]):
        if row.verdict == Verdict.LATE and row.source != Source.MANUAL:
            continue
        on = local_date(row.arrived_ms, keeper.zone)
        read_on = date_of_reading(row.time_ms, row.arrived_ms, keeper.zone, since)
        yield Known(on if since is None else max(on, since), row.total_ms, read_on)


def rising(totals: list[Known]) -> Iterator[Known]:
    """Those totals that are above all before them."""
    highest = -1
    for known in totals:
        if known.total_ms > highest:
            highest = known.total_ms
            yield known


def _steps_done(connection: Connection, keeper: Keeper, record: MachineRecord) -> Iterator[Done]:
    columns = machine_table.c
    statement = select(columns.last_step_done, columns.last_step_done_on).where(
        columns.machine_id == record.facts.machine_id
    )
    last, on = connection.execute(statement).one()
    yield from steps_done(record.facts, last, on, keeper.rulebook)


def steps_done(facts: Machine, last: str | None, on: date | None, rulebook: Rulebook) -> Iterator[Done]:
    """The visits up to the last one known to be done, all on its date (rules 5); RefusedError if it cannot be."""
    if last is None:
        return
    warranty, handed_over_on = facts.warranty, facts.handed_over_on
    steps = rulebook.plan.steps(warranty) if warranty else ()
    names = [step.step for step in steps]
    if last not in names or on is None or handed_over_on is None:
        message = f"last_step_done: {last!r} is none of {', '.join(names)}, or has no date"
        raise RefusedError(message)
    if on < handed_over_on:
        message = f"last_step_done_on: {on} is before the hand-over on {handed_over_on}"
        raise RefusedError(message)
    for step in steps[: names.index(last) + 1]:
        key = OrderKey(Kind.MANDATORY_VISIT, step.step)
        yield Done(on, key, _done_step(step, rulebook.current, handed_over_on, on))


def _done_step(step: MandatoryStep, version: str, handed_over_on: date, on: date) -> WorkOrder:
    opens_on, due_on = min(step.opens.after(handed_over_on), on), step.due.after(handed_over_on)
    return WorkOrder(
        kind=Kind.MANDATORY_VISIT,
        step=step.step,
        state=State.DONE,
        opens_on=opens_on,
        plan_version=version,
        due_on=due_on,
        overdue_on=due_on + ONE_DAY,
        closed_on=on,
        closing=Closing.COMPLETED,
        threshold_ms=step.hours_ms,
    )
