"""The calendar that a service centre subscribes to: whoever knows the secret address reads it, without logging in."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adapters.store import feeds
from daemon.visit_calendar import Shown, visits_of
from daemon.web.problems import UnknownError
from daemon.web.site import Site, site_of
from notifications.calendar_feed import calendar_feed
from notifications.words import nearest_locale, words_in

router = APIRouter(tags=["calendars"])
_LONGEST = 64


@router.api_route("/calendars/{secret}.ics", methods=["GET", "HEAD"], include_in_schema=False)
def calendar(request: Request, secret: str) -> Response:
    """The calendar as it is now; 304 if the client has it already."""
    site = site_of(request)
    content = _content(site, secret)
    tag = f'"{sha256(content).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _has_it(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="visits.ics"'
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


def _has_it(known: str, tag: str) -> bool:
    """Whether a client's `If-None-Match` names this version (RFC 9110, 13.1.2: compared weakly)."""
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in known.split(","))


def _content(site: Site, secret: str) -> bytes:
    keeper, now_ms = site.keeper, site.clock()
    with keeper.store.read() as connection:
        service_centre = feeds.centre_of(connection, secret) if len(secret) <= _LONGEST and secret.isascii() else None
        if service_centre is None:
            raise UnknownError("this calendar")
        row = feeds.centre(connection, service_centre)
    locale = nearest_locale((row and row.locale) or keeper.telling.locale, keeper.telling.locale)
    page, words = site.settings.public_url, words_in(locale)
    visits = visits_of(keeper, service_centre, Shown(site.settings.calendar_days, locale, page), now_ms)
    name = (row and row.name) or service_centre
    return calendar_feed(name, urlsplit(page).hostname or "hourkeeper", visits, keeper.today(now_ms), words)
