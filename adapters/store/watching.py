"""What is watched of machines for findings: signs of life that are waited for, and refused readings in a row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, union, update

from adapters.store.dialect import among
from adapters.store.many import updating
from adapters.store.readings import MeterState
from adapters.store.tables import OTHER_TIME, machines, meters, readings
from schedules.reading import IN_HISTORY, REFUSED_BY_METER, Source
from schedules.refused_row import GOES_ON, Seen

_KEEP = updating(
    [meters.c[name] for name in ("waits_since", "unheard", "refused_row", "undecided")], meters.c.machine_id
)
_WAIT = updating([meters.c.waits_since, meters.c.unheard], meters.c.machine_id)


def keep(connection: Connection, states: Iterable[MeterState]) -> None:
    """Write back what a batch has changed of what is watched."""
    rows = [
        (
            _iso(state.waits_since),
            state.unheard,
            json.dumps(state.refused_row) if state.refused_row else None,
            state.undecided,
            state.machine_id,
        )
        for state in states
    ]
    _KEEP.run(connection, rows)


def _iso(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def waiting(connection: Connection, since: date, limit: int) -> list[Row[Any]]:
    """Machines of which a sign of life is waited for since this day or longer, the longest first."""
    statement = _watched().where(meters.c.waits_since <= since).order_by(meters.c.waits_since, meters.c.machine_id)
    return list(connection.execute(statement.limit(limit).with_for_update(of=meters)).all())


def watched(connection: Connection, machine_ids: Sequence[str]) -> list[Row[Any]]:
    """What decides whether a sign of life of these machines is waited for, and what else may be found of them."""
    statement = _watched().where(among(connection, meters.c.machine_id, machine_ids)).order_by(meters.c.machine_id)
    return list(connection.execute(statement.with_for_update(of=meters)).all())


def _watched() -> Select[Any]:
    of_meter = [meters.c[name] for name in ("machine_id", "heard_ms", "waits_since", "unheard", "undecided")]
    names = ("status", "handed_over_on", "service_centre", "region", "registered_ms")
    joined = meters.join(machines, machines.c.machine_id == meters.c.machine_id)
    return select(*of_meter, *(machines.c[name] for name in names)).select_from(joined)


def wait(connection: Connection, since: Mapping[str, date | None], *, unheard: bool) -> None:
    """Since when a sign of life of machines is waited for; None: not waited for, or `unheard` of already."""
    _WAIT.run(connection, [(_iso(on), unheard, machine_id) for machine_id, on in since.items()])


def keep_recount(
    connection: Connection, machine_id: str, heard_ms: int | None, refused_row: Sequence[Seen], *, undecided: bool
) -> None:
    """Write a machine's last sign of life and its refused readings in a row, counted anew."""
    values = {"heard_ms": heard_ms, "refused_row": list(refused_row) or None, "undecided": undecided}
    connection.execute(update(meters).where(meters.c.machine_id == machine_id).values(**values))


def last_heard_ms(connection: Connection, machine_id: str) -> int | None:
    """The last sign of life among a machine's readings: what it sent itself, and was believed (rules 7)."""
    columns = readings.c
    by_itself = (columns.source == Source.TELEMATICS, ~columns.retained, columns.verdict.in_(IN_HISTORY))
    statement = select(func.max(columns.arrived_ms)).where(columns.machine_id == machine_id, *by_itself)
    return connection.execute(statement).scalar()


def refused_in_a_row(connection: Connection, machine_id: str) -> list[Row[Any]]:
    """The readings that the meter refused since it went on normally last, as they arrived: number, time and total."""
    columns = readings.c
    mine = columns.machine_id == machine_id
    last = select(func.max(columns.id)).where(mine, columns.verdict.in_(GOES_ON)).scalar_subquery()
    refused = select(columns.id, columns.time_ms, columns.total_ms).where(mine, columns.verdict.in_(REFUSED_BY_METER))
    statement: Select[Any] = refused.where(columns.id > func.coalesce(last, 0)).order_by(columns.id)
    return list(connection.execute(statement).all())


def refused_since(connection: Connection, machine_id: str, since_ms: int, most: int) -> list[int]:
    """Numbers of a machine's last readings that the meter refused and whose time is at least this, as they arrived."""
    columns = readings.c
    mine = (columns.machine_id == machine_id, columns.verdict.in_(REFUSED_BY_METER))
    by_device = select(columns.id).where(*mine, ~columns.clock, columns.device_ms >= since_ms)
    by_time = select(columns.id).where(*mine, OTHER_TIME, columns.time_ms >= since_ms)
    found = union(by_device, by_time).subquery()
    return sorted(connection.execute(select(found.c.id).order_by(found.c.id.desc()).limit(most)).scalars())
