"""Machines, one machine's service book with its hours over time, and what stands unsold in the yards."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Connection, Row

from adapters.store import stock_counts
from adapters.store.listing import MACHINE_KEYS, ORDER_SORTS, REFUSED, OrderFilter
from adapters.store.paging import Keys, Place
from daemon import forecasting, listing, records, service_book, winters
from daemon.showing import hours
from daemon.web.api.machines import Wanted
from daemon.web.chart import Step, drawing
from daemon.web.lists import beginning, cursor_after
from daemon.web.pages.page import Visitor, go_to, page, words_of
from daemon.web.pages.route import PageRoute
from daemon.web.rights import Person
from daemon.web.scope import machines_of, orders_of, own_machine
from daemon.web.site import Site, site_of
from schedules.dates import instant_ms
from schedules.hours import MS_PER_HOUR
from schedules.machine import Status, Warranty
from schedules.plan import MandatoryStep
from schedules.work_order import OPEN_STATES, Kind

router = APIRouter(route_class=PageRoute)
Fields = dict[str, Any]
ROWS = 50
_READINGS = 15
_REFUSED_SHOWN = 200
_STOCK_ROWS = 100
_MOST_YARDS = 300


@router.get("/machines")
def list_machines(
    request: Request, person: Visitor, wanted: Annotated[Wanted, Depends()], cursor: str | None = None
) -> HTMLResponse:
    """Machines by number."""
    site, chosen = site_of(request), machines_of(person, wanted.conditions())
    place = beginning(Place(MACHINE_KEYS), cursor)
    with site.keeper.store.read() as connection:
        rows = list(service_book.machines(connection, site.keeper, chosen, ROWS + 1, place))
    return page(request, person, "machines.j2", wanted=wanted, statuses=list(Status), **paged(rows, MACHINE_KEYS))


def paged(rows: list[Fields], keys: Keys) -> Fields:
    """The rows of a page, and where the next one begins."""
    return {"rows": rows[:ROWS], "next_cursor": cursor_after(rows[ROWS - 1], keys) if len(rows) > ROWS else None}


@router.get("/machine")
def find_machine(_person: Visitor, number: str = "") -> RedirectResponse:
    """Straight to a machine by its number."""
    return go_to(f"/machines/{quote(number.strip(), safe='')}" if number.strip() else "/machines")


@router.get("/machines/{machine_id}")
def show_machine(request: Request, person: Visitor, machine_id: str) -> HTMLResponse:
    """Its hours over time, its work orders, its story."""
    site, words = site_of(request), words_of(request, person)
    with site.keeper.store.read() as connection:
        row = own_machine(connection, person, machine_id)
        found = service_book.machine(connection, site.keeper, machine_id, site.clock(), words)
        last = list(records.readings(connection, site.keeper, machine_id, None, _READINGS))
        ahead = forecasting.of_machine(connection, site.keeper, machine_id, site.clock())
        drawn = curve_of(connection, site, row, ahead)
    data: Fields = {"machine": found, "readings": last, "ahead": ahead, "drawing": drawn}
    return page(request, person, "machine.j2", **data, refused=sorted(verdict.value for verdict in REFUSED))


def curve_of(connection: Connection, site: Site, row: Row[Any], ahead: list[Fields]) -> Fields | None:
    """The drawing of a machine's hours: believed and refused readings, the steps, and what is expected next."""
    believed = [(at_ms, total / MS_PER_HOUR) for at_ms, total in site.hours.daily(row.machine_id, site.clock() + 1)]
    refused = [
        (instant_ms(datetime.fromisoformat(each["counts_at"])), each["total_hours"])
        for each in records.readings(connection, site.keeper, row.machine_id, REFUSED, _REFUSED_SHOWN)
        if each["total_hours"]
    ]
    ahead_of = next(
        ((at, total) for each in ahead if (at := _at(site, each)) and (total := each["threshold_hours"])), None
    )
    return drawing(believed, refused, _steps(site, row), ahead_of, site.clock(), site.keeper.zone)


def _at(site: Site, ahead: Fields) -> int | None:
    on = ahead["projected_due_on"]
    return None if on is None else instant_ms(datetime.fromisoformat(on).replace(tzinfo=site.keeper.zone))


def _steps(site: Site, row: Row[Any]) -> list[Step]:
    """The steps of the machine's own warranty, each with the window before it falls due."""
    if row.handed_over_on is None or row.warranty is None:
        return []
    plan, warranty = site.keeper.rulebook.plan, Warranty(row.warranty)
    return [_step(step) for step in plan.mandatory if warranty in step.warranties]


def _step(step: MandatoryStep) -> Step:
    at, lead, late = hours(step.hours_ms), hours(step.lead_ms), hours(step.tolerance_ms)
    return Step(step.step, at or 0, (at or 0) - (lead or 0), (at or 0) + (late or 0))


@router.get("/stock")
def show_stock(request: Request, person: Visitor) -> HTMLResponse:
    """The open sheets of unsold machines, and the winters of their regions."""
    site = site_of(request)
    today = site.keeper.today(site.clock())
    with site.keeper.store.read() as connection:
        sheets = {kind.value: _open(connection, site, person, kind) for kind in _SHEETS}
        yards, regions = _places(connection, person)
        windows = [each for each in winters.winters(connection, site.keeper, None, today) if each["region"] in regions]
    data: Fields = {
        "sheets": sheets,
        "windows": windows,
        "yards": yards[:_MOST_YARDS],
        "month": f"{today:%Y-%m}",
        "most": _STOCK_ROWS,
    }
    return page(request, person, "stock.j2", **data)


def _places(connection: Connection, person: Person) -> tuple[list[str], list[str]]:
    """Yards and regions of unsold machines that are theirs to see."""
    if person.yard is None and not person.sees_everything:
        return [], []
    return stock_counts.places(connection, person.yard)


_SHEETS = (Kind.FREEZE_PROTECTION, Kind.STOCK_UPKEEP)


def _open(connection: Connection, site: Site, person: Person, kind: Kind) -> list[Fields]:
    wanted = orders_of(person, OrderFilter(states=OPEN_STATES, kind=kind))
    first_due = Place(ORDER_SORTS["due"])
    return list(listing.orders(connection, site.keeper, wanted, site.clock(), _STOCK_ROWS, first_due))
