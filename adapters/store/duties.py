"""What the calendar asks of us: machines that wake, and duties as rows (design 2 and 3)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, func, or_, select, update

from adapters.store.dialect import insert_new
from adapters.store.tables import duties, machines, meters


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


def begin(connection: Connection, duty: str, period: str, now_ms: int) -> None:
    """Note that a duty of a period was begun; the first note stays."""
    row = {"duty": duty, "period": period, "started_ms": now_ms}
    connection.execute(insert_new(connection, duties).values(**row).on_conflict_do_nothing())


def finish(connection: Connection, duty: str, period: str, now_ms: int) -> None:
    """Note that a duty of a period was done; the first note stays."""
    mine = (duties.c.duty == duty, duties.c.period == period, duties.c.finished_ms.is_(None))
    connection.execute(update(duties).where(*mine).values(finished_ms=now_ms))


def last_period(connection: Connection, duty: str) -> str | None:
    """The last period for which a duty was done."""
    done = (duties.c.duty == duty, duties.c.finished_ms.isnot(None))
    return connection.execute(select(func.max(duties.c.period)).where(*done)).scalar()
