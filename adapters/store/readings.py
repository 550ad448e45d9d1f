"""Readings and meters: what judging a batch reads and writes, in as few statements as the batch allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Row, bindparam, func, insert, or_, select, tuple_, union_all, update

from adapters.store.dialect import among, insert_new, listed
from adapters.store.many import inserting, updating
from adapters.store.tables import (
    OTHER_TIME,
    machines,
    meter_changes,
    meters,
    raw_deliveries,
    reading_decisions,
    reading_tally,
    readings,
)
from schedules.meter import Meter
from schedules.reading import IN_HISTORY, Verdict
from schedules.refused_row import Seen

_AT_ONCE = 2000
Identity = tuple[str, int, int]
"""Machine, dial hours in ms and device time in ms: a reading that has all three is stored once (rules 7, row 5)."""


@dataclass(slots=True)
class MeterState:
    """A machine's meter during one transaction, with the wake-ups that say when to assess.

    `dated_ms` is the instant whose local date dates the last accepted reading; `newest_device_ms` the newest device
    time of any stored reading, so that a newer one cannot be stored yet; `heard_ms` the last sign of life. What follows
    the wake-ups is for findings: since when a sign of life is waited for (None: not at all, or it is found `unheard`
    already), the last refused readings in a row, and whether they were found to need a decision. `ends` are the dial
    hours at which replaced meters ended, each with the instant of its change (both ms); known with all changes only.
    """

    machine_id: str
    meter: Meter
    dated_ms: int | None
    newest_device_ms: int | None
    heard_ms: int | None
    wakes_at_ms: int | None
    wakes_on: date | None
    waits_since: date | None
    unheard: bool
    refused_row: list[Seen]
    undecided: bool
    ends: tuple[tuple[int, int], ...] = ()


def load_meters(connection: Connection, machine_ids: Iterable[str]) -> dict[str, MeterState]:
    """The meters of registered machines, locked where the database locks rows."""
    wanted = listed(connection, sorted(set(machine_ids)))
    statement = select(meters).select_from(wanted.join(meters, meters.c.machine_id == wanted.c.value))
    # In one order by all: two replicas that lock the same machines wait for each other, and never in a circle.
    locked = statement.order_by(meters.c.machine_id).with_for_update(of=meters)
    states = {row[0]: _state(row) for row in connection.execute(locked)}
    _add_handovers(connection, states)
    return states


def _state(row: Row[Any]) -> MeterState:
    machine_id, offset, changed, total, time, dated, newest, heard, *rest = tuple(row)
    wakes_at, wakes_on, waits_since, unheard, refused, undecided = rest
    # A replaced meter's earlier offsets are read when they are needed; until then one change stands for them all.
    meter = Meter(offset, total, time, () if changed is None else ((changed, offset),))
    row_so_far = [] if refused is None else [(time_ms, total_ms) for time_ms, total_ms in refused]
    found = (waits_since, unheard, row_so_far, undecided)
    return MeterState(machine_id, meter, dated, newest, heard, wakes_at, wakes_on, *found)


def _add_handovers(connection: Connection, states: Mapping[str, MeterState]) -> None:
    """The hand-over matters to a first reading only."""
    first = [state.machine_id for state in states.values() if state.meter.total_ms is None]
    if not first:
        return
    statement = select(machines.c.machine_id, machines.c.handed_over_on, machines.c.status)
    for row in connection.execute(statement.where(among(connection, machines.c.machine_id, first))):
        states[row.machine_id].meter.handed_over_on = row.handed_over_on


def load_changes(connection: Connection, state: MeterState) -> None:
    """Fill in all replacements of a machine's meter."""
    columns = meter_changes.c
    statement = select(columns.changed_ms, columns.offset_ms, columns.old_end_ms)
    statement = statement.where(columns.machine_id == state.machine_id).order_by(columns.changed_ms)
    rows = connection.execute(statement).all()
    state.meter.changes = tuple((row.changed_ms, row.offset_ms) for row in rows)
    state.ends = tuple((row.changed_ms, row.old_end_ms) for row in rows)


