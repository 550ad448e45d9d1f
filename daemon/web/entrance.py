"""Who asks: a token, a session, a trusted proxy, or the holder of a link; nobody else gets in."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import Connection, Row

from adapters.store import people
from daemon.web.problems import ProblemError
from daemon.web.rights import Action, Person, Role
from daemon.web.site import Site, site_of

COOKIE = "hk_session"
FORGERY_HEADER = "X-CSRF-Token"
FORGERY_FIELD = "csrf"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer "


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
            return _of_row(people.token_of(connection, bearer, now_ms))
        person = _of_proxy(request, site, connection) or _of_session(request, connection, now_ms)
    if person is not None and request.method not in _SAFE:
        _refuse_foreign(request)
    return person


def _bearer(request: Request) -> str | None:
    given = request.headers.get("authorization", "")
    return given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else None


def _of_session(request: Request, connection: Connection, now_ms: int) -> Person | None:
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    return _of_row(people.person_of_session(connection, secret, now_ms), forgery_token(secret))


def _of_proxy(request: Request, site: Site, connection: Connection) -> Person | None:
    settings = site.settings
    address = None if request.client is None else request.client.host
    if not settings.trusts(address) or settings.user_header is None:
        return None
    name = request.headers.get(settings.user_header)
    row = None if not name else people.person_named(connection, name)
    return None if row is None or row.disabled_ms is not None else _of_row(row, forgery_token(f"{site.secret}{name}"))


def _of_row(row: Row[Any] | None, session: str | None = None) -> Person | None:
    if row is None:
        return None
    locale = getattr(row, "locale", None)
    return Person(row.name, Role(row.role), row.service_centre, row.yard, locale=locale, session=session)


def forgery_token(session: str) -> str:
    """What a form of ours carries, and a form of somebody else's cannot know."""
    return hmac.new(session.encode(), b"forms", hashlib.sha256).hexdigest()


def _refuse_foreign(request: Request) -> None:
    """Browsers say where a form came from; ours come from here."""
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if fetched not in (None, "same-origin", "none") or (origin is not None and urlsplit(origin).netloc != host):
        raise ProblemError(403, "refused", "this form was not sent from our own pages")


def check_forgery(person: Person, given: str | None) -> None:
    """A change that a browser asks for carries the token of its session; ProblemError 403 if not."""
    if person.session is not None and not hmac.compare_digest(person.session, given or ""):
        raise ProblemError(403, "refused", "the page is too old, or was not ours: load it again, and send it again")


def changer(request: Request, person: Asker) -> Person:
    """Who asks for a change by the API; a browser's session names its token in a header."""
    check_forgery(person, request.headers.get(FORGERY_HEADER))
    return person


Changer = Annotated[Person, Depends(changer)]


def must(person: Person, action: Action) -> None:
    """ProblemError 403 if this is not theirs to do."""
    if not person.may(action):
        raise ProblemError(403, "not allowed", f"{action.value} is not for the role {person.role.value}")
