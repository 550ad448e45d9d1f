"""Many machines registered at once, in as few statements as there are tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, insert, select

from adapters.store import readings
from adapters.store.assessments import event_row, order_values
from adapters.store.dialect import among, insert_new
from adapters.store.machines import Remark, remembered
from adapters.store.tables import (
    machine_events,
    machines,
    meters,
    service_centres,
    work_order_events,
    work_orders,
    yards,
)
from adapters.store.tables import (
    readings as reading_table,
)
from schedules.assess import Assessment
from schedules.reading import Verdict


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A machine to be registered: its columns, its first meter reading if there is one, how it came, and its orders."""

    values: Mapping[str, Any]
    reading: tuple[Any, ...] | None
    event: Mapping[str, Any]
    assessment: Assessment


def registered(connection: Connection, machine_ids: Sequence[str]) -> set[str]:
    """Those of these machines that are registered."""
    return _those_in(connection, machines.c.machine_id, machine_ids)


def waited_for(connection: Connection, machine_ids: Sequence[str]) -> set[str]:
    """Those of these machines whose readings wait for them to be registered."""
    waiting = reading_table.c.verdict == Verdict.UNKNOWN_MACHINE
    return _those_in(connection, reading_table.c.machine_id, machine_ids, waiting)


def _those_in(connection: Connection, column: Column[str], names: Sequence[str], *more: Any) -> set[str]:  # noqa: ANN401
    statement = select(column).where(among(connection, column, names), *more).distinct()
    return set(connection.execute(statement).scalars())


def register_all(connection: Connection, newcomers: Sequence[Newcomer], remark: Remark, today: date) -> None:
    """Write machines with meters, first readings, orders and events; IntegrityError if one is known.

    Orders that closed before today are marked as being from before registration (rules 5).
    """
    _insert(connection, machines, [_machine(each) for each in newcomers])
    _insert(connection, meters, [_meter(each) for each in newcomers])
    readings.add(connection, [each.reading for each in newcomers if each.reading is not None])
    _insert(connection, machine_events, [each.event for each in newcomers])
    _insert(connection, work_orders, [row for each in newcomers for row in _orders(each, today)])
    _insert(connection, work_order_events, [row for each in newcomers for row in _events(each, remark)])


def _insert(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:  # noqa: ANN401
    if rows:
        connection.execute(insert(table), rows)


def _machine(newcomer: Newcomer) -> dict[str, Any]:
    return {**newcomer.values, **remembered(newcomer.assessment.machine)}


def _meter(newcomer: Newcomer) -> dict[str, Any]:
    first = dict(zip(readings.COLUMNS, newcomer.reading or (), strict=False))
    return {
        "machine_id": newcomer.values["machine_id"],
        "offset_ms": 0,
        "total_ms": first.get("total_ms"),
        "time_ms": first.get("time_ms"),
        "dated_ms": first.get("time_ms"),
        "newest_device_ms": first.get("device_ms"),
        "wakes_at_ms": newcomer.assessment.wakes_at_ms,
        "wakes_on": newcomer.assessment.wakes_on,
    }


def _orders(newcomer: Newcomer, today: date) -> Iterable[dict[str, Any]]:
    machine = newcomer.assessment.machine
    for order in machine.orders.values():
        past = order.closed_on is not None and order.closed_on < today
        yield {"machine_id": machine.machine_id, "before_registration": past, **order_values(order)}


def _events(newcomer: Newcomer, remark: Remark) -> Iterable[dict[str, Any]]:
    machine = newcomer.assessment.machine
    return (event_row(machine, change, remark) for change in newcomer.assessment.changes)


def keep_places(connection: Connection, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or update service centres or yards (`key` names the column that tells which); columns not given stay."""
    table = {"service_centre": service_centres, "yard": yards}[key]
    if not rows:
        return
    statement = insert_new(connection, table)
    given = {name: statement.excluded[name] for name in rows[0] if name != key}
    if given:
        statement = statement.on_conflict_do_update(index_elements=[key], set_=given)
    else:
        statement = statement.on_conflict_do_nothing()
    connection.execute(statement, list(rows))
