"""`readings list`, `readings refused` and `notices list`: what was recorded, the newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from adapters.store.listing import REFUSED
from daemon import records
from daemon.clock import clock_ms
from daemon.commands.given import reading
from daemon.commands.output import Columns, format_option, one_of, show
from schedules.reading import Verdict

_Command = TypeVar("_Command", bound=Callable[..., Any])
_READING_COLUMNS = Columns(
    records.READING_FIELDS,
    ("id", "machine_id", "hours", "total_hours", "counts_at", "verdict", "reason", "source", "arrived_at"),
)
_REFUSED_COLUMNS = Columns(
    records.READING_FIELDS, ("id", "machine_id", "hours", "arrived_at", "verdict", "reason", "topic", "payload")
)
_NOTICE_COLUMNS = Columns(
    records.NOTICE_FIELDS,
    ("id", "on", "occasion", "role", "recipient", "machine_id", "kind", "step", "state", "ways", "sent_at", "error"),
)


def limit_option(command: _Command) -> _Command:
    """`--limit`, of lists that grow for ever."""
    return click.option(
        "--limit", type=click.IntRange(1), metavar="N", default=100, show_default=True, help="At most so many."
    )(command)


@click.command("list")
@click.option("--machine", metavar="MACHINE", help="Only readings of this machine.")
@click.option("--verdict", type=one_of(Verdict), help="Only readings with this verdict.")
@limit_option
@format_option
def list_readings(machine: str | None, verdict: str | None, limit: int, form: str) -> None:
    """List readings with their verdicts, the newest first.

    Example: hourkeeper readings list --machine L955-1 --limit 20
    """
    verdicts = None if verdict is None else frozenset({Verdict(verdict)})
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        show(records.readings(connection, keeper, machine, verdicts, limit), _READING_COLUMNS, form)


@click.command("refused")
@click.option("--machine", metavar="MACHINE", help="Only readings of this machine.")
@limit_option
@format_option
def list_refused(machine: str | None, limit: int, form: str) -> None:
    """List the readings that were not believed, with the reason, the newest first.

    What a person may decide on them: `hourkeeper readings accept`, `readings void`, `meter change`.

    Example: hourkeeper readings refused --machine L955-1
    """
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        show(records.readings(connection, keeper, machine, REFUSED, limit), _REFUSED_COLUMNS, form)


@click.command("list")
@click.option(
    "--state", type=click.Choice(["waiting", "sent", "dead", "dropped"]), help="Only notices of which this became."
)
@limit_option
@format_option
def list_notices(state: str | None, limit: int, form: str) -> None:
    """List notices and digests with what became of them, the newest first.

    A notice waits, was sent, is dead (every attempt failed) or was dropped (it no longer applied); it is as bad as the
    worst of the ways by which it goes.

    Example: hourkeeper notices list --state dead
    """
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        show(records.all_told(connection, keeper, state, limit), _NOTICE_COLUMNS, form)
