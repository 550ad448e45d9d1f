"""What the calendar would change by a day: asked of every machine, written nowhere (`sweep --dry-run`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, select

from adapters.store import machines
from adapters.store.tables import machines as machine_table
from adapters.store.tables import meters
from daemon.keeper import Keeper
from schedules.assess import assess
from schedules.machine import Status
from schedules.work_order import Change

_BATCH = 200


def changes_by(keeper: Keeper, day: date) -> Iterator[tuple[str, Change]]:
    """Every change a sweep of that day would make, by machine; dates are those that daily sweeps would give."""
    after = ""
    with keeper.store.read() as connection:
        while batch := _asked(connection, keeper, day, after):
            for record in machines.look_at(connection, keeper.zone, batch).values():
                for change in assess(record.facts, day, keeper.rulebook).changes:
                    yield record.facts.machine_id, change
            after = batch[-1]


def _asked(connection: Connection, keeper: Keeper, day: date, after: str) -> list[str]:
    """The next machines a sweep would ask: those that wake, and those last asked under another rulebook."""
    columns = machine_table.c
    other = columns.asked_rulebook.is_distinct_from(keeper.rulebook.serial) & (columns.status != Status.RETIRED)
    statement = select(columns.machine_id).join(meters, meters.c.machine_id == columns.machine_id)
    wanted = statement.where((meters.c.wakes_on <= day) | other, columns.machine_id > after)
    return list(connection.execute(wanted.order_by(columns.machine_id).limit(_BATCH)).scalars())
