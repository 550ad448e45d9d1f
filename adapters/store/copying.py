"""What is to be copied to InfluxDB: rows that the database itself writes, in the transaction that changes a reading.

Triggers, because readings change in many ways (judged again, voided, moved to another number) and none of them may be
forgotten. They are there while a copy is kept; without one, readings cost nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, text, update

from adapters.store.outside_tables import influx_pending
from adapters.store.tables import readings
from schedules.reading import IN_HISTORY

_BELIEVED = ", ".join(f"'{verdict.value}'" for verdict in sorted(IN_HISTORY))
_COPIED = ("machine_id", "time_ms", "total_ms", "dial_ms", "source")
_MOST_REASON = 500
_WAITING = influx_pending.c.parked.is_(None)
_ERASED = f"""
    INSERT INTO influx_pending (reading_id, of_machine, time_ms) SELECT OLD.id, OLD.machine_id, OLD.time_ms
    WHERE OLD.verdict IN ({_BELIEVED}) AND (NEW.verdict NOT IN ({_BELIEVED})
        OR NEW.machine_id <> OLD.machine_id OR NEW.time_ms <> OLD.time_ms);"""
_WRITTEN = f"""
    INSERT INTO influx_pending (reading_id) SELECT NEW.id
    WHERE NEW.verdict IN ({_BELIEVED}) AND (OLD.verdict NOT IN ({_BELIEVED})
        OR NEW.machine_id <> OLD.machine_id OR NEW.time_ms <> OLD.time_ms
        OR NEW.total_ms <> OLD.total_ms OR NEW.dial_ms <> OLD.dial_ms);"""
_NEW = "INSERT INTO influx_pending (reading_id) VALUES (NEW.id);"
_CHANGES = f"UPDATE OF {', '.join((*_COPIED, 'verdict'))}"
_IS_NEW = f"NEW.verdict IN ({_BELIEVED})"
_SQLITE = (
    f"CREATE TRIGGER influx_new AFTER INSERT ON readings WHEN {_IS_NEW} BEGIN {_NEW} END",
    f"CREATE TRIGGER influx_changed AFTER {_CHANGES} ON readings BEGIN {_ERASED} {_WRITTEN} END",
)
_POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION influx_new() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN {_NEW} RETURN NULL; END $$""",
    f"""CREATE OR REPLACE FUNCTION influx_changed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN {_ERASED} {_WRITTEN} RETURN NULL; END $$""",
    f"""CREATE OR REPLACE TRIGGER influx_new AFTER INSERT ON readings
    FOR EACH ROW WHEN ({_IS_NEW}) EXECUTE FUNCTION influx_new()""",
    f"""CREATE OR REPLACE TRIGGER influx_changed AFTER {_CHANGES} ON readings
    FOR EACH ROW EXECUTE FUNCTION influx_changed()""",
)
_NAMES = ("influx_new", "influx_changed")


def is_on(connection: Connection) -> bool:
    """Whether readings are noted to be copied."""
    catalogue = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name IN ('influx_new', 'influx_changed')"
    if connection.dialect.name == "postgresql":
        catalogue = (
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'readings'::regclass"
            " AND tgname IN ('influx_new', 'influx_changed')"
        )
    return int(connection.execute(text(catalogue)).scalar_one()) == len(_NAMES)


def switch_on(connection: Connection) -> bool:
    """From now on readings are noted; whether they were not before."""
    if is_on(connection):
        return False
    switch_off(connection)
    for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
        connection.exec_driver_sql(statement)
    return True


def switch_off(connection: Connection) -> None:
    """Readings are not noted any more; what waits stays."""
    of_table = " ON readings" if connection.dialect.name == "postgresql" else ""
    for name in _NAMES:
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{of_table}"))


def count_believed(connection: Connection) -> int:
    """How many readings have a point."""
    believed = readings.c.verdict.in_(IN_HISTORY)
    return connection.execute(select(func.count()).select_from(readings).where(believed)).scalar_one()


