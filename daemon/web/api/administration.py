"""People, tokens and the audit log: what managers keep, and auditors may look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from adapters.store.paging import Place
from adapters.store.people import AUDIT_KEYS
from daemon.web import members
from daemon.web.api.fields import Body, Code, Locale, Number
from daemon.web.audit import AUDIT_FIELDS, audited
from daemon.web.entrance import Administrator, Asker
from daemon.web.lists import LISTED, Paged, listed
from daemon.web.members import Acting, NewToken
from daemon.web.rights import Person, Role
from daemon.web.scope import fleet_only
from daemon.web.site import site_of

router = APIRouter(tags=["administration"])
Fields = dict[str, Any]
Name = Annotated[str, Path(max_length=64, examples=["li"])]
_MOST_DAYS = 3660


class Placed(Body):
    """A role, and the service centre or yard that goes with it."""

    name: Annotated[str, Field(max_length=64, examples=["li"])]
    role: Annotated[Role, Field(strict=False, examples=["service_centre"])]
    service_centre: Code | None = None
    yard: Code | None = None


class NewPerson(Placed):
    """Somebody who may log in."""

    locale: Locale | None = None


class TokenWanted(Placed):
    """A token for a program."""

    days: Annotated[int, Field(ge=1, le=_MOST_DAYS)] = 365
    read_only: bool = False


def _acting(request: Request, person: Person) -> Acting:
    site = site_of(request)
    return Acting(site.keeper, person, site.clock())


@router.get("/people", summary="List who may log in")
def list_people(request: Request, _person: Administrator) -> list[Fields]:
    """By name."""
    keeper = site_of(request).keeper
    with keeper.store.read() as connection:
        return list(members.persons(connection, keeper))


@router.post("/people", summary="Let somebody in", status_code=201)
def add_person(request: Request, person: Administrator, body: NewPerson) -> Fields:
    """`set_up` is the address at which they set their password, once, within a week."""
    place = members.checked_place(body.role, body.service_centre, body.yard)
    secret = members.add(_acting(request, person), body.name, place, body.locale)
    return {"name": body.name.strip(), "set_up": f"{site_of(request).settings.public_url}/set-up/{secret}"}


@router.post("/people/{name}/invite", summary="Another link for setting a password")
def invite_person(request: Request, person: Administrator, name: Name) -> Fields:
    """The old password holds until the link is used."""
    secret = members.invite(_acting(request, person), name)
    return {"name": name, "set_up": f"{site_of(request).settings.public_url}/set-up/{secret}"}


@router.post("/people/{name}/disable", summary="Let somebody in no more")
def disable_person(request: Request, person: Administrator, name: Name) -> Fields:
    """Their sessions end at once."""
    members.disable(_acting(request, person), name)
    return {"name": name, "state": "disabled"}


@router.post("/people/{name}/enable", summary="Let somebody in again")
def enable_person(request: Request, person: Administrator, name: Name) -> Fields:
    """With the password they had."""
    members.enable(_acting(request, person), name)
    return {"name": name, "state": "enabled"}


@router.get("/tokens", summary="List the tokens")
def list_tokens(request: Request, _person: Administrator) -> list[Fields]:
    """Without their secrets."""
    site = site_of(request)
    with site.keeper.store.read() as connection:
        return list(members.tokens(connection, site.keeper, site.clock()))


@router.post("/tokens", summary="Make a token for a program", status_code=201)
def create_token(request: Request, person: Administrator, body: TokenWanted) -> Fields:
    """`token` is shown this once."""
    place = members.checked_place(body.role, body.service_centre, body.yard)
    wanted = NewToken(body.name, place, timedelta(days=body.days), body.read_only)
    number, secret = members.create_token(_acting(request, person), wanted)
    return {"id": number, "token": secret}


@router.post("/tokens/{number}/revoke", summary="End a token at once")
def revoke_token(request: Request, person: Administrator, number: Number) -> Fields:
    """It holds no more."""
    members.revoke_token(_acting(request, person), number)
    return {"id": number, "state": "revoked"}


@router.get("/audit", summary="Who changed what, when, from what and to what", responses=LISTED)
def list_audit(
    request: Request,
    person: Asker,
    paging: Paged,
    subject: Annotated[str | None, Query(max_length=200, examples=["L955-1/mandatory_visit/600"])] = None,
) -> Response:
    """The newest first."""
    fleet_only(person)
    site = site_of(request)

    def rows(place: Place, limit: int | None) -> Iterator[Fields]:
        with site.keeper.store.read() as connection:
            yield from audited(connection, site.keeper, subject, limit, place)

    return listed(request, paging, rows, AUDIT_FIELDS, AUDIT_KEYS, descending=True)
