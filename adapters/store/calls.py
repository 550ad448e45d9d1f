"""What a service centre's call list asks of the store: open visits by machine, and machines that are not heard of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, select

from adapters.store.dialect import among
from adapters.store.digest import HOME, PLACE
from adapters.store.tables import findings, machines, status_is, work_orders
from schedules.finding import UNHEARD
from schedules.machine import Status
from schedules.work_order import OPEN_STATES, Kind

_AT_ONCE = 500
_O = work_orders.c
_KINDS = [Kind.MANDATORY_VISIT.value, Kind.SELF_SERVICE.value]
_OPEN = (_O.state.in_(sorted(OPEN_STATES)), _O.kind.in_(_KINDS))
_UNHEARD = (findings.c.closed_on.is_(None), findings.c.kind.in_([kind.value for kind in UNHEARD]))
_USER = (*PLACE, machines.c.customer_email)


def open_orders(connection: Connection, service_centre: str | None) -> Iterator[Sequence[Row[Any]]]:
    """Open visits and services of machines in service with their users and centres, by machine, in batches."""
    joined = work_orders.join(HOME, machines.c.machine_id == _O.machine_id)
    statement: Select[Any] = select(work_orders, *_USER[1:]).select_from(joined)
    statement = statement.where(*_OPEN, *_serving(service_centre))
    ordered = statement.order_by(_O.machine_id, _O.id)
    with connection.execute(ordered.execution_options(yield_per=_AT_ONCE)) as result:
        yield from result.partitions()


def unheard_among(connection: Connection, machine_ids: Sequence[str]) -> dict[str, date]:
    """Those of these machines that are not heard of, and since when."""
    columns = (findings.c.machine_id, findings.c.opened_on)
    statement = select(*columns).where(*_UNHEARD, among(connection, findings.c.machine_id, machine_ids))
    return {row.machine_id: row.opened_on for row in connection.execute(statement)}


def unheard(connection: Connection, service_centre: str | None) -> Iterator[Sequence[Row[Any]]]:
    """Machines in service that are not heard of and have no open visit or service, the longest first, in batches."""
    joined = findings.join(HOME, machines.c.machine_id == findings.c.machine_id)
    statement: Select[Any] = select(findings.c.opened_on, *_USER).select_from(joined)
    busy = exists().where(_O.machine_id == machines.c.machine_id, *_OPEN)
    wanted = statement.where(*_UNHEARD, ~busy, *_serving(service_centre)).order_by(findings.c.opened_on, findings.c.id)
    with connection.execute(wanted.execution_options(yield_per=_AT_ONCE)) as result:
        yield from result.partitions()


def _serving(service_centre: str | None) -> Iterator[Any]:
    yield status_is(Status.IN_SERVICE)
    if service_centre is not None:
        yield machines.c.service_centre == service_centre
