"""What lies ahead: forecasts, the work of the next weeks, whom to telephone; the plan and the winters in force."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from sqlalchemy import Connection

from daemon import calling, forecasting, winters
from daemon import workload as told
from daemon.plan_view import plan_view
from daemon.web.api.fields import Body, Day, Note
from daemon.web.audit import note
from daemon.web.entrance import Asker, Changer
from daemon.web.problems import ProblemError
from daemon.web.rights import Action, Person, Role
from daemon.web.scope import centre_of, must
from daemon.web.site import Site, site_of
from daemon.winters import Decision
from notifications.words import words_in
from schedules.winter import Override, Season

router = APIRouter(tags=["planning"])
Fields = dict[str, Any]
Centre = Annotated[str | None, Query(max_length=64)]
Region = Annotated[str, Path(max_length=32, examples=["23"])]
SeasonName = Annotated[str, Path(max_length=32, examples=["2026-27"])]
_MOST_SHOWN = 100


@router.get("/forecast", summary="What will probably be due")
def list_forecast(
    request: Request,
    person: Asker,
    service_centre: Centre = None,
    days: Annotated[int, Query(ge=0, le=3660)] = 30,
) -> list[Fields]:
    """By date: the earlier of the calendar and the hours at the present use; nothing becomes due by it."""
    site = site_of(request)
    return forecasting.within(site.keeper, centre_of(person, service_centre), days, site.clock())


@router.get("/workload", summary="Visits expected per service centre and week, and their materials")
def show_workload(
    request: Request,
    person: Asker,
    service_centre: Centre = None,
    weeks: Annotated[int, Query(ge=1, le=104)] = 12,
) -> Fields:
    """Weeks go by their Monday; what is due or overdue is this week's backlog."""
    site = site_of(request)
    keeper = site.keeper
    found = told.workload(keeper, centre_of(person, service_centre), weeks, site.clock())
    needed = told.material_rows(found, keeper.items_of(keeper.rulebook.current), person.locale or "en")
    return {"visits": list(told.visit_rows(found)), "materials": list(needed)}


@router.get("/calls", summary="Whom to telephone today, and what to say")
def list_calls(
    request: Request,
    person: Asker,
    service_centre: Centre = None,
    days: Annotated[int, Query(ge=0, le=365)] = 7,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> list[Fields]:
    """The most urgent first; who was spoken with today is not called again."""
    site = site_of(request)
    wanted = calling.Wanted(centre_of(person, service_centre), days, limit)
    with site.keeper.store.read() as connection:
        return list(calling.calls(connection, site.keeper, wanted, site.clock(), words_in(person.locale or "en")))


@router.get("/plan", summary="The plan in force")
def show_plan(request: Request, person: Asker) -> Fields:
    """By the keys of its file."""
    _no_link(person)
    rulebook = site_of(request).keeper.rulebook
    return plan_view(rulebook.plan)


@router.get("/winters", summary="The winter of every region")
def list_winters(
    request: Request, person: Asker, region: Annotated[str | None, Query(max_length=32)] = None
) -> list[Fields]:
    """The season that runs, or the next; approximate dates are defaults that nobody has confirmed."""
    _no_link(person)
    site = site_of(request)
    with site.keeper.store.read() as connection:
        return list(winters.winters(connection, site.keeper, region, site.keeper.today(site.clock())))


def _no_link(person: Person) -> None:
    if person.role is Role.LINK:
        raise ProblemError(403, "not allowed", "a link opens its own work order only")


class Reason(Body):
    """Why; with `dry_run` the consequences are shown, and nothing is done."""

    why: Note
    dry_run: bool = False


class OtherDates(Reason):
    """Other dates of one season of one region."""

    opens_on: Annotated[Day | None, Field(description="when protection may begin")] = None
    due_on: Annotated[Day | None, Field(description="the last day that is not late")] = None
    ends_on: Annotated[Day | None, Field(description="the last day of the winter")] = None


@router.post("/winters/{region}/{season}/override", summary="Other dates for one season of one region")
def override(request: Request, person: Changer, region: Region, season: SeasonName, body: OtherDates) -> Fields:
    """Orders that are not due yet follow."""
    given = Override(body.opens_on, body.due_on, body.ends_on)
    if given == Override():
        raise ProblemError(422, "something is missing", "say which dates are other", missing=list(_DATES))
    return _decide(site_of(request), person, Decision(region, season, given, person.name, body.why), body)


@router.post("/winters/{region}/{season}/withdraw", summary="The dates of the winter file again")
def withdraw(request: Request, person: Changer, region: Region, season: SeasonName, body: Reason) -> Fields:
    """Take an override back."""
    return _decide(site_of(request), person, Decision(region, season, Override(), person.name, body.why), body)


_DATES = ("opens_on", "due_on", "ends_on")


def _decide(site: Site, person: Person, decision: Decision, body: Reason) -> Fields:
    must(person, Action.OVERRIDE)
    keeper, now_ms = site.keeper, site.clock()
    today = keeper.today(now_ms)
    now, then = winters.season_decided(keeper, decision, today)
    with keeper.store.write() as connection:
        rehearsal = connection.begin_nested()
        would_be = winters.decide(connection, keeper, decision, now_ms)
        lines = list(winters.effects(connection, keeper, would_be, decision.region, today))
        if body.dry_run:
            rehearsal.rollback()
        else:
            rehearsal.commit()
            _noted(connection, person, decision, (now, then), now_ms)
    return {
        "region": decision.region,
        "season": decision.season,
        "dry_run": body.dry_run,
        "from": _dates(now),
        "to": _dates(then),
        "changes": len(lines),
        "consequences": lines[:_MOST_SHOWN],
    }


def _noted(
    connection: Connection, person: Person, decision: Decision, dates: tuple[Season, Season], now_ms: int
) -> None:
    before, after = (_dates(each) for each in dates)
    subject = f"winter {decision.region}/{decision.season}"
    note(connection, now_ms, person, Action.OVERRIDE, subject, given={"why": decision.why}, before=before, after=after)


def _dates(season: Season) -> Fields:
    found: dict[str, date] = {name: getattr(season, name) for name in _DATES}
    return {**{name: day.isoformat() for name, day in found.items()}, "approximate": season.approximate}
