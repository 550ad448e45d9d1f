"""The facts of a manager's weekly digest, as they stand now; a fleet is read page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row

from adapters.store import compliance as compliance_store
from adapters.store import digest as store
from adapters.store.compliance import By, Period
from adapters.store.listing import OrderFilter
from adapters.store.machines import order_of
from daemon.forecasting import StepAhead, steps_ahead
from daemon.keeper import Keeper, Manager
from notifications.digest import DIGEST_ROWS, Digest, DigestFinding, DigestOrder, Place, Rates
from schedules.compliance import Outcome, Tally
from schedules.dates import ONE_DAY, add_months
from schedules.finding import UNHEARD, FindingKind
from schedules.forecast import Basis
from schedules.hours import shown
from schedules.work_order import Kind

_DAYS = 7
_QUARTER = 3


def digest_for(keeper: Keeper, manager: Manager, now_ms: int) -> Digest:
    """What a manager is told this week of the machines that are theirs."""
    theirs = OrderFilter(service_centres=manager.service_centres, regions=manager.regions)
    today = keeper.today(now_ms)
    until, quarter_from = today + timedelta(days=_DAYS - 1), _last_quarter(today)
    projected = _projected(keeper, manager, until, now_ms)
    with keeper.store.read() as connection:
        overdue = list(_orders(connection, store.OVERDUE, theirs, today))
        due = _orders(connection, store.due_by(until), theirs, today)
        ahead = sorted([*due, *_placed(connection, projected)], key=_soonest)
        rates = _rates(connection, theirs, today, quarter_from)
        return Digest(
            on=today,
            until=until,
            quarter_from=quarter_from,
            overdue=tuple(overdue),
            overdue_count=store.count(connection, store.OVERDUE, theirs),
            ahead=tuple(ahead[:DIGEST_ROWS]),
            ahead_count=store.count(connection, store.due_by(until), theirs) + len(projected),
            rates=tuple(rates[centre] for centre in sorted(rates, key=lambda name: name or "") if centre is not None),
            all_rates=_together(rates),
            unheard=_findings(connection, UNHEARD, theirs),
            undecided=_findings(connection, (FindingKind.METER_NEEDS_DECISION,), theirs),
        )


def _last_quarter(today: date) -> date:
    """The first day of the last whole quarter of a year."""
    return add_months(today.replace(day=1), -_QUARTER - (today.month - 1) % _QUARTER)


def _soonest(order: DigestOrder) -> tuple[date, str, str]:
    return order.due_on or date.max, order.place.machine_id, order.step


def _orders(
    connection: Connection, which: ColumnElement[bool], theirs: OrderFilter, today: date
) -> Iterator[DigestOrder]:
    for row in store.orders(connection, which, theirs, DIGEST_ROWS):
        order = order_of(row)
        yield DigestOrder(
            place=store.place_of(row),
            kind=order.kind,
            step=order.step,
            state=order.state,
            due_on=order.due_on,
            late_days=order.late_days(today),
            total_hours=None if row.total_ms is None else shown(row.total_ms),
            acknowledged=row.acknowledged_ms is not None,
            scheduled_for=row.scheduled_for,
        )


def _projected(keeper: Keeper, manager: Manager, until: date, now_ms: int) -> list[StepAhead]:
    """Visits not due yet that probably will be by a day."""
    return [
        each
        for each in steps_ahead(keeper, manager.service_centres, now_ms)
        if each.step.kind is Kind.MANDATORY_VISIT
        and each.step.expected.on is not None
        and each.step.expected.on <= until
        and manager.is_concerned(each.record.service_centre, each.record.facts.region)
    ]


def _placed(connection: Connection, projected: list[StepAhead]) -> Iterator[DigestOrder]:
    kept = list(islice(projected, DIGEST_ROWS))
    places = store.places(connection, sorted({each.record.facts.machine_id for each in kept}))
    for each in kept:
        if (place := places.get(each.record.facts.machine_id)) is not None:
            yield _expected(each, place)


def _expected(each: StepAhead, place: Place) -> DigestOrder:
    total_ms = each.record.facts.total_ms
    return DigestOrder(
        place=place,
        kind=each.step.kind,
        step=each.step.step,
        state=each.step.state,
        due_on=each.step.expected.on,
        is_estimate=each.step.expected.basis is not Basis.CALENDAR,
        total_hours=None if total_ms is None else shown(total_ms),
    )


def _findings(connection: Connection, kinds: tuple[FindingKind, ...], theirs: OrderFilter) -> tuple[DigestFinding, ...]:
    rows = store.found_of(connection, kinds, theirs, DIGEST_ROWS)
    return tuple(DigestFinding(store.place_of(row), FindingKind(row.kind), row.opened_on) for row in rows)


def _rates(connection: Connection, theirs: OrderFilter, today: date, quarter_from: date) -> dict[str | None, Rates]:
    month = _tallies(connection, Period(today.replace(day=1), today), theirs)
    last_day = add_months(quarter_from, _QUARTER) - ONE_DAY
    quarter = _tallies(connection, Period(quarter_from, last_day), theirs)
    return {name: Rates(name, month.get(name, Tally()), quarter.get(name, Tally())) for name in {*month, *quarter}}


def _tallies(connection: Connection, period: Period, theirs: OrderFilter) -> Mapping[str | None, Tally]:
    found: dict[str | None, Tally] = {}
    rows: list[Row[Any]] = compliance_store.counts(connection, period, [By.SERVICE_CENTRE], theirs)
    for row in rows:
        found.setdefault(row.service_centre, Tally()).add(Outcome(row.outcome), row.orders)
    return found


def _together(rates: Mapping[str | None, Rates]) -> Rates:
    """All of them, unsold machines without a centre included."""
    whole = Rates(None, Tally(), Tally())
    for each in rates.values():
        for into, tally in ((whole.month, each.month), (whole.quarter, each.quarter)):
            for outcome in Outcome:
                into.add(outcome, getattr(tally, outcome))
    return whole
