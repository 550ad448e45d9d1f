"""People and tokens, as managers and operators keep them: who may come in, as what, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import people
from adapters.store.people import Place
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from daemon.showing import instant
from daemon.web.audit import note
from daemon.web.rights import Person, Role

Fields = dict[str, Any]
PERSON_FIELDS = ("name", "role", "service_centre", "yard", "locale", "state", "created_at", "disabled_at")
TOKEN_FIELDS = (
    "id",
    "name",
    "role",
    "service_centre",
    "yard",
    "read_only",
    "state",
    "created_by",
    "created_at",
    "ends_at",
    "revoked_at",
)
_MS = timedelta(milliseconds=1)
_INVITED = timedelta(days=7)
_FIRST_INVITED = timedelta(days=1)
_LONGEST = 64
_PLACES = {Role.SERVICE_CENTRE: "service_centre", Role.YARD: "yard"}


@dataclass(frozen=True, slots=True)
class Acting:
    """Who keeps people and tokens, on what, and when (ms)."""

    keeper: Keeper
    person: Person
    now_ms: int

    def noted(self, connection: Connection, action: str, subject: str, *sides: Fields | None) -> None:
        """Write it into the audit log: `sides` are from and to."""
        before, after = sides or (None, None)
        note(connection, self.now_ms, self.person, action, subject, before=before, after=after)


def checked_place(role: Role, service_centre: str | None, yard: str | None) -> Place:
    """A role with the centre or yard that goes with it, and no other; RefusedError names what is missing."""
    if role is Role.LINK:
        raise RefusedError("the role link belongs to the links of notices alone")
    given = {"service_centre": service_centre or None, "yard": yard or None}
    own = _PLACES.get(role)
    if own is not None and not given[own]:
        raise RefusedError(f"the role {role.value} needs the code of its {own.replace('_', ' ')}", (own,))
    for name, value in given.items():
        if name != own and value:
            raise RefusedError(f"the role {role.value} has no {name.replace('_', ' ')}")
    return Place(role.value, **given)


def checked_name(name: str) -> str:
    """A name to log in with, or of a token; RefusedError if it is none."""
    name = name.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise RefusedError(f"a name has 1 to {_LONGEST} characters that can be printed", ("name",))
    return name


def add(acting: Acting, name: str, place: Place, locale: str | None) -> str:
    """Somebody new: the secret of the link with which they set their password, once, within a week."""
    name = checked_name(name)
    with acting.keeper.store.write() as connection:
        if people.person_named(connection, name) is not None:
            raise RefusedError(f"{name} is there already")
        number = people.add_person(connection, name, place, locale, acting.now_ms)
        acting.noted(connection, "add-person", f"person {name}", None, {**place.columns(), "locale": locale})
        return people.invite(connection, number, acting.now_ms, _INVITED // _MS)


def invite(acting: Acting, name: str) -> str:
    """Another one-time link, for somebody who forgot the password; the old password holds until it is used."""
    with acting.keeper.store.write() as connection:
        row = _known(connection, name)
        acting.noted(connection, "invite", f"person {name}")
        return people.invite(connection, row.id, acting.now_ms, _INVITED // _MS)


def disable(acting: Acting, name: str) -> None:
    """Somebody comes in no more, from now on; RefusedError for the last manager."""
    with acting.keeper.store.write() as connection:
        row = _known(connection, name)
        people.disable(connection, row.id, acting.now_ms)
        people.forget_invitation(connection, row.id)
        if row.role == Role.MANAGER and not people.count_managers(connection):
            raise RefusedError(f"{name} is the last manager who can log in: invite another one first")
        acting.noted(connection, "disable", f"person {name}", {"disabled": False}, {"disabled": True})


def enable(acting: Acting, name: str) -> None:
    """Somebody may come in again, with the password they had."""
    with acting.keeper.store.write() as connection:
        row = _known(connection, name)
        people.disable(connection, row.id, None)
        acting.noted(connection, "enable", f"person {name}", {"disabled": True}, {"disabled": False})


def _known(connection: Connection, name: str) -> Row[Any]:
    row = people.person_named(connection, name)
    if row is None:
        raise RefusedError(f"there is nobody called {name}")
    return row


def persons(connection: Connection, keeper: Keeper) -> Iterator[Fields]:
    """Everybody, by name."""
    for row in people.all_people(connection):
        state = "disabled" if row.disabled_ms is not None else "active" if row.password else "invited"
        as_stored = {name: getattr(row, name) for name in PERSON_FIELDS[:5]}
        created_at, disabled_at = instant(row.created_ms, keeper.zone), instant(row.disabled_ms, keeper.zone)
        yield {**as_stored, "state": state, "created_at": created_at, "disabled_at": disabled_at}


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made: for programs, as a role, until it ends (`lasts` None: until it is revoked)."""

    name: str
    place: Place
    lasts: timedelta | None
    read_only: bool = False


def create_token(acting: Acting, wanted: NewToken) -> tuple[int, str]:
    """A token: its number, and the secret, which is shown this once."""
    ends_ms = None if wanted.lasts is None else acting.now_ms + wanted.lasts // _MS
    what = {"name": checked_name(wanted.name), "read_only": wanted.read_only, "ends_ms": ends_ms}
    values = {**what, **wanted.place.columns(), "created_by": acting.person.name, "created_ms": acting.now_ms}
    with acting.keeper.store.write() as connection:
        number, secret = people.add_token(connection, values)
        acting.noted(connection, "create-token", f"token {number}", None, {**what, **wanted.place.columns()})
    return number, secret


def revoke_token(acting: Acting, number: int) -> None:
    """A token holds no more, from now on; RefusedError if none of that number does."""
    with acting.keeper.store.write() as connection:
        if not people.revoke_token(connection, number, acting.now_ms):
            raise RefusedError(f"there is no token {number} that still holds")
        acting.noted(connection, "revoke-token", f"token {number}", {"revoked": False}, {"revoked": True})


def tokens(connection: Connection, keeper: Keeper, now_ms: int) -> Iterator[Fields]:
    """All tokens, without their secrets."""
    for row in people.all_tokens(connection):
        over = row.ends_ms is not None and row.ends_ms <= now_ms
        state = "revoked" if row.revoked_ms is not None else "expired" if over else "active"
        as_stored = ("id", "name", "role", "service_centre", "yard", "read_only", "created_by")
        found = {
            **{name: getattr(row, name) for name in as_stored},
            "state": state,
            "created_at": instant(row.created_ms, keeper.zone),
            "ends_at": instant(row.ends_ms, keeper.zone),
            "revoked_at": instant(row.revoked_ms, keeper.zone),
        }
        yield {name: found[name] for name in TOKEN_FIELDS}


def first_link(connection: Connection, page: str, now_ms: int) -> str:
    """The one-time address, under `page`, where whoever opens it first becomes the first manager; it holds a day."""
    return f"{page}/set-up/{people.invite(connection, None, now_ms, _FIRST_INVITED // _MS)}"
