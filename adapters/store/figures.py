"""The figures that programs watch: counted by indexes, so that asking every few seconds costs little."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, select

from adapters.store.outside_tables import errands, influx_pending
from adapters.store.tables import duties, letters, meters, reading_tally, readings


def readings_stored(connection: Connection) -> int:
    """How many readings were ever stored, whatever was forgotten since: the highest number given."""
    return int(connection.execute(select(func.coalesce(func.max(readings.c.id), 0))).scalar_one())


def tally(connection: Connection) -> dict[str, int]:
    """How many deliveries were counted only, by verdict."""
    rows = connection.execute(select(reading_tally.c.verdict, reading_tally.c.count))
    return {verdict: count for verdict, count in rows}  # noqa: C416 - rows are no dictionary's items to mypy


def letters_left(connection: Connection) -> list[Row[Any]]:
    """Letters that wait or have failed for good: `channel`, `state`, `letters`, and `created_ms` of the oldest."""
    counted = (func.count().label("letters"), func.min(letters.c.created_ms).label("created_ms"))
    statement = select(letters.c.channel, letters.c.state, *counted)
    statement = statement.where(letters.c.state.in_(("waiting", "dead")))
    return list(connection.execute(statement.group_by(letters.c.state, letters.c.channel)).all())


def duties_done_ms(connection: Connection) -> dict[str, int]:
    """When each duty was last finished, in ms since 1970."""
    rows = connection.execute(select(duties.c.duty, func.max(duties.c.finished_ms)).group_by(duties.c.duty))
    return {duty: finished for duty, finished in rows if finished is not None}


def last_heard_ms(connection: Connection) -> int | None:
    """When the last machine was heard of, in ms since 1970; None if none ever was."""
    found: int | None = connection.execute(select(func.max(meters.c.heard_ms))).scalar_one()
    return found


def clock_of_the_database_ms(connection: Connection, now_ms: int) -> int:
    """The ms since 1970 by the clock of the database's machine; SQLite has no other than ours, `now_ms`."""
    if connection.dialect.name == "sqlite":
        return now_ms
    return int(connection.execute(select(func.extract("epoch", func.clock_timestamp()) * 1000)).scalar_one())


def failing(connection: Connection) -> list[str]:
    """The errands with servers outside whose last try has failed."""
    return list(connection.execute(select(errands.c.name).where(errands.c.failed_ms.isnot(None))).scalars())


def points_left(connection: Connection) -> tuple[int, int]:
    """How many points wait for InfluxDB, and how many it does not want."""
    parked = influx_pending.c.parked.isnot(None)
    both = select(func.count()).select_from(influx_pending)
    return (
        int(connection.execute(both.where(~parked)).scalar_one()),
        int(connection.execute(both.where(parked)).scalar_one()),
    )
