"""A machine registered under a wrong number gets its own: all that is stored of it moves along (rules 5)."""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, insert, select, update

from adapters.store.tables import findings, machines, metadata, readings
from schedules.reading import Verdict


def rename(connection: Connection, old: str, new: str) -> None:
    """Give a machine another number, under which none is registered; readings that waited there are its own."""
    _merge_twins(connection, old, new)
    row = connection.execute(select(machines).where(machines.c.machine_id == old)).one()
    connection.execute(insert(machines).values({**row._mapping, "machine_id": new}))  # noqa: SLF001 - SQLAlchemy's public name for it
    for table in metadata.sorted_tables:
        if table is not machines and "machine_id" in table.columns:
            columns = table.columns
            connection.execute(update(table).where(columns.machine_id == old).values(machine_id=new))
    of_itself = (findings.c.machine_id == new, findings.c.subject == old)
    connection.execute(update(findings).where(*of_itself).values(subject=new))
    connection.execute(delete(machines).where(machines.c.machine_id == old))


def _merge_twins(connection: Connection, old: str, new: str) -> None:
    """A reading stored under both numbers came twice: it is counted once more, and kept once (rules 7, row 5)."""
    kept, twin = readings.alias(), readings.alias()
    same = and_(kept.c.device_ms == twin.c.device_ms, kept.c.dial_ms == twin.c.dial_ms)
    both = select(kept.c.id, twin.c.id.label("twin"), twin.c.repeats).select_from(kept.join(twin, same))
    for row in connection.execute(both.where(kept.c.machine_id == old, twin.c.machine_id == new)).all():
        repeats = readings.c.repeats + row.repeats + 1
        connection.execute(update(readings).where(readings.c.id == row.id).values(repeats=repeats))
        # Not believed any more, before it is gone: copies of it elsewhere are taken back.
        connection.execute(update(readings).where(readings.c.id == row.twin).values(verdict=Verdict.DUPLICATE))
        connection.execute(delete(readings).where(readings.c.id == row.twin))
