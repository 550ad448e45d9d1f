"""Logging in and out, and the one-time links with which somebody sets a password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import people
from adapters.store.people import Place
from daemon.refused import RefusedError
from daemon.web import passwords
from daemon.web.audit import note
from daemon.web.entrance import person_of
from daemon.web.members import checked_name
from daemon.web.rights import Role
from daemon.web.site import Site
from daemon.web.strict import is_text

_LONGEST_NAME = 64
_SECOND_MS = 1000


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody was let in; `wait_s` more seconds until it may be tried again, 0 if at once."""

    wait_s: int = 0


def log_in(site: Site, name: str, password: str, address: str) -> str | Refused:
    """The secret of a new session; or Refused, alike for a wrong name and a wrong password.

    Slowed down by account and by address, so that neither one password for all nor all for one can be tried.
    """
    now_ms, counted = site.clock(), (f"name {_kept(name)}", f"address {address}")
    with site.keeper.store.write() as connection:
        wait_ms = max(passwords.wait_ms(connection, who, now_ms) for who in counted)
        if wait_ms:
            return Refused(1 + wait_ms // _SECOND_MS)
        for who in counted:  # before it is tried: a thousand tries at once are a thousand tries
            passwords.failed(connection, who, now_ms)
        row = people.person_named(connection, name) if is_text(name) else None
    usable = row is not None and row.disabled_ms is None
    if not passwords.fits(row.password if row is not None and usable else None, password) or row is None:
        return Refused()
    return _let_in(site, row, counted, now_ms)


def _let_in(site: Site, row: Row[Any], counted: tuple[str, str], now_ms: int) -> str:
    name, address = counted
    with site.keeper.store.write() as connection:
        people.keep_failures(connection, name, 0, now_ms)
        passwords.not_failed(connection, address)
        _note(connection, now_ms, row, "login")
        return people.start_session(connection, row.id, now_ms, site.settings.session_ms)


def _kept(name: str) -> str:
    return name.encode("unicode_escape").decode("ascii")[:_LONGEST_NAME]


def log_out(site: Site, secret: str) -> None:
    """End a session at once."""
    with site.keeper.store.write() as connection:
        people.end_session(connection, secret)


def is_invited(site: Site, secret: str) -> str | None:
    """Whom a one-time link is for: their name, "" for the first manager, who has none yet; None if it holds no more."""
    with site.keeper.store.read() as connection:
        found = people.invitation(connection, secret, site.clock())
        if found is None:
            return None
        return "" if found.person_id is None else people.person_numbered(connection, found.person_id).name


def set_up(site: Site, secret: str, name: str, password: str) -> None:
    """Use a one-time link: set the password of whoever it is for, or become the first manager; RefusedError if not."""
    kept, now_ms = passwords.hash_of(password), site.clock()
    with site.keeper.store.write() as connection:
        found = people.invitation(connection, secret, now_ms)
        if found is None:
            raise RefusedError("this link was used already, or is too old; ask for another one")
        number = found.person_id or _first_manager(connection, name, now_ms)
        people.use_invitation(connection, secret)
        people.set_password(connection, number, kept)
        _note(connection, now_ms, people.person_numbered(connection, number), "password-set")


def _first_manager(connection: Connection, name: str, now_ms: int) -> int:
    name = checked_name(name)
    if people.count_managers(connection):
        raise RefusedError("there is a manager already: let them invite you")
    known = people.person_named(connection, name)
    if known is not None:
        raise RefusedError(f"{name} is there already: let a manager invite you")
    return people.add_person(connection, name, Place(Role.MANAGER), None, now_ms)


def _note(connection: Connection, now_ms: int, row: Row[Any], action: str) -> None:
    note(connection, now_ms, person_of(row), action, f"person {row.name}")
