"""Errands: work with a server outside that one process at a time does, with pauses after what went wrong.

How an errand stands is a row, so that a restart, or another replica, goes on where the last one was.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from adapters.store.dialect import insert_new
from adapters.store.outside_tables import errands

_MOST_REASON = 500
_columns = errands.c


def may_take(connection: Connection, name: str, holder: str, now_ms: int) -> bool:
    """Whether an errand is to be done now, and nobody else does it; asked often, so that it writes nothing."""
    row = standing(connection, name)
    return row is None or (row.next_ms <= now_ms and (row.holder == holder or row.until_ms <= now_ms))


def take(connection: Connection, name: str, holder: str, now_ms: int, lease_ms: int) -> Row[Any] | None:
    """Make an errand the holder's for `lease_ms`; its row, or None if it is another's, or not to be done yet."""
    fresh = {"name": name, "until_ms": 0, "next_ms": 0, "failures": 0}
    connection.execute(insert_new(connection, errands).values(**fresh).on_conflict_do_nothing())
    free = or_(_columns.holder == holder, _columns.until_ms <= now_ms)
    mine = update(errands).where(_columns.name == name, free, _columns.next_ms <= now_ms)
    taken = connection.execute(mine.values(holder=holder, until_ms=now_ms + lease_ms).returning(errands))
    return taken.first()


def done(connection: Connection, name: str, holder: str, now_ms: int, next_ms: int, place: Any = None) -> bool:  # noqa: ANN401 - any JSON
    """It went well: when it is to be done again and where to go on; False if it is another's by now."""
    values = {"done_ms": now_ms, "next_ms": next_ms, "failures": 0, "place": place, "failed_ms": None, "error": None}
    return connection.execute(update(errands).where(*_is(name, holder)).values(**values)).rowcount == 1


def failed(connection: Connection, name: str, holder: str, now_ms: int, next_ms: int, error: str) -> None:
    """It went wrong: why, and when it is to be tried again."""
    values = {"failed_ms": now_ms, "next_ms": next_ms, "error": error[:_MOST_REASON]}
    failures = _columns.failures + 1
    connection.execute(update(errands).where(*_is(name, holder)).values(failures=failures, **values))


def release(connection: Connection, name: str, holder: str) -> None:
    """Whoever else can do it need not wait for the end of the lease."""
    connection.execute(update(errands).where(*_is(name, holder)).values(until_ms=0))


def standing(connection: Connection, name: str) -> Row[Any] | None:
    """How an errand stands; None if nobody ever did it."""
    return connection.execute(select(errands).where(_columns.name == name)).first()


def _is(name: str, holder: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _columns.name == name, _columns.holder == holder


def begin_again(connection: Connection, name: str, holder: str) -> None:
    """Where it was to go on is no more."""
    connection.execute(update(errands).where(*_is(name, holder)).values(place=None))


def those(connection: Connection, prefix: str) -> list[Row[Any]]:
    """The errands whose name begins so, by name."""
    named = select(errands).where(_columns.name.startswith(prefix, autoescape=True))
    return list(connection.execute(named.order_by(_columns.name)))
