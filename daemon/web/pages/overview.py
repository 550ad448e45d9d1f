"""The first page: what is overdue, what comes, and what needs a person; every figure leads to its list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from adapters.store.listing import ORDER_SORTS, OrderFilter
from adapters.store.paging import Place
from daemon import listing, service_book
from daemon.web.pages.page import Visitor, page
from daemon.web.pages.route import PageRoute
from daemon.web.rights import Person
from daemon.web.scope import orders_of
from daemon.web.site import Site, site_of
from daemon.web.summary import first_page
from schedules.work_order import State

router = APIRouter(route_class=PageRoute)
_OLDEST = 10


@router.get("/")
def overview(request: Request, person: Visitor) -> HTMLResponse:
    """The figures of what is theirs."""
    site = site_of(request)
    return page(
        request,
        person,
        "overview.j2",
        oldest=_oldest(site, person),
        in_a_week=site.keeper.today(site.clock()) + timedelta(days=7),
        **first_page(site, person),
        centre_names=_centre_names(site),
    )


def _oldest(site: Site, person: Person) -> list[dict[str, Any]]:
    wanted = orders_of(person, OrderFilter(states=frozenset({State.OVERDUE})))
    with site.keeper.store.read() as connection:
        place = Place(ORDER_SORTS["overdue"])
        return list(listing.orders(connection, site.keeper, wanted, site.clock(), _OLDEST, place))


def _centre_names(site: Site) -> dict[str, str | None]:
    with site.keeper.store.read() as connection:
        return {row["service_centre"]: row["name"] for row in service_book.centres(connection)}
