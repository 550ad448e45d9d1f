"""Refused readings and what is decided of them; findings, notices, registers, duties, and the figures of the day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from adapters.store import listing as store
from adapters.store import readings
from adapters.store.compliance import By, Period
from adapters.store.listing import NOTICE_KEYS, READING_KEYS, REFUSED, FindingFilter, OrderFilter
from adapters.store.paging import Place
from daemon import compliance as told
from daemon import duty_list, finding_list, meters, records, service_book
from daemon.consequences import Consequences
from daemon.notice_named import NoNoticeError, notice_named, send_again
from daemon.voiding import void as void_reading
from daemon.web.api.fields import Body, DayAsked, Note, Number
from daemon.web.audit import note
from daemon.web.changes import Change, carry_out, shown_first
from daemon.web.entrance import Asker, Changer
from daemon.web.lists import LISTED, Paged, listed
from daemon.web.problems import ProblemError, UnknownError
from daemon.web.rights import Action, Person, Role
from daemon.web.scope import fleet_only, must, orders_of
from daemon.web.site import Site, site_of
from daemon.web.summary import summary
from notifications.words import words_in
from schedules.dates import add_months
from schedules.finding import FindingKind
from schedules.work_order import Kind

router = APIRouter()
Fields = dict[str, Any]
NoticeState = Literal["waiting", "sent", "dead", "dropped"]
NoticeName = Annotated[str, Path(max_length=64, examples=["17"])]
_Found = TypeVar("_Found")
_MONTHS_BEFORE = 11


@router.get(
    "/refused-readings", tags=["readings"], summary="List the readings that were not believed", responses=LISTED
)
def list_refused(
    request: Request, person: Asker, paging: Paged, machine: Annotated[str | None, Query(max_length=64)] = None
) -> Response:
    """The newest first, with the reason and what was delivered."""
    fleet_only(person)
    site = site_of(request)

    def rows(place: Place, limit: int | None) -> Iterator[Fields]:
        with site.keeper.store.read() as connection:
            yield from records.readings(connection, site.keeper, machine, REFUSED, limit, place)

    return listed(request, paging, rows, records.READING_FIELDS, READING_KEYS, descending=True)


class Decision(Body):
    """A decision on a reading; with `dry_run` its consequences are shown, and nothing is done."""

    why: Note
    dry_run: bool = False


Decide = Callable[[Connection, Any, int, str, str, int], None]


@router.post("/refused-readings/{number}/accept", tags=["readings"], summary="Accept a refused reading as real")
def accept(request: Request, person: Changer, number: Number, body: Decision) -> Fields:
    """The meter stands there from then on."""
    return decided(site_of(request), person, number, body, meters.accept, "accepted")


@router.post("/refused-readings/{number}/void", tags=["readings"], summary="Declare a reading void")
def void(request: Request, person: Changer, number: Number, body: Decision) -> Fields:
    """If it had been believed, what followed is judged again."""
    return decided(site_of(request), person, number, body, void_reading, "void")


def decided(site: Site, person: Person, number: Number, body: Decision, decision: Decide, became: str) -> Fields:
    """Decide on a reading, and say what came of it, or would; ProblemError or RefusedError if that cannot be."""
    must(person, Action.DECIDE)
    with site.keeper.store.read() as connection:
        row = readings.by_number(connection, number)
    if row is None:
        raise UnknownError(f"reading {number}")
    machine_id = row.machine_id or ""

    def act(connection: Connection) -> None:
        decision(connection, site.keeper, number, body.why, person.name, site.clock())

    def said(found: Consequences) -> Fields:
        return {"reading": number, "machine_id": machine_id, "dry_run": body.dry_run, "consequences": found.lines()}

    given = {"why": body.why, "became": became}
    change = Change(
        person, Action.DECIDE, machine_id, f"reading {number}", given, lambda _connection: must(person, Action.DECIDE)
    )
    if body.dry_run:
        return said(shown_first(site, change, act))
    return carry_out(site, change, act, lambda _connection, found: said(found))


@router.get("/findings", tags=["findings"], summary="List what needs a person", responses=LISTED)
def list_findings(
    request: Request,
    person: Asker,
    paging: Paged,
    kind: Annotated[FindingKind | None, Query()] = None,
    machine: Annotated[str | None, Query(max_length=64)] = None,
    cured: Annotated[bool, Query(description="also those that are over")] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    """Silent machines, meters that need a decision, missing addresses; the oldest first, each with what to do."""
    if person.role in {Role.YARD, Role.LINK}:
        raise ProblemError(403, "not allowed", f"findings are not for the role {person.role.value}")
    site = site_of(request)
    wanted, words = FindingFilter(kind, machine, person.service_centre, cured), words_in(person.locale or "en")

    def rows(place: Place, limit: int | None) -> Iterator[Fields]:
        with site.keeper.store.read() as connection:
            yield from finding_list.findings(connection, wanted, words, limit, place)

    return listed(request, paging, rows, finding_list.FINDING_FIELDS, store.FINDING_KEYS)


@router.get("/notices", tags=["notices"], summary="List what was told to whom", responses=LISTED)
def list_notices(
    request: Request,
    person: Asker,
    paging: Paged,
    state: Annotated[str | None, Query(pattern="^(waiting|sent|dead|dropped)$")] = None,
) -> Response:
    """The newest first, with what became of each."""
    fleet_only(person)
    site = site_of(request)

    def rows(place: Place, limit: int | None) -> Iterator[Fields]:
        with site.keeper.store.read() as connection:
            yield from records.notices(connection, site.keeper, state, limit, place)

    return listed(request, paging, rows, records.NOTICE_FIELDS, NOTICE_KEYS, descending=True)


@router.get("/notices/{name}", tags=["notices"], summary="Who was told what, and what became of it")
def show_notice(request: Request, person: Asker, name: NoticeName) -> Fields:
    """By its number, or by its letter's id."""
    fleet_only(person)
    site = site_of(request)
    with site.keeper.store.read() as connection:
        return _named(name, lambda: notice_named(connection, site.keeper, name))


