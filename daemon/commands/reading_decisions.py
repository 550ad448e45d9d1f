"""`readings accept` and `readings void`: what a person decides on a reading (rules 7)."""

from __future__ import annotations

from collections.abc import Callable

import click
from sqlalchemy import Connection

from adapters.store import readings
from daemon import meters
from daemon.commands.acting import by_option, changing, do_confirmed, yes_option
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from daemon.voiding import void as void_reading

Decide = Callable[[Connection, Keeper, int, str, str, int], None]
_number = click.argument("number", metavar="N", type=click.IntRange(min=1, max=2**63 - 1))
_why = click.option("--why", required=True, help="The reason.")


@click.command("accept")
@_number
@_why
@by_option
@yes_option
def accept(number: int, why: str, by: str, *, yes: bool) -> None:
    r"""Accept a refused reading as real: the meter stands there from then on.

    \b
    Example:
        hourkeeper readings accept 117 --why "read on site"
    """
    _decide(meters.accept, number, why, by, yes=yes)


@click.command("void")
@_number
@_why
@by_option
@yes_option
def void(number: int, why: str, by: str, *, yes: bool) -> None:
    r"""Declare a reading void; if it had been believed, what followed is judged again.

    \b
    Example:
        hourkeeper readings void 117 --why "wrong machine"
    """
    _decide(void_reading, number, why, by, yes=yes)


def _decide(decision: Decide, number: int, why: str, by: str, *, yes: bool) -> None:
    with changing() as (keeper, now_ms):
        machine_id = _machine_of(keeper, number)
        do_confirmed(
            keeper,
            machine_id,
            lambda connection: decision(connection, keeper, number, why, by, now_ms),
            yes=yes,
            title=f"reading {number} of {machine_id}: {'accepted' if decision is meters.accept else 'voided'}",
        )


def _machine_of(keeper: Keeper, number: int) -> str:
    with keeper.store.read() as connection:
        row = readings.by_number(connection, number)
    if row is None:
        message = f"there is no reading {number}"
        raise RefusedError(message)
    return row.machine_id or ""
