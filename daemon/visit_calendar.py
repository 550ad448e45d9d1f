"""A service centre's calendar: its agreed visits, what is due without an agreed day, and what will probably be due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from adapters.store import feeds, machines
from adapters.store.forecast import projections
from adapters.store.machines import MachineRecord
from daemon.forecasting import pages_in_service
from daemon.keeper import Keeper
from notifications.calendar_feed import Standing, Visit
from notifications.link import order_page
from notifications.names import region_in
from schedules.forecast import Basis, Projection, ahead
from schedules.hours import text
from schedules.winter import WinterTable
from schedules.work_order import Kind, OrderKey, State, WorkOrder


class Shown(NamedTuple):
    """So many days ahead, in the readers' language, with links to the pages ("" without)."""

    days: int
    locale: str
    page: str


@dataclass(frozen=True, slots=True)
class Window:
    """What is shown: up to which day, the readers' language, and the address of the pages ("" without)."""

    today: date
    until: date
    locale: str
    page: str
    winter: WinterTable

    def region(self, code: str | None) -> str:
        """A region as readers know it."""
        known = self.winter.windows.get(code or "")
        return region_in(code, known.name if known else None, self.locale)


def visits_of(keeper: Keeper, service_centre: str, shown: Shown, now_ms: int) -> list[Visit]:
    """A centre's visits of the next days, by date; each page of machines is read by itself."""
    today = keeper.today(now_ms)
    until = today + timedelta(days=shown.days)
    window = Window(today, until, shown.locale, shown.page, keeper.rulebook.winter)
    found: list[Visit] = []
    for connection, numbers in pages_in_service(keeper, service_centre):
        found += _of_page(connection, keeper, numbers, window, now_ms)
    return sorted(found, key=lambda visit: (visit.on, visit.machine_id, visit.step))


def _of_page(
    connection: Connection, keeper: Keeper, numbers: Sequence[str], window: Window, now_ms: int
) -> Iterator[Visit]:
    rulebook = keeper.rulebook
    projected = projections(connection, rulebook.plan.forecast, numbers, now_ms)
    agreed = feeds.open_orders(connection, numbers)
    for number, record in machines.look_at(connection, keeper.zone, numbers).items():
        found = [*_open(record, projected[number], agreed, window)]
        for step in ahead(record.facts, projected[number], window.today, rulebook):
            if step.state is None and step.kind is Kind.MANDATORY_VISIT and step.expected.on is not None:
                standing = _expected(step.expected.basis)
                found.append(_visit(window, record, OrderKey(step.kind, step.step), step.expected.on, standing))
        yield from (visit for visit in found if visit.on <= window.until)


def _open(
    record: MachineRecord, projection: Projection, agreed: Mapping[tuple[str, OrderKey], Row[Any]], window: Window
) -> Iterator[Visit]:
    for order in record.facts.orders.values():
        row = agreed.get((record.facts.machine_id, order.key))
        if not order.is_open or row is None:
            continue
        on, standing = _day(order, row.scheduled_for, projection, window.today)
        if on is not None and (order.kind is Kind.MANDATORY_VISIT or standing is Standing.AGREED):
            late, address = order.late_days(window.today), order_page(window.page, row.id)
            yield _visit(window, record, order.key, on, standing, late, address)


def _day(
    order: WorkOrder, agreed_for: date | None, projection: Projection, today: date
) -> tuple[date | None, Standing]:
    """The agreed day if it is not past; today for what waits; else the day on which it is expected to be due."""
    if agreed_for is not None and agreed_for >= today:
        return agreed_for, Standing.AGREED
    if order.state in (State.DUE, State.OVERDUE):
        return today, Standing.OVERDUE if order.state is State.OVERDUE else Standing.DUE
    expected = projection.of_order(order, today)
    return expected.on, _expected(expected.basis)


def _expected(basis: Basis | None) -> Standing:
    return Standing.CALENDAR if basis is Basis.CALENDAR else Standing.ESTIMATE


def _visit(
    window: Window,
    record: MachineRecord,
    key: OrderKey,
    on: date,
    standing: Standing,
    late: int | None = None,
    address: str = "",
) -> Visit:
    total_ms = record.facts.total_ms
    return Visit(
        machine_id=record.facts.machine_id,
        kind=key.kind,
        step=key.step,
        on=on,
        standing=standing,
        model=record.model,
        customer=record.customer,
        customer_phone=record.customer_phone,
        region=window.region(record.facts.region),
        late_days=late,
        hours="" if total_ms is None else text(total_ms),
        address=address,
    )