def stored_identities(connection: Connection, identities: Sequence[Identity]) -> set[Identity]:
    """Those of these identities that a stored reading has, whatever its verdict."""
    columns = readings.c
    identity = select(columns.machine_id, columns.dial_ms, columns.device_ms)
    found: set[Identity] = set()
    for start in range(0, len(identities), _AT_ONCE):
        part = tuple_(columns.machine_id, columns.device_ms, columns.dial_ms).in_(
            [(machine, device, dial) for machine, dial, device in identities[start : start + _AT_ONCE]]
        )
        found.update((row[0], row[1], row[2]) for row in connection.execute(identity.where(part)))
    return found


COLUMNS = tuple(column.name for column in readings.columns if column.name != "id")
"""The order of a reading's values in a row to be added."""
_ADD = inserting([readings.c[name] for name in COLUMNS])
_METER = ("total_ms", "time_ms", "dated_ms", "newest_device_ms", "heard_ms")
_KEEP_METER = updating([meters.c[name] for name in _METER], meters.c.machine_id)


def add(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store readings in order of arrival; IntegrityError if one of them is stored."""
    _ADD.run(connection, rows)


def add_raw(connection: Connection, row: tuple[Any, ...], raw: Mapping[str, Any]) -> int:
    """Store a reading together with the delivery as it came; its number."""
    values = dict(zip(COLUMNS, row, strict=True))
    number: int = connection.execute(insert(readings).values(values).returning(readings.c.id)).scalar_one()
    connection.execute(insert(raw_deliveries).values(reading_id=number, **raw))
    return number


def is_raw_stored(connection: Connection, digest: bytes) -> bool:
    """Whether a delivery of exactly this topic and payload is kept."""
    statement = select(raw_deliveries.c.reading_id).where(raw_deliveries.c.digest == digest).limit(1)
    return connection.execute(statement).first() is not None


def keep_meters(connection: Connection, states: Iterable[MeterState]) -> None:
    """Write meters back after judging."""
    rows = [
        (
            state.meter.total_ms,
            state.meter.time_ms,
            state.dated_ms,
            state.newest_device_ms,
            state.heard_ms,
            state.machine_id,
        )
        for state in states
    ]
    _KEEP_METER.run(connection, rows)


def count_verdict(connection: Connection, verdict: Verdict, count: int) -> None:
    """Add to the count of deliveries that are counted only."""
    if count:
        statement = insert_new(connection, reading_tally).values(verdict=verdict, count=count)
        added = reading_tally.c.count + statement.excluded.count
        connection.execute(statement.on_conflict_do_update(index_elements=["verdict"], set_={"count": added}))


def count_repeats(connection: Connection, identities: Sequence[Identity]) -> None:
    """Count once more readings of unregistered machines that are already stored (judged again at registration)."""
    columns = readings.c
    statement = (
        update(readings)
        .where(
            columns.machine_id == bindparam("of_machine"),
            columns.dial_ms == bindparam("of_dial"),
            columns.device_ms == bindparam("of_device"),
        )
        .values(repeats=columns.repeats + 1)
    )
    if identities:
        rows = [{"of_machine": machine, "of_dial": dial, "of_device": device} for machine, dial, device in identities]
        connection.execute(statement, rows)


def _neighbours() -> CompoundSelect[Any]:
    """One statement for both sides of an instant, and for both times at which readings count."""
    columns, parts = readings.c, []
    mine = (columns.machine_id == bindparam("machine"), columns.id != bindparam("without"))
    for at, where in ((columns.device_ms, ~columns.clock), (columns.time_ms, OTHER_TIME)):
        found = select(at.label("at_ms"), columns.id, columns.total_ms).limit(1)
        found = found.where(*mine, columns.verdict.in_(IN_HISTORY), where)
        parts.append(found.where(at <= bindparam("time_ms")).order_by(at.desc(), columns.id.desc()))
        parts.append(found.where(at > bindparam("time_ms")).order_by(at, columns.id.desc()))
    return union_all(*(select(part.subquery()) for part in parts))


_NEIGHBOURS = _neighbours()


def neighbours(
    connection: Connection, machine_id: str, time_ms: int, without: int | None = None
) -> tuple[int | None, int | None]:
    """Totals of the believed readings last at or before, and first after an instant (rules 7, row 13).

    `without` is the number of the reading that is being judged again.
    """
    asked = {"machine": machine_id, "time_ms": time_ms, "without": without or 0}
    rows = [tuple(row) for row in connection.execute(_NEIGHBOURS, asked)]
    last = max((row for row in rows if row[0] <= time_ms), default=None)
    first = min((row for row in rows if row[0] > time_ms), key=lambda row: (row[0], -row[1]), default=None)
    return (None if last is None else last[2]), (None if first is None else first[2])


def of_machine(
    connection: Connection, machine_id: str, verdicts: Iterable[Verdict], since_ms: int | None = None
) -> list[Row[Any]]:
    """A machine's readings with these verdicts, in order of arrival here; `since_ms`: whose time is at least this."""
    columns = readings.c
    statement = select(readings).where(columns.machine_id == machine_id, columns.verdict.in_(list(verdicts)))
    if since_ms is not None:
        statement = statement.where(columns.time_ms >= since_ms)
    return list(connection.execute(statement.order_by(columns.id)).all())


def by_number(connection: Connection, number: int) -> Row[Any] | None:
    """One reading by its number."""
    return connection.execute(select(readings).where(readings.c.id == number)).first()


def by_identity(connection: Connection, identity: Identity) -> Row[Any] | None:
    """The one reading of a machine with these dial hours and this device time."""
    columns = readings.c
    machine_id, dial_ms, device_ms = identity
    mine = (columns.machine_id == machine_id, columns.dial_ms == dial_ms, columns.device_ms == device_ms)
    return connection.execute(select(readings).where(*mine)).first()


def decide(
    connection: Connection,
    row: Row[Any],
    values: Mapping[str, Any],
    recorded_ms: int,
    why: str,
    by: str | None,
) -> None:
    """Change a reading's verdict and append the decision."""
    restate(connection, row.id, values)
    decision = {"from_verdict": row.verdict, "to_verdict": values["verdict"], "why": why, "by": by}
    connection.execute(insert(reading_decisions).values(reading_id=row.id, recorded_ms=recorded_ms, **decision))


def restate(connection: Connection, number: int, values: Mapping[str, Any]) -> None:
    """Write what is said of a reading."""
    connection.execute(update(readings).where(readings.c.id == number).values(**values))


def await_judgement(connection: Connection, numbers: Sequence[int]) -> None:
    """Take readings out of the history until they are judged again."""
    for start in range(0, len(numbers), _AT_ONCE):
        part = readings.c.id.in_(numbers[start : start + _AT_ONCE])
        connection.execute(update(readings).where(part).values(verdict=Verdict.UNKNOWN_MACHINE))


def accepted_by_people(connection: Connection, machine_id: str, by_rule: Iterable[str]) -> set[int]:
    """Numbers of a machine's readings that a person has accepted; `by_rule` are the reasons that are nobody's."""
    columns = reading_decisions.c
    statement = (
        select(columns.reading_id)
        .join(readings, readings.c.id == columns.reading_id)
        .where(readings.c.machine_id == machine_id, columns.to_verdict.in_(IN_HISTORY), columns.why.not_in(by_rule))
    )
    return set(connection.execute(statement).scalars())


def totals_by_verdict(connection: Connection) -> dict[str, int]:
    """How many deliveries got each verdict; a repeated reading of an unknown machine counts as often as it came."""
    counts: dict[str, int] = {}
    statement = select(readings.c.verdict, func.count(), func.sum(readings.c.repeats)).group_by(readings.c.verdict)
    for verdict, stored, repeats in connection.execute(statement):
        counts[verdict] = counts.get(verdict, 0) + stored
        if repeats:
            as_what = verdict if verdict == Verdict.UNKNOWN_MACHINE else Verdict.DUPLICATE.value
            counts[as_what] = counts.get(as_what, 0) + repeats
    for verdict, count in connection.execute(select(reading_tally.c.verdict, reading_tally.c.count)):
        counts[verdict] = counts.get(verdict, 0) + count
    return dict(sorted(counts.items()))


def set_offset(connection: Connection, machine_id: str, offset_ms: int, changed_ms: int) -> None:
    """A replaced meter: its offset from an instant on, unless a later change has set another."""
    mine = (meters.c.machine_id == machine_id, or_(meters.c.changed_ms.is_(None), meters.c.changed_ms < changed_ms))
    connection.execute(update(meters).where(*mine).values(offset_ms=offset_ms, changed_ms=changed_ms))
