"""`users` and `token`: who may come in by the page, and which programs by the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import click

from daemon.clock import clock_ms
from daemon.commands.acting import by_option, changing
from daemon.commands.given import config, reading
from daemon.commands.output import Columns, format_option, show
from daemon.web import members
from daemon.web.members import Acting, NewToken
from daemon.web.rights import Person, Role
from notifications.words import LOCALES

_PEOPLE = Columns(members.PERSON_FIELDS, members.PERSON_FIELDS)
_TOKENS = Columns(
    members.TOKEN_FIELDS, ("id", "name", "role", "service_centre", "yard", "read_only", "state", "ends_at")
)
_ROLES = [role.value for role in Role if role is not Role.LINK]
_MOST_DAYS = 3660
_Command = TypeVar("_Command", bound=Callable[..., Any])
_name = click.argument("name")


def _role_options(command: _Command) -> _Command:
    role = click.option("--role", required=True, type=click.Choice(_ROLES), help="What they may see and do.")
    centre = click.option("--service-centre", metavar="CODE", help="Whose machines; of the role service_centre.")
    yard = click.option("--yard", metavar="CODE", help="Whose stock; of the role yard.")
    return role(centre(yard(command)))


@contextmanager
def _acting(by: str) -> Iterator[Acting]:
    with changing() as (keeper, now_ms):
        yield Acting(keeper, Person(by, Role.MANAGER, identity="command line"), now_ms)


@click.command("add")
@_name
@_role_options
@click.option("--locale", type=click.Choice(LOCALES), help="The language of their pages.")
@by_option
def add(name: str, role: str, service_centre: str | None, yard: str | None, locale: str | None, by: str) -> None:
    r"""Let somebody in: prints a link with which they set their password, once, within a week.

    \b
    Example:
        hourkeeper users add li --role service_centre --service-centre SC7
    """
    place = members.checked_place(Role(role), service_centre, yard)
    with _acting(by) as acting:
        secret = members.add(acting, name, place, locale)
    _say_link(name, secret)


@click.command("invite")
@_name
@by_option
def invite(name: str, by: str) -> None:
    """Print another one-time link, for somebody who forgot the password.

    Example: hourkeeper users invite li
    """
    with _acting(by) as acting:
        secret = members.invite(acting, name)
    _say_link(name, secret)


def _say_link(name: str, secret: str) -> None:
    click.echo(f"{name} sets the password here, once, within a week:", err=True)
    click.echo(f"{config().web.address}/set-up/{secret}")


@click.command("list")
@format_option
def list_users(form: str) -> None:
    """List everybody who may log in, by name.

    Example: hourkeeper users list
    """
    with reading(clock_ms()) as keeper, keeper.store.read() as connection:
        show(members.persons(connection, keeper), _PEOPLE, form)


@click.command("disable")
@_name
@by_option
def disable(name: str, by: str) -> None:
    """Let somebody in no more: their sessions end at once, their name stays in the history.

    Example: hourkeeper users disable li
    """
    with _acting(by) as acting:
        members.disable(acting, name)
    click.echo(f"{name} cannot log in any more")


@click.command("enable")
@_name
@by_option
def enable(name: str, by: str) -> None:
    """Let somebody in again, with the password they had.

    Example: hourkeeper users enable li
    """
    with _acting(by) as acting:
        members.enable(acting, name)
    click.echo(f"{name} can log in again")


@click.command("create")
@_role_options
@click.option("--name", required=True, help="What it is for; stands in the history of what it changes.")
@click.option("--days", type=click.IntRange(1, _MOST_DAYS), default=365, show_default=True, help="How long it holds.")
@click.option("--read-only", is_flag=True, help="It may look, and change nothing.")
@by_option
def create(
    role: str, service_centre: str | None, yard: str | None, name: str, days: int, by: str, *, read_only: bool
) -> None:
    r"""Make a token for a program that calls the API; its secret is printed this once.

    \b
    Example:
        hourkeeper token create --role auditor --name "the group's dashboard" --days 90
    """
    place = members.checked_place(Role(role), service_centre, yard)
    with _acting(by) as acting:
        number, secret = members.create_token(acting, NewToken(name, place, timedelta(days=days), read_only))
    click.echo(f"token {number}, for {days} days; send it as `Authorization: Bearer TOKEN`:", err=True)
    click.echo(secret)


@click.command("list")
@format_option
def list_tokens(form: str) -> None:
    """List all tokens, without their secrets.

    Example: hourkeeper token list
    """
    now_ms = clock_ms()
    with reading(now_ms) as keeper, keeper.store.read() as connection:
        show(members.tokens(connection, keeper, now_ms), _TOKENS, form)


@click.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@by_option
def revoke(number: int, by: str) -> None:
    """End a token at once.

    Example: hourkeeper token revoke 3
    """
    with _acting(by) as acting:
        members.revoke_token(acting, number)
    click.echo(f"token {number} holds no more")