@router.post("/notices/{name}/retry", tags=["notices"], summary="Send a letter that failed once more")
def retry_notice(request: Request, person: Changer, name: NoticeName) -> Fields:
    """With all its attempts; facts and address are read again before."""
    must(person, Action.RETRY)
    site = site_of(request)
    again = _named(name, lambda: send_again(site.keeper, name))
    with site.keeper.store.write() as connection:
        note(connection, site.clock(), person, Action.RETRY, f"notice {name}", given={"letters": again})
    return {"notice": name, "letters": again}


def _named(name: str, ask: Callable[[], _Found]) -> _Found:
    try:
        return ask()
    except NoNoticeError:
        raise UnknownError(f"notice {name}") from None


@router.get("/summary", tags=["figures"], summary="Counts by state, kind and centre; compliance")
def show_summary(request: Request, person: Asker) -> Fields:
    """The figures of the first page, of what is theirs."""
    if person.role is Role.LINK:
        raise ProblemError(403, "not allowed", "a link opens its own work order only")
    return summary(site_of(request), person)


@router.get("/compliance", tags=["figures"], summary="How well the work was done in its time")
def show_compliance(
    request: Request,
    person: Asker,
    begins_on: Annotated[DayAsked | None, Query(alias="from")] = None,
    ends_on: Annotated[DayAsked | None, Query(alias="to")] = None,
    by: Annotated[list[By] | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
) -> Fields:
    """Done on time / (done + missed), of what was due from..to (default: the year up to this month)."""
    if person.role is Role.LINK:
        raise ProblemError(403, "not allowed", "a link opens its own work order only")
    site = site_of(request)
    ends_on = ends_on or site.keeper.today(site.clock())
    period = Period(begins_on or add_months(ends_on.replace(day=1), -_MONTHS_BEFORE), ends_on)
    if period.begins_on > period.ends_on:
        raise ProblemError(422, "not valid", f"from: {period.begins_on} is after {period.ends_on}")
    with site.keeper.store.read() as connection:
        rows, total = told.compliance(connection, period, tuple(by or ()), orders_of(person, OrderFilter(kind=kind)))
    return {"from": period.begins_on, "to": period.ends_on, "items": rows, "total": total}


@router.get("/service-centres", tags=["registers"], summary="List the service centres")
def list_centres(request: Request, person: Asker) -> list[Fields]:
    """By code."""
    fleet_only(person)
    with site_of(request).keeper.store.read() as connection:
        return list(service_book.centres(connection))


@router.get("/yards", tags=["registers"], summary="List the yards")
def list_yards(request: Request, person: Asker) -> list[Fields]:
    """By code."""
    fleet_only(person)
    with site_of(request).keeper.store.read() as connection:
        return list(service_book.yards(connection))


@router.get("/duties", tags=["figures"], summary="List the duties as they stand")
def list_duties(request: Request, person: Asker) -> list[Fields]:
    """What was done last, what is due next, and why one failed."""
    fleet_only(person)
    site = site_of(request)
    with site.keeper.store.read() as connection:
        return list(duty_list.standing(connection, site.keeper, site.clock()))
