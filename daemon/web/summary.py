"""The figures of the day: what is open and overdue, what is due this week, compliance, and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import summary as store
from adapters.store.compliance import By, Period
from adapters.store.listing import OrderFilter
from daemon.compliance import compliance
from daemon.showing import instant
from daemon.web.rights import Person
from daemon.web.scope import orders_of
from daemon.web.site import Site
from schedules.dates import add_months
from schedules.work_order import OPEN_STATES, Kind, State

Fields = dict[str, Any]
_WEEK = timedelta(days=7)
_CENTRES = 50
_WEEKS = 5
_MONTHS = 12


def summary(site: Site, person: Person) -> Fields:
    """Counts of what is theirs; `due_this_week` are open orders whose calendar date lies in the next seven days.

    `counted_at` is when: what takes long to count is kept for a while.
    """
    found: Fields = first_page(site, person)["summary"]
    return found


def first_page(site: Site, person: Person) -> Fields:
    """The `summary`, and for the charts open orders by `weeks` and compliance by `months`."""
    wanted, now_ms = orders_of(person, OrderFilter()), site.clock()
    today = site.keeper.today(now_ms)
    counted = site.figures.of((wanted, today), lambda: _count(site, wanted, today), now_ms)
    told: Fields = counted.value
    return {**told, "summary": {**told["summary"], "counted_at": instant(counted.counted_ms, site.keeper.zone)}}


def _count(site: Site, wanted: OrderFilter, today: date) -> Fields:
    year = Period(add_months(today.replace(day=1), 1 - _MONTHS), today)
    weeks = [_monday(today) + week * _WEEK for week in range(_WEEKS)]
    with site.keeper.store.read() as connection:
        counts = store.open_by_day(connection, wanted)
        centres = _overdue_by_centre(connection, wanted, counts)
        findings = store.open_findings(connection, wanted.service_centre)
        months, total = compliance(connection, year, (By.MONTH,), wanted)
    days = _by_day(counts)
    figures = {
        "on": today.isoformat(),
        "work_orders": _by_kind(counts),
        "overdue_by_service_centre": centres,
        "due_this_week": _in_week(days, today),
        "findings": {row.kind: row.findings for row in findings},
        "compliance": {"from": year.begins_on.isoformat(), "to": year.ends_on.isoformat(), **total},
    }
    return {
        "summary": figures,
        "weeks": [_week(days, begins_on) for begins_on in weeks],
        "months": [row for row in months if row["compliance"] is not None],
    }


def _overdue_by_centre(connection: Connection, wanted: OrderFilter, counts: Sequence[Row[Any]]) -> list[Fields]:
    """Those with the most first; what one centre has overdue is known from its own counts."""
    if wanted.service_centre is None:
        found = store.overdue_by_centre(connection, wanted, _CENTRES)
        return [{"service_centre": row.service_centre, "overdue": row.orders} for row in found]
    overdue = sum(row.orders for row in counts if row.state == State.OVERDUE)
    return [{"service_centre": wanted.service_centre, "overdue": overdue}] if overdue else []


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _week(days: Mapping[date, int], begins_on: date) -> Fields:
    return {"begins_on": begins_on, "before": begins_on + _WEEK, "orders": _in_week(days, begins_on)}


def _in_week(days: Mapping[date, int], begins_on: date) -> int:
    return sum(count for day, count in days.items() if begins_on <= day < begins_on + _WEEK)


def _by_day(counts: Sequence[Row[Any]]) -> dict[date, int]:
    found: Counter[date] = Counter()
    for row in counts:
        if row.due_on is not None:
            found[row.due_on] += row.orders
    return found


def _by_kind(counts: Sequence[Row[Any]]) -> Fields:
    found = {kind.value: dict.fromkeys((state.value for state in State if state in OPEN_STATES), 0) for kind in Kind}
    for row in counts:
        found[row.kind][row.state] += row.orders
    return found
