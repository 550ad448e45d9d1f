"""What came of a past that was played: counts, and an example of every sort of refusal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from adapters.store import readings
from adapters.store.tables import letters, machines, work_order_events
from adapters.store.tables import readings as reading_table
from schedules.reading import NEVER_A_READING, REFUSED_BY_METER, Verdict

_REFUSED = (*NEVER_A_READING, *REFUSED_BY_METER, Verdict.UNKNOWN_MACHINE)


def counts(connection: Connection) -> dict[str, int]:
    """Deliveries by verdict, most frequent first."""
    found = readings.totals_by_verdict(connection)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def machine_count(connection: Connection) -> int:
    """Machines in the register."""
    return connection.execute(select(func.count()).select_from(machines)).scalar_one()


def letter_count(connection: Connection) -> int:
    """Letters made."""
    return connection.execute(select(func.count()).select_from(letters)).scalar_one()


def refusals(connection: Connection) -> Sequence[Row[Any, Any, Any, Any]]:
    """The last reading refused under each verdict: `id`, `machine_id`, `verdict`, `reason`."""
    columns = reading_table.c
    last = select(func.max(columns.id)).where(columns.verdict.in_(_REFUSED)).group_by(columns.verdict)
    found = select(columns.id, columns.machine_id, columns.verdict, columns.reason).where(columns.id.in_(last))
    return connection.execute(found.order_by(columns.verdict)).all()


class Changes:
    """Changes of work orders, as they are written down."""

    def __init__(self, connection: Connection) -> None:
        """Those from now on."""
        self._seen = connection.execute(select(func.coalesce(func.max(work_order_events.c.id), 0))).scalar_one()

    def new(self, connection: Connection) -> Iterator[Row[Any]]:
        """The events that were written since the last time."""
        columns = work_order_events.c
        statement = select(work_order_events, machines.c.service_centre, machines.c.yard).join(machines)
        for row in connection.execute(statement.where(columns.id > self._seen).order_by(columns.id)):
            self._seen = row.id
            yield row
