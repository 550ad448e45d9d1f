"""Which machines something was written of since a look at the store, found by the numbers of the rows."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Table, func, select, union

from adapters.store.tables import machine_events, machines, reading_decisions, readings, work_order_events


class Marks(NamedTuple):
    """The last rows that were there."""

    readings: int
    decisions: int
    order_events: int
    machine_events: int


def marks(connection: Connection) -> Marks:
    """The last rows there are now."""
    tables = (readings, reading_decisions, work_order_events, machine_events)
    return Marks(*(_last(connection, table) for table in tables))


def _last(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def changed(connection: Connection, since: Marks) -> list[str]:
    """The machines of which there are rows after `since`, in order; among them may be numbers nobody registered."""
    decided = reading_decisions.join(readings, readings.c.id == reading_decisions.c.reading_id)
    newer = union(
        select(readings.c.machine_id).where(readings.c.id > since.readings),
        select(readings.c.machine_id).select_from(decided).where(reading_decisions.c.id > since.decisions),
        select(work_order_events.c.machine_id).where(work_order_events.c.id > since.order_events),
        select(machine_events.c.machine_id).where(machine_events.c.id > since.machine_events),
    )
    return sorted(each for each in connection.execute(newer).scalars() if each is not None)


def next_numbers(connection: Connection, after: str, most: int) -> list[str]:
    """The numbers of the next machines, retired ones too, in order."""
    number = machines.c.machine_id
    return list(connection.execute(select(number).where(number > after).order_by(number).limit(most)).scalars())


def former_numbers(connection: Connection, correction: str, since: int) -> set[str]:
    """Numbers that were wrong, as events called `correction` after the number `since` remember, and under which nothing
    is registered.
    """
    columns = machine_events.c
    details = select(columns.details).where(columns.id > since, columns.what == correction)
    were = {each["was"] for each in connection.execute(details).scalars() if each.get("was")}
    known = select(machines.c.machine_id).where(machines.c.machine_id.in_(sorted(were)))
    return were - set(connection.execute(known).scalars()) if were else were
