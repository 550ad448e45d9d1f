"""The way in and out: login, one-time links, the language, and the work order of a notice's link."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from daemon.refused import RefusedError
from daemon.web.entrance import COOKIE, address_of, whoever
from daemon.web.links import Links
from daemon.web.login import Refused, is_invited, log_in, log_out, set_up
from daemon.web.pages.orders import order_page, reported
from daemon.web.pages.page import LANGUAGE, Posted, Sender, go_to, page, text_in, words_of
from daemon.web.pages.papers import form_of, picture_of
from daemon.web.pages.route import PageRoute
from daemon.web.problems import ProblemError
from daemon.web.rights import Person
from daemon.web.site import Site, site_of
from notifications.reasons import said
from notifications.words import LOCALES, Words

router = APIRouter(route_class=PageRoute)
_YEAR_S = 365 * 86_400


@router.get("/login")
def login_page(request: Request, to: str = "/") -> HTMLResponse:
    """Name and password."""
    return page(request, None, "login.j2", to=_inside(to), refused=None, name="")


@router.post("/login")
def enter(request: Request, form: Posted) -> Response:
    """Log in, and on to where one wanted to go."""
    return _let_in(request, text_in(form, "name"), text_in(form, "password"), _inside(text_in(form, "to")))


def _let_in(request: Request, name: str, password: str, to: str) -> Response:
    site = site_of(request)
    found = log_in(site, name, password, address_of(request))
    if isinstance(found, Refused):
        status = 429 if found.wait_s else 401
        return page(request, None, "login.j2", status, to=to, refused=found, name=name)
    answer = go_to(to)
    _keep(answer, COOKIE, found, site)
    return answer


@router.post("/logout")
def leave(request: Request, _person: Sender) -> RedirectResponse:
    """Log out."""
    log_out(site_of(request), request.cookies.get(COOKIE, ""))
    answer = go_to("/login")
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/set-up/{secret}")
def set_up_page(request: Request, secret: str) -> HTMLResponse:
    """Where a one-time link leads."""
    name = is_invited(site_of(request), secret)
    if name is None:
        _ = words_of(request, None)
        raise ProblemError(404, "not found", _("This link was used already, or is too old: ask for another one."))
    return page(request, None, "set_up.j2", secret=secret, name=name, problem="")


@router.post("/set-up/{secret}")
def set_password(request: Request, form: Posted, secret: str) -> Response:
    """Set the password, and come in with it."""
    site, name = site_of(request), is_invited(site_of(request), secret) or text_in(form, "name")
    try:
        set_up(site, secret, name, _same_twice(form, words_of(request, None)))
    except RefusedError as refused:
        problem = said(refused.reason, words_of(request, None))
        return page(request, None, "set_up.j2", 422, secret=secret, name=name, problem=problem)
    return _let_in(request, name, text_in(form, "password"), "/")


def _same_twice(form: FormData, _: Words) -> str:
    if text_in(form, "password") != text_in(form, "again"):
        raise RefusedError(_("The two passwords differ."), ("again",))
    return text_in(form, "password")


@router.get("/language/{locale}")
def choose_language(request: Request, locale: str, back: str = "/") -> RedirectResponse:
    """The same page in the other language."""
    answer = go_to(_inside(back))
    if locale in LOCALES:
        _keep(answer, LANGUAGE, locale, site_of(request), _YEAR_S)
    return answer


@router.get("/o/{token}")
def order_of_link(request: Request, token: str) -> HTMLResponse:
    """The work order of a notice: whoever holds the link may look and report."""
    person = _holder(request, token)
    return order_page(request, person, person.order_id or 0, f"/o/{token}")


@router.get("/o/{token}/form.pdf")
def print_by_link(request: Request, token: str) -> Response:
    """Its form, to print."""
    person = _holder(request, token)
    return form_of(request, person, person.order_id or 0)


@router.get("/o/{token}/pictures/{number}")
def picture_by_link(request: Request, token: str, number: int) -> Response:
    """A photo or a signature of it."""
    person = _holder(request, token)
    return picture_of(request, person, person.order_id or 0, number)


@router.post("/o/{token}/{what}")
def report_by_link(request: Request, form: Posted, token: str, what: str) -> Any:  # noqa: ANN401 - a page
    """Report something of it."""
    person = _holder(request, token)
    return reported(request, person, form, person.order_id or 0, what, f"/o/{token}")


def _holder(request: Request, token: str) -> Person:
    site = site_of(request)
    person = Links(site.secret, site.settings.link_ms).open(token, site.clock())
    if person is None:
        visitor, _ = whoever(request), words_of(request, None)
        if visitor is not None:
            raise ProblemError(410, "over", _("This link is too old. You are logged in: find the order in the list."))
        raise ProblemError(410, "over", _("This link is too old, or not ours: log in, or wait for the next letter."))
    return person


def _inside(address: str) -> str:
    """An address of this site; anything else leads to the first page."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"


def _keep(answer: Response, name: str, value: str, site: Site, lasts_s: int | None = None) -> None:
    secure = site.settings.public_url.startswith("https://")
    answer.set_cookie(name, value, max_age=lasts_s, httponly=True, secure=secure, samesite="lax")
