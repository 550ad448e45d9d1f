"""Who asks: a token, a session, a trusted proxy, or the holder of a link; nobody else gets in."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Header, Request
from sqlalchemy import Connection, Row

from adapters.store import people
from daemon.web.links import Links
from daemon.web.problems import ProblemError
from daemon.web.rights import Action, Person, Role
from daemon.web.scope import must
from daemon.web.site import Site, site_of
from daemon.web.strict import is_text

COOKIE = "hk_session"
FORGERY_HEADER = "X-CSRF-Token"
FORGERY_FIELD = "csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer "
_LONGEST_KEY = 200
_LONGEST_ADDRESS = 64


def asker(request: Request) -> Person:
    """Who asks; ProblemError 401 for nobody, 403 for a form that came from elsewhere."""
    person = whoever(request)
    if person is None:
        raise ProblemError(401, "not logged in", "log in, or send `Authorization: Bearer TOKEN`")
    return person


Asker = Annotated[Person, Depends(asker)]


def whoever(request: Request) -> Person | None:
    """The same, None for nobody."""
    site, now_ms = site_of(request), site_of(request).clock()
    with site.keeper.store.read() as connection:
        bearer = _bearer(request)
        if bearer is not None:
            return _of_bearer(bearer, site, connection, now_ms)
        person = _of_proxy(request, site, connection) or _of_session(request, connection, now_ms)
    if person is not None and request.method not in _SAFE:
        refuse_foreign(request)
    return person


def _bearer(request: Request) -> str | None:
    given = request.headers.get("authorization", "")
    return given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else None


def _of_bearer(bearer: str, site: Site, connection: Connection, now_ms: int) -> Person | None:
    """Of a token; or of a notice's link, which proves as much."""
    if not bearer.startswith(people.TOKEN_PREFIX):
        return Links(site.secret, site.settings.link_ms).open(bearer, now_ms)
    row = people.token_of(connection, bearer, now_ms)
    return None if row is None else _person(row, f"token {row.id}", read_only=row.read_only)


def _of_session(request: Request, connection: Connection, now_ms: int) -> Person | None:
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    row = people.person_of_session(connection, secret, now_ms)
    return None if row is None else replace(person_of(row), session=forgery_token(secret))


def _of_proxy(request: Request, site: Site, connection: Connection) -> Person | None:
    settings = site.settings
    address = None if request.client is None else request.client.host
    if not settings.trusts(address) or settings.user_header is None:
        return None
    name = request.headers.get(settings.user_header)
    row = people.person_named(connection, name) if name and is_text(name) else None
    if row is None or row.disabled_ms is not None:
        return None
    return replace(person_of(row), session=forgery_token(f"{site.secret}{name}"))


def person_of(row: Row[Any]) -> Person:
    """Somebody whom the store knows."""
    return replace(_person(row, f"person {row.id}"), locale=row.locale)


def _person(row: Row[Any], identity: str, *, read_only: bool = False) -> Person:
    return Person(row.name, Role(row.role), row.service_centre, row.yard, identity=identity, read_only=read_only)


def forgery_token(session: str) -> str:
    """What a form of ours carries, and a form of somebody else's cannot know."""
    return hmac.new(session.encode(), b"forms", hashlib.sha256).hexdigest()


def refuse_foreign(request: Request) -> None:
    """Browsers say where a form came from; ours come from here. ProblemError 403 if not."""
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if fetched not in (None, "same-origin", "none") or (origin is not None and urlsplit(origin).netloc != host):
        raise ProblemError(403, "refused", "this form was not sent from our own pages")


def check_forgery(person: Person, given: str | None) -> None:
    """A change that a browser asks for carries the token of its session; ProblemError 403 if not."""
    if person.session is not None and not hmac.compare_digest(person.session, given or ""):
        raise ProblemError(403, "refused", "the page is too old, or was not ours: load it again, and send it again")


def changer(
    request: Request,
    person: Asker,
    idempotency_key: Annotated[
        str | None, Header(max_length=_LONGEST_KEY, min_length=1, description="sent again, it is done once only")
    ] = None,
) -> Person:
    """Who asks for a change by the API; a browser's session names its token in a header."""
    check_forgery(person, request.headers.get(FORGERY_HEADER))
    return replace(person, once=idempotency_key)


Changer = Annotated[Person, Depends(changer)]


def administrator(request: Request, person: Asker) -> Person:
    """A manager who keeps people and tokens, and has proved that a change was asked by a page of ours."""
    must(person, Action.ADMINISTER)
    if request.method not in _SAFE:
        check_forgery(person, request.headers.get(FORGERY_HEADER))
    return person


Administrator = Annotated[Person, Depends(administrator)]


def address_of(request: Request) -> str:
    """Where somebody asks from, for slowing down whoever guesses passwords; a trusted proxy says for whom it asks."""
    peer = "unknown" if request.client is None else request.client.host
    settings = site_of(request).settings
    said = [each.strip() for each in request.headers.get("x-forwarded-for", "").split(",") if each.strip()]
    while said and settings.is_proxy(peer):
        peer = said.pop()
    return peer[:_LONGEST_ADDRESS]