def note_all(connection: Connection, above: int, limit: int) -> list[int]:
    """Note believed readings above a number, in their order, so many; their numbers."""
    columns = readings.c
    next_ones = select(columns.id).where(columns.id > above, columns.verdict.in_(IN_HISTORY)).order_by(columns.id)
    ids: list[int] = list(connection.execute(next_ones.limit(limit)).scalars())
    if ids:
        connection.execute(insert(influx_pending), [{"reading_id": number} for number in ids])
    return ids


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits, oldest first: rows of the queue that erase a point, and readings (with `row`, their row in the queue)
    whose points are to be written as they stand; `gone` are rows of the queue that came to nothing.
    """

    erased: Sequence[Row[Any]]
    written: Sequence[Row[Any]]
    gone: Sequence[int]


def pending(connection: Connection, limit: int) -> Pending:
    """The oldest that wait. By their state, never by a number seen before: a transaction may end after a later one."""
    columns = influx_pending.c
    rows: Sequence[Row[Any]] = connection.execute(
        select(influx_pending).where(_WAITING).order_by(columns.id).limit(limit)
    ).all()
    numbers = {row.id for row in rows}
    joined = select(readings, columns.id.label("row")).join(influx_pending, columns.reading_id == readings.c.id)
    found = connection.execute(joined.where(columns.id.in_(sorted(numbers))).order_by(columns.id)).all()
    standing = [row for row in found if row.verdict in IN_HISTORY]
    places = {(row.id, row.machine_id, row.time_ms) for row in standing}
    erased = [
        row
        for row in rows
        if row.of_machine is not None and (row.reading_id, row.of_machine, row.time_ms) not in places
    ]
    to_erase = {row.id for row in rows if row.of_machine is not None}
    written = [row for row in standing if row.row not in to_erase]
    gone = numbers - {row.id for row in erased} - {row.row for row in written}
    return Pending(erased, written, sorted(gone))


def forget(connection: Connection, rows: Sequence[int]) -> None:
    """These rows of the queue are done with."""
    connection.execute(delete(influx_pending).where(influx_pending.c.id.in_(rows)))


def park(connection: Connection, row: int, reason: str) -> None:
    """The server does not want this one; the others go on."""
    values = {"parked": reason[:_MOST_REASON]}
    connection.execute(update(influx_pending).where(influx_pending.c.id == row).values(**values))


def unpark(connection: Connection) -> int:
    """Try the parked ones again; how many they are."""
    return connection.execute(update(influx_pending).where(~_WAITING).values(parked=None)).rowcount


def any_waits(connection: Connection) -> bool:
    """Whether any row of the queue waits."""
    return connection.execute(select(influx_pending.c.id).where(_WAITING).limit(1)).first() is not None


def count_waiting(connection: Connection) -> int:
    """How many rows of the queue wait."""
    return connection.execute(select(func.count()).select_from(influx_pending).where(_WAITING)).scalar_one()


def oldest_ms(connection: Connection) -> int | None:
    """When the reading that waits longest arrived (ms); None if none waits."""
    columns = influx_pending.c
    arrived = select(readings.c.arrived_ms).join(influx_pending, columns.reading_id == readings.c.id).where(_WAITING)
    return connection.execute(arrived.order_by(columns.id).limit(1)).scalar()


def parked(connection: Connection, limit: int) -> list[Row[Any]]:
    """The parked ones with their readings, newest first: `reading_id`, `machine_id`, `time_ms` and `reason`."""
    columns = influx_pending.c
    machine = func.coalesce(columns.of_machine, readings.c.machine_id).label("machine_id")
    time_ms = func.coalesce(columns.time_ms, readings.c.time_ms).label("time_ms")
    statement = select(columns.reading_id, machine, time_ms, columns.parked.label("reason"))
    joined: Select[Any] = statement.select_from(influx_pending.outerjoin(readings, readings.c.id == columns.reading_id))
    return list(connection.execute(joined.where(~_WAITING).order_by(columns.id.desc()).limit(limit)).all())


def count_parked(connection: Connection) -> int:
    """How many rows of the queue are parked."""
    return connection.execute(select(func.count()).select_from(influx_pending).where(~_WAITING)).scalar_one()
