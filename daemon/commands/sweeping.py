"""`sweep`: the calendar's duties once, now; or what they would change by another day (design 5)."""

from __future__ import annotations

from datetime import date

import click

from adapters.store import duties
from daemon.commands.acting import clock_ms, keeper_at, refusing
from daemon.commands.moments import DAY
from daemon.commands.progress import progress
from daemon.keeper import Keeper
from daemon.rehearsal import changes_by
from daemon.sweep import DAILY, sweep as sweep_now


@click.command("sweep")
@click.option("--as-of", type=DAY, help="The day to sweep for. Default: today.")
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
@refusing
def sweep(as_of: date | None, *, dry_run: bool) -> None:
    """Run the calendar's duties once now."""
    now_ms = clock_ms()
    keeper = keeper_at(now_ms)
    day = as_of or keeper.today(now_ms)
    if dry_run:
        _print_changes(keeper, day)
        return
    _refuse_other_days(keeper, day, keeper.today(now_ms))
    with progress("machines") as shown:
        asked = sweep_now(keeper, now_ms, shown, day)
    click.echo(f"{day}: {asked} machines asked")


def _refuse_other_days(keeper: Keeper, day: date, today: date) -> None:
    with keeper.store.read() as connection:
        last = duties.last_period(connection, DAILY)
    if day > today or (last is not None and day.isoformat() < last):
        until = f"{last} (the last sweep)" if last else "any past day"
        raise click.UsageError(f"--as-of {day} is not between {until} and today, {today}: add --dry-run to look only")


def _print_changes(keeper: Keeper, day: date) -> None:
    count = 0
    for machine_id, change in changes_by(keeper, day):
        count += 1
        before = "none" if change.before is None else change.before.state
        key = change.after.key
        click.echo(f"{machine_id}/{key.kind}/{key.step}: {before} -> {change.after.state} {change.on} ({change.why})")
    click.echo(f"{count} changes by {day}; nothing was written")
