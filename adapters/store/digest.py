"""What a manager's weekly digest asks of the store: the orders and findings of the machines that are theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from adapters.store.dialect import among, insert_new
from adapters.store.gathering import by_way
from adapters.store.listing import OrderFilter, conditions_of
from adapters.store.tables import findings, letters, machines, meters, service_centres, work_orders
from notifications.digest import Place
from notifications.letter import Addressee
from notifications.occasions import Occasion
from notifications.ways import Way
from schedules.finding import FindingKind
from schedules.machine import Category
from schedules.work_order import Kind, State

_M, _C, _O = machines.c, service_centres.c, work_orders.c
PLACE = (
    _M.machine_id,
    _M.model,
    _M.category,
    _M.region,
    _M.yard,
    _M.customer,
    _M.customer_phone,
    _M.service_centre,
    _C.name.label("centre_name"),
    _C.phone.label("centre_phone"),
)
HOME = machines.join(meters, meters.c.machine_id == _M.machine_id).outerjoin(
    service_centres, _C.service_centre == _M.service_centre
)
"""A machine with its meter and its centre."""
OVERDUE = _O.state == State.OVERDUE


def due_by(until: date) -> ColumnElement[bool]:
    """What is due and not late, and unsold machines' work that falls due by a day; visits ahead are projected."""
    stock = _O.kind.in_([Kind.STOCK_UPKEEP.value, Kind.FREEZE_PROTECTION.value])
    due = and_(_O.state == State.DUE, _O.kind != Kind.SELF_SERVICE)
    return or_(due, and_(_O.state == State.UPCOMING, stock, _O.due_on <= until))


def orders(connection: Connection, which: ColumnElement[bool], theirs: OrderFilter, limit: int) -> list[Row[Any]]:
    """Work orders with their machine, its user and its centre, the longest late first, then the soonest due."""
    joined = work_orders.join(HOME, _M.machine_id == _O.machine_id)
    statement = select(work_orders, *PLACE[1:], meters.c.total_ms).select_from(joined)
    found = statement.where(which, *conditions_of(theirs)).order_by(_O.overdue_on, _O.due_on, _O.id)
    return list(connection.execute(found.limit(limit)).all())


def count(connection: Connection, which: ColumnElement[bool], theirs: OrderFilter) -> int:
    """How many there are."""
    joined = work_orders.join(machines, _M.machine_id == _O.machine_id)
    statement = select(func.count()).select_from(joined).where(which, *conditions_of(theirs))
    return connection.execute(statement).scalar_one()


def found_of(connection: Connection, kinds: Iterable[FindingKind], theirs: OrderFilter, limit: int) -> list[Row[Any]]:
    """Open findings about machines, the oldest first."""
    joined = findings.join(HOME, _M.machine_id == findings.c.machine_id)
    statement = select(findings.c.kind, findings.c.opened_on, *PLACE).select_from(joined)
    wanted = (findings.c.closed_on.is_(None), findings.c.kind.in_([kind.value for kind in kinds]))
    ordered = statement.where(*wanted, *conditions_of(theirs)).order_by(findings.c.opened_on, findings.c.id)
    limited: Select[Any] = ordered.limit(limit)
    return list(connection.execute(limited).all())


def places(connection: Connection, machine_ids: Sequence[str]) -> dict[str, Place]:
    """Machines with their users and centres."""
    statement: Select[Any] = select(*PLACE).select_from(HOME)
    rows = connection.execute(statement.where(among(connection, _M.machine_id, machine_ids)))
    return {row.machine_id: place_of(row) for row in rows}


def place_of(row: Row[Any]) -> Place:
    """The machine of a row of this file."""
    return Place(
        machine_id=row.machine_id,
        model=row.model,
        category=Category(row.category),
        region=row.region,
        yard=row.yard,
        customer=row.customer,
        customer_phone=row.customer_phone,
        service_centre=row.service_centre,
        service_centre_name=row.centre_name,
        service_centre_phone=row.centre_phone,
    )


def letter_id_of(manager: str, week: date) -> str:
    """The id of a manager's digest of a week: the same whoever writes it, so that there is one."""
    return str(uuid5(NAMESPACE_URL, f"hourkeeper:weekly_digest:{week.isoformat()}:{manager}"))


def is_written(connection: Connection, letter_id: str) -> bool:
    """Whether a digest's letter is there."""
    statement = select(letters.c.letter_id).where(letters.c.letter_id == letter_id)
    return connection.execute(statement).first() is not None


def write(connection: Connection, letter_id: str, addressee: Addressee, ways: Sequence[Way], now_ms: int) -> None:
    """Put a digest into the outbox; one that is there already stays as it is."""
    row = {
        "letter_id": letter_id,
        "occasion": Occasion.WEEKLY_DIGEST,
        "role": addressee.role,
        "recipient": addressee.recipient,
        "state": "waiting",
        "created_ms": now_ms,
        "next_ms": now_ms,
        "attempts": 0,
        "locale": addressee.locale,
    }
    rows = list(by_way(row, ways))
    connection.execute(insert_new(connection, letters).on_conflict_do_nothing(), rows)
