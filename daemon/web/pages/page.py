"""How a page is made: its template, its words, and who looks at it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.datastructures import FormData

from daemon.commands.output import text_of
from daemon.web.entrance import FORGERY_FIELD, check_forgery, refuse_foreign, whoever
from daemon.web.rights import Person, Role
from daemon.web.site import site_of
from notifications.field_names import field_name, field_value
from notifications.names import category_name, finding_name, order_name, state_name, verdict_name
from notifications.reasons import said
from notifications.words import LOCALES, Words, nearest_locale, words_in
from schedules.finding import FindingKind
from schedules.reading import Verdict
from schedules.work_order import Kind, State

LANGUAGE = "hk_language"
_TEMPLATES = Path(__file__).parents[1] / "templates"


class LogInFirstError(Exception):
    """Nobody is logged in: the way leads over the login."""


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(default_for_string=True, default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["shown"] = text_of
    return found


def visitor(request: Request) -> Person:
    """Who looks at the page; LogInFirstError for nobody."""
    person = whoever(request)
    if person is None:
        raise LogInFirstError
    return person


Visitor = Annotated[Person, Depends(visitor)]


async def posted(request: Request) -> AsyncIterator[FormData]:
    """The form that was sent, from a page of ours; its files are closed in the end."""
    refuse_foreign(request)
    async with request.form() as form:
        yield form


Posted = Annotated[FormData, Depends(posted)]


def sender(person: Visitor, form: Posted) -> Person:
    """Who sent a form of ours; ProblemError 403 if it is not ours."""
    check_forgery(person, text_in(form, FORGERY_FIELD))
    return person


Sender = Annotated[Person, Depends(sender)]


def text_in(form: FormData, name: str) -> str:
    """A field of a form, without the blanks around it; blank if it was left out."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def texts_in(form: FormData) -> dict[str, str]:
    """All texts of a form as they were written; what was left out is blank."""
    return blank_if_missing((name, value) for name, value in form.items() if isinstance(value, str))


def blank_if_missing(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """What a template fills its fields with."""
    return defaultdict(str, values)


def locale_of(request: Request, person: Person | None) -> str:
    """The language of a page: as chosen here, else as known of the person, else as the browser asks, else ours."""
    browser = request.headers.get("accept-language", "").partition(",")[0]
    own = None if person is None else person.locale
    return nearest_locale(request.cookies.get(LANGUAGE) or own or browser, site_of(request).keeper.telling.locale)


def words_of(request: Request, person: Person | None) -> Words:
    """The words of that language."""
    return words_in(locale_of(request, person))


def page(request: Request, person: Person | None, template: str, status: int = 200, **data: Any) -> HTMLResponse:  # noqa: ANN401
    """A page in the reader's language."""
    locale = locale_of(request, person)
    words = words_in(locale)
    common = {
        "_": words,
        "locale": locale,
        "locales": LOCALES,
        "person": person,
        "Role": Role,
        "here": request.url.path,
        "query": dict(request.query_params),
        "csrf": "" if person is None else person.session or "",
        "today": site_of(request).keeper.today(site_of(request).clock()),
        "name_of_order": lambda kind, step: order_name(Kind(kind), step, words),
        "name_of_state": lambda state: state_name(State(state), words),
        "name_of_category": lambda category: category_name(category, words),
        "name_of_verdict": lambda verdict: verdict_name(Verdict(verdict), words),
        "span": lambda text: _span(text, words),
        "options": lambda name, values: [(each.value, _option(name, each.value, words)) for each in values],
        "label": lambda name: field_name(name, words),
        "said": lambda reason: said(reason, words),
        "value": lambda name, value: text_of(field_value(name, value, words)),
        "with_query": lambda **changes: _with_query(request, changes),
    }
    text = _environment().get_template(template).render({**common, **data})
    return HTMLResponse(text, status)


def _option(name: str, value: str, words: Words) -> str:
    return finding_name(FindingKind(value), words) if name == "finding" else text_of(field_value(name, value, words))


def _span(text: str, _: Words) -> str:
    """A stretch of the calendar as the plan has it: `2 months`, `1 day`."""
    count, _blank, unit = text.partition(" ")
    return (_("{count} months") if unit.startswith("month") else _("{count} days")).format(count=count)


def _with_query(request: Request, changes: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in request.query_params.items() if name not in changes}
    given = {name: value for name, value in changes.items() if value is not None}
    return "?" + urlencode({**kept, **given})


def go_to(address: str) -> RedirectResponse:
    """On to another page after a form; the browser asks for it anew."""
    return RedirectResponse(address, 303)
