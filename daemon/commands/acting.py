"""What the commands that change something share: the keeper, who acts, what is printed, and refusals."""

from __future__ import annotations

import functools
import getpass
import sys
import time
from collections.abc import Callable, Iterable
from typing import NoReturn, ParamSpec, TypeVar

import click

from daemon.assessing import UnknownMachineError
from daemon.consequences import Act, Consequences, do, rehearse
from daemon.keeper import Keeper
from daemon.refused import RefusedError

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def clock_ms() -> int:
    """The wall clock in ms since 1970."""
    return time.time_ns() // 1_000_000


def keeper_at(now_ms: int) -> Keeper:
    """The keeper of the configuration this command was called with."""
    from daemon.wiring import open_keeper

    return open_keeper(click.get_current_context().obj, now_ms)


def user_name() -> str:
    """Who is logged in: whoever decides has a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


by_option = click.option("--by", default=user_name, show_default="your user name", help="Who does this.")
yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


def refusing(command: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """A command whose refusals end it with exit code 1 and their reason."""

    @functools.wraps(command)
    def wrapped(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
        try:
            return command(*args, **kwargs)
        except RefusedError as refused:
            refuse(refused.reason)
        except UnknownMachineError as unknown:
            refuse(f"{unknown}; `hourkeeper machines list` names those that are")

    return wrapped


def refuse(reason: str) -> NoReturn:
    """End the command with exit code 1."""
    raise click.ClickException(f"refused: {reason}")


def machine_argument(command: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
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
    """Print what a command did to a machine's orders."""
    click.echo(title)
    say(consequences.lines())


def say(lines: Iterable[str]) -> None:
    """Print indented lines."""
    for line in lines:
        click.echo(f"  {line}")


def do_confirmed(keeper: Keeper, machine_id: str, act: Act, *, yes: bool, title: str) -> None:
    """Show what a decision would change, ask, and do it; it is refused if meanwhile something else would come of it."""
    if yes:
        report(title, do(keeper, machine_id, act))
        return
    shown = rehearse(keeper, machine_id, act)
    click.echo("This would change:")
    say(shown.lines() or ["no work order"])
    _ask()
    report(title, do(keeper, machine_id, act, shown))


def _ask() -> None:
    if not sys.stdin.isatty():
        raise click.ClickException("nothing was done; to do it, run the same command again with --yes")
    if not click.confirm("Do it?"):
        raise click.ClickException("nothing was done")
