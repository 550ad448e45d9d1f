"""Meters to decide: readings that were not believed, beside the curve that was; consequences are shown first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from adapters.store import listing, readings
from adapters.store.listing import FINDING_KEYS, READING_KEYS, REFUSED, FindingFilter
from adapters.store.paging import Place
from daemon import finding_list, meters, records
from daemon.commands.moments import moment_of
from daemon.refused import RefusedError
from daemon.voiding import void
from daemon.web.api.machine_bodies import MeterChange
from daemon.web.api.machine_changes import change_meter
from daemon.web.api.records import Decision, decided
from daemon.web.lists import beginning
from daemon.web.pages.fleet import ROWS, curve_of, paged
from daemon.web.pages.page import Posted, Sender, Visitor, blank_if_missing, go_to, page, text_in, texts_in, words_of
from daemon.web.pages.route import PageRoute
from daemon.web.problems import ProblemError, UnknownError
from daemon.web.rights import Action, Person
from daemon.web.scope import fleet_only
from daemon.web.site import Site, site_of
from notifications.reasons import said
from schedules.finding import FindingKind

router = APIRouter(prefix="/meters", route_class=PageRoute)
Fields = dict[str, Any]
_WAITING = 50


@router.get("")
def show_meters(request: Request, person: Visitor, cursor: str | None = None) -> HTMLResponse:
    """Meters that wait for a decision, and all readings that were not believed."""
    fleet_only(person)
    site, words = site_of(request), words_of(request, person)
    place = beginning(Place(READING_KEYS, descending=True), cursor)
    wanted = FindingFilter(FindingKind.METER_NEEDS_DECISION)
    with site.keeper.store.read() as connection:
        rows = list(records.readings(connection, site.keeper, None, REFUSED, ROWS + 1, place))
        waiting = list(finding_list.findings(connection, wanted, words, _WAITING, Place(FINDING_KEYS)))
        last = {each["machine_id"]: _last_refused(connection, site, each["machine_id"]) for each in waiting}
    return page(request, person, "meters.j2", waiting=waiting, last=last, **paged(rows, READING_KEYS))


def _last_refused(connection: Any, site: Site, machine_id: str) -> Fields | None:  # noqa: ANN401 - a Connection
    return next(records.readings(connection, site.keeper, machine_id, REFUSED, 1), None)


@router.get("/{number}")
def show_reading(request: Request, person: Visitor, number: int) -> HTMLResponse:
    """One refused reading beside its machine's curve, and what can be decided."""
    return _reading_page(request, person, number)


@router.post("/{number}/{what}")
def decide(request: Request, person: Sender, form: Posted, number: int, what: str) -> Response:
    """Show what a decision would change, and then, when it is said again, do it."""
    if what not in _DECISIONS:
        raise ProblemError(404, "not found", f"nothing is called {what}")
    sure = text_in(form, "sure") == "yes"
    try:
        found = _DECISIONS[what](request, person, number, form, sure)
    except RefusedError as refused:
        told = {"problem": said(refused.reason, words_of(request, person)), "missing": refused.missing}
        return _reading_page(request, person, number, 422 if refused.missing else 409, filled=texts_in(form), **told)
    if sure:
        return go_to(f"/machines/{found['machine_id']}?said=done")
    return _reading_page(request, person, number, filled=texts_in(form), what=what, consequences=found["consequences"])


def _reading_page(request: Request, person: Person, number: int, status: int = 200, **more: Any) -> HTMLResponse:  # noqa: ANN401
    fleet_only(person)
    site, data = (
        site_of(request),
        {"problem": "", "missing": (), "filled": blank_if_missing(()), "what": "", "consequences": [], **more},
    )
    with site.keeper.store.read() as connection:
        kept = readings.by_number(connection, number) if 0 < number < 1 << 63 else None
        machine = None if kept is None or kept.machine_id is None else listing.machine(connection, kept.machine_id)
        if kept is None:
            raise UnknownError(f"reading {number}")
        if machine is not None:
            data["drawing"] = curve_of(connection, site, machine, [])
            data["before"] = list(records.readings(connection, site.keeper, kept.machine_id, None, _SHOWN, _at(number)))
        shown = next(records.readings(connection, site.keeper, None, None, 1, _at(number)))
    return page(
        request, person, "reading.j2", status, reading=shown, machine=machine, may=person.may(Action.DECIDE), **data
    )


_SHOWN = 8
_NOTHING_ASKED: Fields = {"problem": "", "missing": (), "what": "", "consequences": []}


def _at(number: int) -> Place:
    return Place(READING_KEYS, descending=True).beginning_after([number + 1])


def _accept(request: Request, person: Person, number: int, form: FormData, sure: bool) -> Fields:  # noqa: FBT001 - asked, or done
    body = Decision.model_construct(why=_why(form), dry_run=not sure)
    return decided(site_of(request), person, number, body, meters.accept, "accepted")


def _void(request: Request, person: Person, number: int, form: FormData, sure: bool) -> Fields:  # noqa: FBT001 - asked, or done
    body = Decision.model_construct(why=_why(form), dry_run=not sure)
    return decided(site_of(request), person, number, body, void, "void")


def _why(form: FormData) -> str:
    why = text_in(form, "why")
    if not why:
        raise RefusedError("missing: why; a decision has a reason", ("why",))
    return why


def _change_meter(request: Request, person: Person, number: int, form: FormData, sure: bool) -> Fields:  # noqa: FBT001 - asked, or done
    with site_of(request).keeper.store.read() as connection:
        row = readings.by_number(connection, number)
    if row is None or row.machine_id is None:
        raise UnknownError(f"reading {number}")
    body = MeterChange.model_construct(
        changed_at=_given(form, "changed_at", moment_of),
        old_end=_given(form, "old_end", float),
        new_start=_given(form, "new_start", float),
        dry_run=not sure,
    )
    return change_meter(request, person, row.machine_id, body)


def _given(form: FormData, name: str, parse: Callable[[str], Any]) -> Any:  # noqa: ANN401 - what is parsed
    text = text_in(form, name)
    if not text:
        raise RefusedError(f"missing: {name}", (name,))
    try:
        return parse(text)
    except ValueError as error:
        raise RefusedError(f"{name}: {error}", (name,)) from None


_DECISIONS = {"accept": _accept, "void": _void, "meter-change": _change_meter}
