"""The lists of the office: findings, notices, centres and yards, the plan, and how the daemon itself is doing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from adapters.store import figures
from adapters.store.listing import FINDING_KEYS, NOTICE_KEYS, FindingFilter
from adapters.store.paging import Place
from daemon import duty_list, finding_list, polling, records, replicas, service_book
from daemon.copying import ERRAND as COPY
from daemon.plan_view import plan_view
from daemon.web.lists import beginning
from daemon.web.pages.fleet import ROWS, paged
from daemon.web.pages.page import Visitor, page, words_of
from daemon.web.pages.route import PageRoute
from daemon.web.scope import fleet_only
from daemon.web.site import site_of
from schedules.finding import FindingKind

router = APIRouter(route_class=PageRoute)
NoticeState = Literal["waiting", "sent", "dead", "dropped"]
Fields = dict[str, Any]
_REGISTER_ROWS = 2000


@router.get("/findings")
def show_findings(
    request: Request, person: Visitor, kind: FindingKind | None = None, cursor: str | None = None
) -> HTMLResponse:
    """What is wrong with the fleet's data, and what to do."""
    if person.service_centre is None:
        fleet_only(person)
    site, words = site_of(request), words_of(request, person)
    wanted = FindingFilter(kind, None, person.service_centre)
    place = beginning(Place(FINDING_KEYS), cursor)
    with site.keeper.store.read() as connection:
        rows = list(finding_list.findings(connection, wanted, words, ROWS + 1, place))
    return page(request, person, "findings.j2", kind=kind, kinds=list(FindingKind), **paged(rows, FINDING_KEYS))


@router.get("/notices")
def show_notices(
    request: Request, person: Visitor, state: Annotated[NoticeState | None, Query()] = None, cursor: str | None = None
) -> HTMLResponse:
    """What was told to whom."""
    fleet_only(person)
    site = site_of(request)
    place = beginning(Place(NOTICE_KEYS, descending=True), cursor)
    with site.keeper.store.read() as connection:
        rows = list(records.notices(connection, site.keeper, state, ROWS + 1, place))
    return page(request, person, "notices.j2", state=state, **paged(rows, NOTICE_KEYS))


@router.get("/registers")
def show_registers(request: Request, person: Visitor) -> HTMLResponse:
    """Service centres and yards."""
    fleet_only(person)
    with site_of(request).keeper.store.read() as connection:
        centres, yards = list(service_book.centres(connection)), list(service_book.yards(connection))
    shown: Fields = {"centres": centres[:_REGISTER_ROWS], "yards": yards[:_REGISTER_ROWS]}
    return page(request, person, "registers.j2", **shown, counts=(len(centres), len(yards)))


@router.get("/plan")
def show_plan(request: Request, person: Visitor) -> HTMLResponse:
    """The plan in force."""
    return page(request, person, "plan.j2", plan=plan_view(site_of(request).keeper.rulebook.plan))


@router.get("/health")
def show_health(request: Request, person: Visitor) -> HTMLResponse:
    """Whether everything moves, what waits, and the duties as they stand."""
    fleet_only(person)
    site = site_of(request)
    with site.keeper.store.read() as connection:
        data: Fields = {
            "duties": list(duty_list.standing(connection, site.keeper, site.clock())),
            "replicas": list(replicas.standing(connection, site.keeper, site.clock())),
            "letters": figures.letters_left(connection),
            "stored": figures.readings_stored(connection),
            "points": figures.points_left(connection),
            "failing": COPY in figures.failing(connection),
            "fleets": polling.standing(connection, site.keeper),
        }
    stalled = site.pulse.stalled()
    loops = {name: name not in stalled for name in sorted(site.pulse.still_s())}
    return page(request, person, "health.j2", loops=loops, connected=site.pulse.is_connected(), **data)
