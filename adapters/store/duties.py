"""What the calendar asks of us: machines that wake, and duties as rows, one for every period (design 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, update

from adapters.store.dialect import insert_new
from adapters.store.tables import duties, machines, meters
from schedules.duty import Duty


def waking(connection: Connection, today: date, limit: int) -> list[str]:
    """Machines whose calendar changes something by today, longest waiting first."""
    statement = select(meters.c.machine_id).where(meters.c.wakes_on <= today)
    return list(connection.execute(statement.order_by(meters.c.wakes_on).limit(limit)).scalars())


def count_waking(connection: Connection, today: date) -> int:
    """How many machines wake by today."""
    return connection.execute(select(func.count()).select_from(meters).where(meters.c.wakes_on <= today)).scalar_one()


def asked_under_another(connection: Connection, rulebook: int, limit: int) -> list[str]:
    """Machines last asked about under another rulebook than the one of this serial."""
    asked = machines.c.asked_rulebook
    # Not `!=`: ranges let the index answer "none" without a look at every machine.
    statement = select(machines.c.machine_id).where(or_(asked < rulebook, asked > rulebook, asked.is_(None)))
    return list(connection.execute(statement.limit(limit)).scalars())


def put_off(connection: Connection, machine_id: str, until: date, rulebook: int) -> None:
    """Look at a machine again on a later day, and not before, whatever it was asked under."""
    connection.execute(update(meters).where(meters.c.machine_id == machine_id).values(wakes_on=until))
    connection.execute(update(machines).where(machines.c.machine_id == machine_id).values(asked_rulebook=rulebook))


def take(connection: Connection, duty: Duty, period: str, now_ms: int) -> Row[Any]:
    """The row of a duty's period, begun now unless it was begun before; until the transaction ends nobody else has it.

    So two daemons that do the same duty take turns, transaction by transaction, in every database.
    """
    row = {"duty": duty.name, "period": period, "started_ms": now_ms}
    connection.execute(insert_new(connection, duties).values(**row).on_conflict_do_nothing())
    return connection.execute(select(duties).where(*_is(duty, period)).with_for_update()).one()


def _is(duty: Duty, period: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return duties.c.duty == duty.name, duties.c.period == period


def note(connection: Connection, duty: Duty, period: str, details: Mapping[str, Any]) -> None:
    """Write what came of a duty so far."""
    connection.execute(update(duties).where(*_is(duty, period)).values(details=dict(details)))


@dataclass(frozen=True, slots=True)
class Finish:
    """A duty that was done for a period: when that was, and how long it took."""

    duty: Duty
    period: str
    at_ms: int
    took_ms: int


def finish(connection: Connection, done: Finish) -> list[str]:
    """Note that a duty was done for a period it has a row of, and with it for each missed one before; those, in order.

    What was done before stays as it was noted first.
    """
    last = last_done(connection, done.duty)
    passed = list(done.duty.passed(last and last.period, done.duty.begins_on(done.period)))
    missed = [period for period in passed if period != done.period]
    of_duty, begun = duties.c.duty == done.duty.name, duties.c.finished_ms.is_(None)
    ended = {"finished_ms": done.at_ms, "took_ms": done.took_ms}
    connection.execute(update(duties).where(*_is(done.duty, done.period), begun).values(**ended))
    before = (of_duty, duties.c.period < done.period, begun)
    connection.execute(update(duties).where(*before).values(finished_ms=done.at_ms, done_with=done.period))
    connection.execute(update(duties).where(of_duty, duties.c.period <= done.period).values(failed_ms=None))
    _fill(connection, done, missed)
    return missed


def _fill(connection: Connection, done: Finish, missed: list[str]) -> None:
    row = {"duty": done.duty.name, "started_ms": done.at_ms, "finished_ms": done.at_ms, "done_with": done.period}
    if missed:
        rows = [{**row, "period": period} for period in missed]
        connection.execute(insert_new(connection, duties).on_conflict_do_nothing(), rows)


def fail(connection: Connection, duty: Duty, period: str, now_ms: int, error: str) -> None:
    """Note why a duty could not be done; the next time it is done, it has not failed any more."""
    take(connection, duty, period, now_ms)
    connection.execute(update(duties).where(*_is(duty, period)).values(failed_ms=now_ms, error=error))


def last_done(connection: Connection, duty: Duty) -> Row[Any] | None:
    """The row of the last period for which a duty was done."""
    return _newest(connection, duty, duties.c.finished_ms.isnot(None))


def under_way(connection: Connection, duty: Duty) -> Row[Any] | None:
    """The row of the last period that was begun and is not done, or whose last attempt failed."""
    return _newest(connection, duty, or_(duties.c.finished_ms.is_(None), duties.c.failed_ms.isnot(None)))


def _newest(connection: Connection, duty: Duty, which: ColumnElement[bool]) -> Row[Any] | None:
    statement = select(duties).where(duties.c.duty == duty.name, which)
    return connection.execute(statement.order_by(duties.c.period.desc()).limit(1)).one_or_none()


def first_period(connection: Connection, duty: Duty) -> str | None:
    """The first period for which a duty was ever begun."""
    return connection.execute(select(func.min(duties.c.period)).where(duties.c.duty == duty.name)).scalar()


def last_period(connection: Connection, duty: Duty) -> str | None:
    """The last period for which a duty was done."""
    done = last_done(connection, duty)
    return None if done is None else done.period
