"""The figures of the day: what is open and overdue, what is due this week, compliance, and what needs a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

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
_WEEK = timedelta(days=6)
_CENTRES = 50
_WEEKS = 5
_MONTHS = 12


def summary(site: Site, person: Person) -> Fields:
    """Counts of what is theirs; `due_this_week` are open orders whose calendar date lies in the next seven days.

    `counted_at` is when: what takes long to count is kept for a while.
    """
    return _figures(site, person, "summary", _summary)


def outlook(site: Site, person: Person) -> Fields:
    """For the charts: open orders by `weeks`, which fall due by the calendar, and compliance by `months`."""
    return _figures(
        site, person, "outlook", lambda site, wanted: {"weeks": _weeks(site, wanted), "months": _months(site, wanted)}
    )


def _figures(site: Site, person: Person, what: str, count: Callable[[Site, OrderFilter], Fields]) -> Fields:
    wanted, now_ms = orders_of(person, OrderFilter()), site.clock()
    key = (what, wanted, site.keeper.today(now_ms))
    counted = site.figures.of(key, lambda: count(site, wanted), now_ms)
    return {"counted_at": instant(counted.counted_ms, site.keeper.zone), **counted.value}


def _summary(site: Site, wanted: OrderFilter) -> Fields:
    today = site.keeper.today(site.clock())
    period = Period(add_months(today.replace(day=1), 1 - _MONTHS), today)
    with site.keeper.store.read() as connection:
        counts = store.open_orders(connection, wanted)
        centres = store.overdue_by_centre(connection, wanted, _CENTRES)
        week = store.due_between(connection, wanted, today, today + _WEEK)
        findings = store.open_findings(connection, wanted.service_centre)
        _rows, total = compliance(connection, period, (), wanted)
    return {
        "on": today.isoformat(),
        "work_orders": _by_kind(counts),
        "overdue_by_service_centre": [{"service_centre": row.service_centre, "overdue": row.orders} for row in centres],
        "due_this_week": week,
        "findings": {row.kind: row.findings for row in findings},
        "compliance": {"from": period.begins_on.isoformat(), "to": period.ends_on.isoformat(), **total},
    }


def _weeks(site: Site, wanted: OrderFilter) -> list[Fields]:
    """How many open orders fall due by the calendar in each of the next weeks, by their Mondays."""
    today = site.keeper.today(site.clock())
    monday = today - timedelta(days=today.weekday())
    found = []
    with site.keeper.store.read() as connection:
        for week in range(_WEEKS):
            begins_on = monday + timedelta(weeks=week)
            count = store.due_between(connection, wanted, begins_on, begins_on + _WEEK)
            found.append({"begins_on": begins_on, "before": begins_on + timedelta(days=7), "orders": count})
    return found


def _months(site: Site, wanted: OrderFilter) -> list[Fields]:
    """Compliance month by month, the present one last."""
    today = site.keeper.today(site.clock())
    period = Period(add_months(today.replace(day=1), 1 - _MONTHS), today)
    with site.keeper.store.read() as connection:
        rows, _total = compliance(connection, period, (By.MONTH,), wanted)
    return [row for row in rows if row["compliance"] is not None]


def _by_kind(counts: list[Any]) -> Fields:
    found = {kind.value: dict.fromkeys((state.value for state in State if state in OPEN_STATES), 0) for kind in Kind}
    for row in counts:
        found[row.kind][row.state] = row.orders
    return found
