"""`winter list`, `override` and `withdraw`: when the frost is expected, and what somebody decides of it."""

from __future__ import annotations

from datetime import date

import click

from daemon import winters
from daemon.clock import clock_ms
from daemon.commands.acting import ask, by_option, changing, yes_option
from daemon.commands.given import reading
from daemon.commands.moments import DAY
from daemon.commands.output import Columns, format_option, show
from daemon.keeper import Keeper
from daemon.winters import Decision
from schedules.rulebook import Rulebook
from schedules.winter import Override, Season

_COLUMNS = Columns(winters.WINTER_FIELDS, winters.WINTER_FIELDS)
_MOST_SHOWN = 10
_region = click.argument("region")
_season = click.argument("season")
_why = click.option("--why", required=True, help="The reason.")


@click.command("list")
@click.option("--region", metavar="CODE", help="Only this region.")
@format_option
def list_winters(region: str | None, form: str) -> None:
    """List the winter of every region: the season that runs, or the next.

    Approximate dates are defaults: nobody has confirmed them. A file of your own (plan.winter_file) replaces them, and
    `hourkeeper winter override` one season of one region.

    Example: hourkeeper winter list --region 23
    """
    now_ms = clock_ms()
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        show(winters.winters(connection, keeper, region, keeper.today(now_ms)), _COLUMNS, form)


@click.command("override")
@_region
@_season
@click.option("--opens", "opens_on", type=DAY, help="When protection may begin.")
@click.option("--due", "due_on", type=DAY, help="The last day that is not late.")
@click.option("--ends", "ends_on", type=DAY, help="The last day of the winter.")
@_why
@by_option
@yes_option
def override(
    region: str,
    season: str,
    opens_on: date | None,
    due_on: date | None,
    ends_on: date | None,
    why: str,
    by: str,
    *,
    yes: bool,
) -> None:
    r"""Set other dates for one season of one region; what would change is shown first.

    Orders that are not due yet follow; what is due keeps its dates. A second override takes the place of the first.

    \b
    Example:
        hourkeeper winter override 23 2026-27 --due 2026-09-20 --why "early frost forecast"
    """
    given = Override(opens_on, due_on, ends_on)
    if given == Override():
        raise click.UsageError("say which dates are other: --opens, --due, --ends")
    _decide(Decision(region, season, given, by, why), yes=yes)


@click.command("withdraw")
@_region
@_season
@_why
@by_option
@yes_option
def withdraw(region: str, season: str, why: str, by: str, *, yes: bool) -> None:
    r"""Take an override back: the season has the dates of the winter file again.

    \b
    Example:
        hourkeeper winter withdraw 23 2026-27 --why "the forecast was wrong"
    """
    _decide(Decision(region, season, Override(), by, why), yes=yes)


def _decide(decision: Decision, *, yes: bool) -> None:
    with changing() as (keeper, now_ms):
        today = keeper.today(now_ms)
        now, then = winters.season_decided(keeper, decision, today)
        click.echo(f"{decision.season} in region {decision.region}: {_dates(now)} -> {_dates(then)}")
        with keeper.store.write() as connection, connection.begin_nested() as rehearsal:
            would_be = winters.decide(connection, keeper, decision, now_ms)
            rehearsal.rollback()
        _show_effects(keeper, would_be, decision.region, today)
        if not yes:
            ask()
        with keeper.store.write() as connection:
            winters.decide(connection, keeper, decision, now_ms)
    click.echo("in force; the daemon asks its machines again, or `hourkeeper sweep` does")


def _dates(season: Season) -> str:
    mark = "≈ " if season.approximate else ""
    return f"{mark}opens {season.opens_on}, due {season.due_on}, ends {season.ends_on}"


def _show_effects(keeper: Keeper, rulebook: Rulebook, region: str, today: date) -> None:
    """The first orders that change by name, the others by their number."""
    count = 0
    with keeper.store.read() as connection:
        for line in winters.effects(connection, keeper, rulebook, region, today):
            count += 1
            if count <= _MOST_SHOWN:
                click.echo(f"  {line}")
    if count > _MOST_SHOWN:
        click.echo(f"  and {count - _MOST_SHOWN} more")
    click.echo(f"work orders that change today: {count}")
