"""The secret addresses of service centres' calendars; what is stored proves a secret and does not tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from adapters.store.dialect import among
from adapters.store.people import hashed, new_secret
from adapters.store.people_tables import calendar_feeds
from adapters.store.tables import machines, service_centres, work_orders
from schedules.work_order import OPEN_STATES, Kind, OrderKey


def made(connection: Connection, service_centre: str) -> Row[Any] | None:
    """When a centre was given its address; None if it has none."""
    return connection.execute(select(calendar_feeds).where(calendar_feeds.c.service_centre == service_centre)).first()


def make(connection: Connection, service_centre: str, now_ms: int) -> str:
    """Give a centre an address, shown once: the secret in it. One that it had ends."""
    secret = new_secret()
    revoke(connection, service_centre)
    values = {"service_centre": service_centre, "secret": hashed(secret), "made_ms": now_ms}
    connection.execute(insert(calendar_feeds).values(values))
    return secret


def revoke(connection: Connection, service_centre: str) -> bool:
    """End a centre's address at once; False if it has none."""
    mine = calendar_feeds.c.service_centre == service_centre
    return bool(connection.execute(delete(calendar_feeds).where(mine)).rowcount)


def centre_of(connection: Connection, secret: str) -> str | None:
    """Whose address it is; None: nobody's, or no longer."""
    statement = select(calendar_feeds.c.service_centre).where(calendar_feeds.c.secret == hashed(secret))
    found: str | None = connection.execute(statement).scalar()
    return found


def is_known(connection: Connection, service_centre: str) -> bool:
    """Whether a centre is registered, or a machine names it."""
    listed = select(service_centres.c.service_centre).where(service_centres.c.service_centre == service_centre)
    named = select(machines.c.machine_id).where(machines.c.service_centre == service_centre).limit(1)
    return any(connection.execute(each).first() is not None for each in (listed, named))


def open_orders(
    connection: Connection, machine_ids: Sequence[str]
) -> dict[tuple[str, OrderKey], Row[*tuple[Any, ...]]]:
    """Number and agreed day (`id`, `scheduled_for`) of the open orders of some machines."""
    columns = work_orders.c
    wanted = select(columns.id, columns.machine_id, columns.kind, columns.step, columns.scheduled_for).where(
        among(connection, columns.machine_id, machine_ids), columns.state.in_(sorted(OPEN_STATES))
    )
    return {(row.machine_id, OrderKey(Kind(row.kind), row.step)): row for row in connection.execute(wanted)}


def centre(connection: Connection, service_centre: str) -> Row[Any] | None:
    """A registered centre."""
    statement = select(service_centres).where(service_centres.c.service_centre == service_centre)
    return connection.execute(statement).first()
