"""The figures of the day: what is open and overdue, what is due this week, compliance, and what needs a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from adapters.store import summary as store
from adapters.store.compliance import Period
from adapters.store.listing import OrderFilter
from daemon.compliance import compliance
from daemon.web.rights import Person
from daemon.web.scope import orders_of
from daemon.web.site import Site
from schedules.dates import add_months
from schedules.work_order import OPEN_STATES, Kind, State

Fields = dict[str, Any]
_WEEK = timedelta(days=6)
_CENTRES = 50
_MONTHS_BEFORE = 11


def summary(site: Site, person: Person) -> Fields:
    """Counts of what is theirs; `due_this_week` are open orders whose calendar date lies in the next seven days."""
    wanted, today = orders_of(person, OrderFilter()), site.keeper.today(site.clock())
    period = Period(add_months(today.replace(day=1), -_MONTHS_BEFORE), today)
    with site.keeper.store.read() as connection:
        counts = store.open_orders(connection, wanted)
        centres = store.overdue_by_centre(connection, wanted, _CENTRES)
        week = store.due_between(connection, wanted, today, today + _WEEK)
        findings = store.open_findings(connection, person.service_centre)
        _rows, total = compliance(connection, period, (), wanted)
    return {
        "on": today.isoformat(),
        "work_orders": _by_kind(counts),
        "overdue_by_service_centre": [{"service_centre": row.service_centre, "overdue": row.orders} for row in centres],
        "due_this_week": week,
        "findings": {row.kind: row.findings for row in findings},
        "compliance": {"from": period.begins_on.isoformat(), "to": period.ends_on.isoformat(), **total},
    }


def _by_kind(counts: list[Any]) -> Fields:
    found = {kind.value: dict.fromkeys((state.value for state in State if state in OPEN_STATES), 0) for kind in Kind}
    for row in counts:
        found[row.kind][row.state] = row.orders
    return found
