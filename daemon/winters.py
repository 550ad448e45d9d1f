"""What somebody decides of one region's winter: earlier or later dates of a season, or back to the file's (rules 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Connection, select

from adapters.store import machines, overriding, rulebooks
from adapters.store.tables import machines as machine_table
from daemon.keeper import Keeper
from daemon.listing import Fields
from daemon.refused import RefusedError
from schedules.assess import assess
from schedules.dates import add_months
from schedules.machine import Status
from schedules.rulebook import Rulebook
from schedules.winter import Override, Policy, Season, WinterWindow
from schedules.work_order import Kind, WorkOrder

_PAGE = 500
_YEAR = 12


@dataclass(frozen=True, slots=True)
class Decision:
    """Other dates of a region's season (none of them: those of the file again), who decided so, and why."""

    region: str
    season: str
    override: Override
    by: str
    why: str


def decide(connection: Connection, keeper: Keeper, decision: Decision, now_ms: int) -> Rulebook:
    """Put other dates of a season in force; the rulebook as it is then. RefusedError says why it cannot be.

    Machines are asked under it by the next sweep.
    """
    lacking = tuple(name for name in ("by", "why") if not getattr(decision, name).strip())
    if lacking:
        message = f"missing: {', '.join(lacking)}; a decision on a winter has a name and a reason"
        raise RefusedError(message, lacking)
    today = keeper.today(now_ms)
    season_decided(keeper, decision, today)
    overriding.decide(
        connection,
        decision.region,
        decision.season,
        decision.override,
        by=decision.by.strip(),
        why=decision.why.strip(),
        now_ms=now_ms,
    )
    return rulebooks.adopt_overrides(connection, now_ms)


def season_decided(keeper: Keeper, decision: Decision, today: date) -> tuple[Season, Season]:
    """The season as it is now, and as it is to be; RefusedError if there is none, or its dates cannot be."""
    window = _window(keeper, decision.region)
    default, now = window.by_default(decision.season, today), _named(window, decision.season, today)
    if default is None or now is None:
        known = ", ".join(season.name for season in _near(window, today))
        message = f"season: region {decision.region} has no season {decision.season!r} now; there are {known}"
        raise RefusedError(message)
    if default.ends_on < today:
        message = f"season: {decision.season} of region {decision.region} is over since {default.ends_on}"
        raise RefusedError(message)
    then = default if decision.override == Override() else default.overridden(decision.override)
    _refuse_impossible(window, decision.override, then, today)
    return now, then


def _window(keeper: Keeper, region: str) -> WinterWindow:
    known = keeper.rulebook.winter.windows
    if region not in known:
        near = get_close_matches(region, known) or sorted(known)
        message = f"region: {region!r} is not in the winter table; near are {', '.join(near)}"
        raise RefusedError(message)
    if known[region].policy is Policy.NONE:
        message = f"region: {region} has no winter (policy NONE); give it one in plan.winter_file"
        raise RefusedError(message)
    return known[region]


def _named(window: WinterWindow, name: str, today: date) -> Season | None:
    return next((season for season in _near(window, today) if season.name == name), None)


def _near(window: WinterWindow, today: date) -> list[Season]:
    """The last season, the present one and the next ones."""
    return list(window.seasons(add_months(today, -_YEAR), add_months(today, 2 * _YEAR)))


def _refuse_impossible(window: WinterWindow, override: Override, then: Season, today: date) -> None:
    for name in Override.__dataclass_fields__:
        on = getattr(override, name)
        if on is not None and on < today:
            _refuse(f"{name}: {on} is past")
    if not then.opens_on <= then.due_on <= then.ends_on:
        _refuse(f"the season would open on {then.opens_on}, be due on {then.due_on} and end on {then.ends_on}")
    for other in _near(window, today):
        if other.name != then.name and other.opens_on <= then.ends_on and then.opens_on <= other.ends_on:
            _refuse(f"the season would overlap with {other.name}, {other.opens_on} to {other.ends_on}")


def _refuse(reason: str) -> None:
    raise RefusedError(reason)


def effects(connection: Connection, keeper: Keeper, rulebook: Rulebook, region: str, today: date) -> Iterator[str]:
    """What another rulebook would make of the freeze orders of a region's machines by today, a line each."""
    after = ""
    while page := _in_stock(connection, region, after):
        for machine_id, record in machines.look_at(connection, keeper.zone, page).items():
            as_is, would_be = (assess(record.facts, today, book).machine.orders for book in (keeper.rulebook, rulebook))
            for key in sorted({*as_is, *would_be}, key=lambda key: key.step):
                if key.kind is Kind.FREEZE_PROTECTION and as_is.get(key) != would_be.get(key):
                    yield f"{machine_id}/{key.kind}/{key.step}: {_short(as_is.get(key))} -> {_short(would_be.get(key))}"
        after = page[-1]


def _in_stock(connection: Connection, region: str, after: str) -> list[str]:
    columns = machine_table.c
    mine = (columns.status == Status.STOCK, columns.region == region, columns.machine_id > after)
    statement = select(columns.machine_id).where(*mine).order_by(columns.machine_id).limit(_PAGE)
    return list(connection.execute(statement).scalars())


def _short(order: WorkOrder | None) -> str:
    if order is None:
        return "none"
    return f"{order.state} {order.closed_on}" if order.closed_on else f"{order.state}, due {order.due_on}"


WINTER_FIELDS = (
    "region",
    "name",
    "policy",
    "season",
    "opens_on",
    "due_on",
    "ends_on",
    "approximate",
    "overridden",
    "by",
    "why",
)
"""`season` is the one that runs, or the next; `approximate`: its dates are rough defaults."""


def winters(connection: Connection, keeper: Keeper, region: str | None, today: date) -> Iterator[Fields]:
    """Every region with its present or coming season."""
    decided = overriding.standing(connection)
    for code, window in sorted(keeper.rulebook.winter.windows.items()):
        if region is None or code == region:
            season = next((each for each in _near(window, today) if each.ends_on >= today), None)
            yield _fields(window, season, None if season is None else decided.get((code, season.name)))


def _fields(window: WinterWindow, season: Season | None, decided: Any) -> Fields:  # noqa: ANN401 - a row of winter_overrides
    found: Fields = {"region": window.region, "name": window.name or None, "policy": window.policy.value}
    dates = dict.fromkeys(("season", "opens_on", "due_on", "ends_on", "approximate"))
    if season is not None:
        dates |= {name: getattr(season, name).isoformat() for name in ("opens_on", "due_on", "ends_on")}
        dates |= {"season": season.name, "approximate": season.approximate}
    by, why = (None, None) if decided is None else (decided.by, decided.why)
    return {**found, **dates, "overridden": decided is not None, "by": by, "why": why}
