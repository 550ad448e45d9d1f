"""`sweep`: the calendar's duties once, now; or what they would change by another day (design 5)."""

from __future__ import annotations

from datetime import date

import click

from adapters.store import duties
from daemon.calendar import catch_up
from daemon.clock import clock_ms
from daemon.commands.acting import changing
from daemon.commands.given import reading
from daemon.commands.moments import DAY
from daemon.commands.progress import progress
from daemon.keeper import Keeper
from daemon.rehearsal import changes_by
from daemon.sweep import sweep as sweep_now
from schedules.duty import DAILY_SWEEP
from schedules.work_order import Change


@click.command("sweep")
@click.option("--as-of", type=DAY, help="The day to sweep for. Default: today.")
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
def sweep(as_of: date | None, *, dry_run: bool) -> None:
    r"""Run the calendar's duties once now: the sweep whether it was done today or not, the others if they are due.

    \b
    Example:
        hourkeeper sweep --as-of 2026-12-31 --dry-run
    """
    if dry_run:
        _rehearse(as_of)
        return
    with changing() as (keeper, now_ms):
        day = as_of or keeper.today(now_ms)
        _refuse_other_days(keeper, day, keeper.today(now_ms))
        with progress("machines") as shown:
            asked = sweep_now(keeper, now_ms, shown, day)
        if day == keeper.today(now_ms):
            catch_up(keeper, now_ms)
    click.echo(f"{day}: {asked} machines asked")


def _refuse_other_days(keeper: Keeper, day: date, today: date) -> None:
    with keeper.store.read() as connection:
        last = duties.last_period(connection, DAILY_SWEEP)
    if day > today:
        raise click.UsageError(f"--as-of {day} is after today, {today}: add --dry-run to see what it would change")
    if last is not None and day.isoformat() < last:
        raise click.UsageError(f"--as-of {day} is before the last sweep, {last}: add --dry-run to look only")


def _rehearse(as_of: date | None) -> None:
    now_ms, count = clock_ms(), 0
    with reading(now_ms) as keeper:
        day = as_of or keeper.today(now_ms)
        for machine_id, change in changes_by(keeper, day):
            count += 1
            rough = keeper.rulebook.winter.is_approximate(change.after.step, day)
            click.echo(f"{machine_id}/{_shown(change, approximate=rough)}")
    click.echo(f"{count} changes by {day}; nothing was written")


def _shown(change: Change, *, approximate: bool) -> str:
    before = "none" if change.before is None else change.before.state
    on = f"{'≈ ' if approximate else ''}{change.on}"
    return f"{change.after.kind}/{change.after.step}: {before} -> {change.after.state} {on} ({change.why})"
