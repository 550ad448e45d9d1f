"""What the commands that change something share: the keeper, who acts, and consequences shown before they are made."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from daemon.clock import clock_ms
from daemon.commands.given import config
from daemon.consequences import Act, Consequences, do, rehearse
from daemon.keeper import Keeper
from daemon.order_id import order_named
from daemon.wiring import open_keeper
from schedules.work_order import OrderKey

_Command = TypeVar("_Command", bound=Callable[..., Any])


@contextmanager
def changing() -> Iterator[tuple[Keeper, int]]:
    """The keeper for a command that changes something, and the time; the store is closed in the end."""
    now_ms = clock_ms()
    keeper = open_keeper(config(), now_ms)
    try:
        yield keeper, now_ms
    finally:
        keeper.store.close()


def user_name() -> str:
    """Who is logged in: whoever decides has a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


by_option = click.option(
    "--by", metavar="NAME", default=user_name, show_default="your user name", help="Who does this."
)
order_argument = click.argument("order", metavar="ID")
yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


def named_order(keeper: Keeper, name: str) -> tuple[str, OrderKey]:
    """The machine and key of the work order that was named."""
    with keeper.store.read() as connection:
        return order_named(connection, name)


def machine_argument(command: _Command) -> _Command:
    """The machine a command is about: its first argument, or `--machine-id`."""
    option = click.option("--machine-id", "named", metavar="MACHINE", help="The machine, instead of the argument.")
    return click.argument("machine", required=False)(option(command))


def the_machine(machine: str | None, named: str | None) -> str:
    """The one machine that was named; a usage error if none was, or two."""
    given = {name for name in (machine, named) if name}
    if len(given) != 1:
        raise click.UsageError("name one machine: MACHINE or --machine-id MACHINE")
    return given.pop()


def report(title: str, consequences: Consequences) -> None:
    """Print what a command did, and what came of it."""
    click.echo(title)
    _say(consequences)


def _say(consequences: Consequences) -> None:
    for line in consequences.lines():
        click.echo(f"  {line}")


def do_confirmed(
    keeper: Keeper, machine_id: str, act: Act, *, yes: bool, title: str, renamed: str | None = None
) -> None:
    """Show what a decision would change, ask, and do it (rules 5); without `yes` or a terminal nothing is done."""
    if yes:
        report(title, do(keeper, machine_id, act, renamed=renamed))
        return
    shown = rehearse(keeper, machine_id, act, renamed)
    click.echo("This would change:" if shown.lines() else "This would change no work order.")
    _say(shown)
    ask()
    report(title, do(keeper, machine_id, act, shown, renamed))


def ask() -> None:
    """Go on only if somebody at a terminal says so."""
    if not sys.stdin.isatty():
        raise click.ClickException("nothing was done; to do it, run the same command again with --yes")
    if not click.confirm("Do it?"):
        raise click.ClickException("nothing was done")
