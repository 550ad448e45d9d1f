"""`replicas`: the slots of a group of daemons, and which of them is empty."""

from __future__ import annotations

import click

from adapters.store import replicas as store
from daemon import replicas as told
from daemon.clock import clock_ms
from daemon.commands.acting import changing
from daemon.commands.given import reading
from daemon.commands.output import Columns, format_option, show
from daemon.failures import REFUSED
from daemon.refused import RefusedError

_COLUMNS = Columns(told.REPLICA_FIELDS, told.REPLICA_FIELDS)


@click.command("list")
@click.option("--fail-if-away", is_flag=True, help="Exit code 1 if a replica stays away.")
@format_option
def list_replicas(form: str, *, fail_if_away: bool) -> int:
    """The slots, when each was last seen with its session at the broker, and what to do about one that stays away.

    Example: hourkeeper replicas list --fail-if-away
    """
    now_ms = clock_ms()
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        found = list(told.standing(connection, keeper, now_ms))
    show(found, _COLUMNS, form)
    return REFUSED if fail_if_away and any(row["state"] == "away" for row in found) else 0


@click.command("give-up")
@click.argument("slot")
def give_up(slot: str) -> None:
    """Forget a slot whose replica is not to come back: nobody is told any more that it stays away.

    Its session at the broker is not touched: what waits there comes when a replica starts in this slot once more.

    Example: hourkeeper replicas give-up 3
    """
    with changing() as (keeper, _now_ms), keeper.store.write() as connection:
        if not store.give_up(connection, slot):
            message = f"there is no slot {slot}; `hourkeeper replicas list` names them"
            raise RefusedError(message)
    click.echo(f"slot {slot} is given up")
