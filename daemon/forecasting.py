"""What will probably be due, machine by machine (rules 7): an estimate, never stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from adapters.store import machines
from adapters.store.forecast import projections
from adapters.store.machines import MachineRecord
from adapters.store.tables import machines as machine_table
from daemon.keeper import Keeper
from daemon.showing import hours, iso
from schedules.forecast import Ahead, Projection, ahead
from schedules.machine import Status

Fields = dict[str, Any]
FORECAST_FIELDS = (
    "machine_id",
    "model",
    "kind",
    "step",
    "state",
    "projected_due_on",
    "basis",
    "threshold_hours",
    "total_hours",
    "hours_a_day",
    "window_days",
    "service_centre",
    "customer",
)
"""`basis`: `calendar`, `measured` (over `window_days`) or `assumed` use; `state` null: there is no order yet."""
_PAGE = 500


def of_machine(connection: Connection, keeper: Keeper, machine_id: str, now_ms: int) -> list[Fields]:
    """The steps of a machine that are not due yet, the next one first; nothing of one that is not in service."""
    return [_fields(each) for each in _page(connection, keeper, [machine_id], now_ms)]


def within(keeper: Keeper, service_centre: str | None, days: int, now_ms: int) -> list[Fields]:
    """What will probably be due on one of the next days, by date; each page of machines is read by itself."""
    until = keeper.today(now_ms) + timedelta(days=days)
    centres = frozenset() if service_centre is None else frozenset({service_centre})
    found = [_fields(each) for each in steps_ahead(keeper, centres, now_ms) if _is_by(each, until)]
    return sorted(found, key=lambda row: (row["projected_due_on"], row["machine_id"]))


def pages_in_service(keeper: Keeper, service_centre: str | None) -> Iterator[tuple[Connection, Sequence[str]]]:
    """The machines in service, some hundred at a time, each page in a transaction of its own."""
    after, page = "", [""]
    while page:
        with keeper.store.read() as connection:
            page = _in_service(connection, service_centre, after)
            yield connection, page
        after = page[-1] if page else after


def count_in_service(keeper: Keeper, service_centre: str | None) -> int:
    """How many machines are in service."""
    statement = select(func.count()).select_from(machine_table).where(*_serving(service_centre))
    with keeper.store.read() as connection:
        return connection.execute(statement).scalar_one()


def _in_service(connection: Connection, service_centre: str | None, after: str) -> list[str]:
    number = machine_table.c.machine_id
    statement = select(number).where(*_serving(service_centre), number > after)
    return list(connection.execute(statement.order_by(number).limit(_PAGE)).scalars())


def _serving(service_centre: str | None) -> Iterator[ColumnElement[bool]]:
    yield machine_table.c.status == Status.IN_SERVICE
    if service_centre is not None:
        yield machine_table.c.service_centre == service_centre


def _is_by(each: StepAhead, until: date) -> bool:
    return each.step.expected.on is not None and each.step.expected.on <= until


@dataclass(frozen=True, slots=True)
class StepAhead:
    """A step that is not due yet, of which machine, and by which use its day is projected."""

    record: MachineRecord
    projection: Projection
    step: Ahead


def steps_ahead(keeper: Keeper, service_centres: frozenset[str], now_ms: int) -> Iterator[StepAhead]:
    """The steps not due yet of all machines in service, or those of some centres, machine by machine."""
    wanted: Sequence[str | None] = sorted(service_centres) or [None]
    for service_centre in wanted:
        for connection, page in pages_in_service(keeper, service_centre):
            yield from _page(connection, keeper, page, now_ms)


def _page(connection: Connection, keeper: Keeper, machine_ids: Sequence[str], now_ms: int) -> Iterator[StepAhead]:
    rulebook, today = keeper.rulebook, keeper.today(now_ms)
    projected = projections(connection, rulebook.plan.forecast, machine_ids, now_ms)
    for machine_id, record in machines.look_at(connection, keeper.zone, machine_ids).items():
        projection = projected[machine_id]
        for step in ahead(record.facts, projection, today, rulebook):
            yield StepAhead(record, projection, step)


def _fields(each: StepAhead) -> Fields:
    record, projection, step = each.record, each.projection, each.step
    found = {
        "machine_id": record.facts.machine_id,
        "model": record.model,
        "kind": step.kind.value,
        "step": step.step,
        "state": step.state.value if step.state else None,
        "projected_due_on": iso(step.expected.on),
        "basis": step.expected.basis.value if step.expected.basis else None,
        "threshold_hours": hours(step.threshold_ms),
        "total_hours": hours(record.facts.total_ms),
        "hours_a_day": hours(int(projection.use.ms_a_day)),
        "window_days": projection.use.window_days,
        "service_centre": record.service_centre,
        "customer": record.customer,
    }
    return {name: found[name] for name in FORECAST_FIELDS}
