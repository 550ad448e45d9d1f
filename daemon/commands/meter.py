"""`meter change`: an hour meter was replaced (rules 7)."""

from __future__ import annotations

import click

from daemon import meters
from daemon.commands.acting import (
    by_option,
    changing,
    do_confirmed,
    machine_argument,
    the_machine,
    yes_option,
)
from daemon.commands.moments import MOMENT, Moment


@click.command("change")
@machine_argument
@click.option("--changed-at", type=MOMENT, required=True, help="When it was replaced; a date is its first moment.")
@click.option("--old-end", required=True, metavar="HOURS", help="What the old meter showed in the end.")
@click.option("--new-start", required=True, metavar="HOURS", help="What the new one showed at its start.")
@by_option
@yes_option
def change(
    machine: str | None, named: str | None, changed_at: Moment, old_end: str, new_start: str, by: str, *, yes: bool
) -> None:
    r"""Record a replaced hour meter, also late: readings refused since then are judged again.

    \b
    Example:
        hourkeeper meter change L955-1 --changed-at 2026-11-20 --old-end 845 --new-start 0
    """
    machine_id = the_machine(machine, named)
    with changing() as (keeper, now_ms):
        command = meters.MeterChange(machine_id, changed_at.begins_ms(keeper.zone), old_end, new_start)
        do_confirmed(
            keeper,
            machine_id,
            lambda connection: meters.change_meter(connection, keeper, command, now_ms, by),
            yes=yes,
            title=f"{machine_id}: meter change recorded",
        )
