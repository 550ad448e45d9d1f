"""Machines with their work orders: read as the rules see them, and what an assessment changed written back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from adapters.store.dialect import among_given, given
from adapters.store.tables import machine_events, machines, meters, work_orders
from schedules.dates import local_date
from schedules.machine import Category, Machine, Status, Warranty
from schedules.work_order import Cause, Closing, Kind, OrderKey, State, WorkOrder


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """A registered machine: what the rules look at, and who is concerned with it."""

    facts: Machine
    category: Category
    model: str | None
    yard: str | None
    customer: str | None
    customer_email: str | None
    customer_phone: str | None
    customer_locale: str | None
    service_centre: str | None
    registered_ms: int


@dataclass(frozen=True, slots=True)
class Remark:
    """Why something was written down, beside what the rules say: who did it, and in whose words."""

    recorded_ms: int
    why: str | None = None
    by: str | None = None
    note: str | None = None


def load(connection: Connection, zone: ZoneInfo, machine_ids: Iterable[str]) -> dict[str, MachineRecord]:
    """The machines of these ids that are registered, held where the database locks rows."""
    hold(connection, machine_ids := list(machine_ids))
    return look_at(connection, zone, machine_ids)


def hold(connection: Connection, machine_ids: Iterable[str]) -> None:
    """Whoever else would change these machines waits until the transaction ends; SQLite has one writer anyway.

    Everybody holds a machine by its meter, as the intake does: two locks a machine, taken in two orders, would be
    waited for in a circle. What is read before this may be old.
    """
    wanted = sorted(set(machine_ids))
    if wanted and connection.dialect.name == "postgresql":
        connection.execute(_held(connection.dialect.name), given(connection, wanted)).all()


def look_at(connection: Connection, zone: ZoneInfo, machine_ids: Iterable[str]) -> dict[str, MachineRecord]:
    """The same without locking them, for whoever changes nothing and must keep nobody waiting."""
    wanted = sorted(set(machine_ids))
    if not wanted:
        return {}
    rows = connection.execute(_machines_given(connection.dialect.name), given(connection, wanted)).all()
    orders = _orders_of(connection, [row.machine_id for row in rows])
    return {row.machine_id: _record(row, zone, orders[row.machine_id]) for row in rows}


@cache
def _machines_given(dialect: str) -> Select[Any]:
    return (
        select(machines, meters.c.total_ms, meters.c.dated_ms)
        .join(meters, meters.c.machine_id == machines.c.machine_id)
        .where(among_given(dialect, machines.c.machine_id))
        .order_by(machines.c.machine_id)
    )


@cache
def _held(dialect: str) -> Select[Any]:
    wanted = select(meters.c.machine_id).where(among_given(dialect, meters.c.machine_id))
    return wanted.order_by(meters.c.machine_id).with_for_update()


@cache
def _orders_given(dialect: str) -> Select[Any]:
    return select(work_orders).where(among_given(dialect, work_orders.c.machine_id))


def load_one(connection: Connection, zone: ZoneInfo, machine_id: str) -> MachineRecord | None:
    """One machine, None if it is not registered."""
    return load(connection, zone, [machine_id]).get(machine_id)


def _orders_of(connection: Connection, machine_ids: Sequence[str]) -> dict[str, dict[OrderKey, WorkOrder]]:
    found: dict[str, dict[OrderKey, WorkOrder]] = defaultdict(dict)
    for row in connection.execute(_orders_given(connection.dialect.name), given(connection, machine_ids)):
        order = order_of(row)
        found[row.machine_id][order.key] = order
    return found


def order_of(row: Row[Any]) -> WorkOrder:
    """A work order as the rules see it."""
    return WorkOrder(
        kind=Kind(row.kind),
        step=row.step,
        state=State(row.state),
        opens_on=row.opens_on,
        plan_version=row.plan_version,
        due_on=row.due_on,
        overdue_on=row.overdue_on,
        closed_on=row.closed_on,
        cause=Cause(row.cause) if row.cause else None,
        superseded_by=row.superseded_by,
        closing=Closing(row.closing) if row.closing else None,
        threshold_ms=row.threshold_ms,
    )


def _record(row: Row[Any], zone: ZoneInfo, orders: dict[OrderKey, WorkOrder]) -> MachineRecord:
    return MachineRecord(
        facts=_facts(row, zone, orders),
        category=Category(row.category),
        model=row.model,
        yard=row.yard,
        customer=row.customer,
        customer_email=row.customer_email,
        customer_phone=row.customer_phone,
        customer_locale=row.customer_locale,
        service_centre=row.service_centre,
        registered_ms=row.registered_ms,
    )


def _facts(row: Row[Any], zone: ZoneInfo, orders: dict[OrderKey, WorkOrder]) -> Machine:
    return Machine(
        machine_id=row.machine_id,
        status=Status(row.status),
        region=row.region,
        stocked_on=row.stocked_on,
        arrived_on=row.arrived_on,
        handed_over_on=row.handed_over_on,
        warranty=Warranty(row.warranty) if row.warranty else None,
        retired_on=row.retired_on,
        total_ms=row.total_ms,
        total_on=None if row.dated_ms is None else local_date(row.dated_ms, zone),
        own_cycle_from_ms=row.own_cycle_from_ms,
        asked_version=row.asked_version,
        asked_rulebook=row.asked_rulebook,
        exempt_steps=frozenset(row.exempt_steps),
        orders=orders,
    )


def register(connection: Connection, values: dict[str, Any]) -> None:
    """Write a new machine with an empty meter; IntegrityError if it is known."""
    connection.execute(insert(machines).values(exempt_steps=[], **values))
    connection.execute(insert(meters).values(machine_id=values["machine_id"], offset_ms=0))


def change_facts(connection: Connection, machine_id: str, values: dict[str, Any]) -> None:
    """Write new facts of a machine."""
    connection.execute(update(machines).where(machines.c.machine_id == machine_id).values(**values))


def registered_ms(connection: Connection, machine_id: str) -> int:
    """When a machine was registered."""
    statement = select(machines.c.registered_ms).where(machines.c.machine_id == machine_id)
    return int(connection.execute(statement).scalar_one())


def recorded_ms(connection: Connection, machine_id: str, what: str) -> int | None:
    """When the last event of this sort was recorded of a machine, None if none was."""
    columns = machine_events.c
    mine = (columns.machine_id == machine_id, columns.what == what)
    found: int | None = connection.execute(select(func.max(columns.recorded_ms)).where(*mine)).scalar()
    return found


def note_event(
    connection: Connection, machine_id: str, what: str, on: date, details: dict[str, Any], remark: Remark
) -> None:
    """Append to the machine's own story."""
    connection.execute(
        insert(machine_events).values(
            machine_id=machine_id,
            on=on,
            recorded_ms=remark.recorded_ms,
            what=what,
            details=details,
            by=remark.by,
            why=remark.note,
        )
    )


def sleep(connection: Connection, machine_id: str) -> None:
    """Take back the wake-ups of a machine whose orders are about to be computed anew."""
    connection.execute(update(meters).where(meters.c.machine_id == machine_id).values(wakes_at_ms=None, wakes_on=None))


def remembered(machine: Machine) -> dict[str, Any]:
    """The columns of a machine in which its last assessment left word for the next."""
    return {
        "own_cycle_from_ms": machine.own_cycle_from_ms,
        "asked_version": machine.asked_version,
        "asked_rulebook": machine.asked_rulebook,
        "exempt_steps": sorted(machine.exempt_steps),
    }
