"""The first page: what is overdue, what comes, and what needs a person; every figure leads to its list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from adapters.store import summary as store
from adapters.store.compliance import By, Period
from adapters.store.listing import ORDER_SORTS, OrderFilter
from adapters.store.paging import Place
from daemon import listing, service_book
from daemon.compliance import compliance
from daemon.web.pages.page import Visitor, page
from daemon.web.pages.route import PageRoute
from daemon.web.rights import Person
from daemon.web.scope import orders_of
from daemon.web.site import Site, site_of
from daemon.web.summary import summary
from schedules.dates import add_months
from schedules.work_order import State

router = APIRouter(route_class=PageRoute)
_WEEKS = 5
_OLDEST = 10
_MONTHS = 12


@router.get("/")
def overview(request: Request, person: Visitor) -> HTMLResponse:
    """The figures of what is theirs."""
    site = site_of(request)
    return page(
        request,
        person,
        "overview.j2",
        summary=summary(site, person),
        oldest=_oldest(site, person),
        in_a_week=site.keeper.today(site.clock()) + timedelta(days=7),
        weeks=_weeks(site, person),
        months=_months(site, person),
        centre_names=_centre_names(site),
    )


def _oldest(site: Site, person: Person) -> list[dict[str, Any]]:
    wanted = orders_of(person, OrderFilter(states=frozenset({State.OVERDUE})))
    with site.keeper.store.read() as connection:
        place = Place(ORDER_SORTS["overdue"])
        return list(listing.orders(connection, site.keeper, wanted, site.clock(), _OLDEST, place))


def _weeks(site: Site, person: Person) -> list[dict[str, Any]]:
    """How many open orders fall due by the calendar in each of the next weeks, by their Mondays."""
    today = site.keeper.today(site.clock())
    monday = today - timedelta(days=today.weekday())
    wanted = orders_of(person, OrderFilter())
    found = []
    with site.keeper.store.read() as connection:
        for week in range(_WEEKS):
            begins_on = monday + timedelta(weeks=week)
            count = store.due_between(connection, wanted, begins_on, begins_on + timedelta(days=6))
            found.append({"begins_on": begins_on, "before": begins_on + timedelta(days=7), "orders": count})
    return found


def _months(site: Site, person: Person) -> list[dict[str, Any]]:
    """Compliance month by month, the present one last."""
    today = site.keeper.today(site.clock())
    period = Period(add_months(today.replace(day=1), 1 - _MONTHS), today)
    with site.keeper.store.read() as connection:
        rows, _total = compliance(connection, period, (By.MONTH,), orders_of(person, OrderFilter()))
    return [row for row in rows if row["compliance"] is not None]


def _centre_names(site: Site) -> dict[str, str | None]:
    with site.keeper.store.read() as connection:
        return {row["service_centre"]: row["name"] for row in service_book.centres(connection)}
