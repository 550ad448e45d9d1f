"""Whole files: registers and readings that are imported, forms that are printed."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from daemon import printing
from daemon.imports import Also, import_centres, import_yards
from daemon.keeper import Keeper
from daemon.machine_register import import_machines
from daemon.reading_register import import_readings
from daemon.refused import RefusedError
from daemon.web.api.fields import Number
from daemon.web.audit import note
from daemon.web.entrance import Asker, Changer
from daemon.web.problems import ProblemError, UnknownError
from daemon.web.rights import Action, Person, Role
from daemon.web.scope import must, own_order
from daemon.web.site import Site, site_of
from notifications.paper.facts import PaperFacts
from notifications.words import LOCALES, nearest_locale
from schedules.machine import Status
from schedules.reading import Verdict

router = APIRouter()
Fields = dict[str, Any]
_PDF = "application/pdf"
_FILES = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Content = Annotated[bytes, Body(media_type="text/csv")]
Take = Callable[[Keeper, Path, int, Also], Any]
"""Imports a file, and does something else in the same transaction."""
Say = Callable[[Any], Fields]
"""What came of it, as it is answered."""
LocaleAsked = Annotated[str | None, Query(pattern=f"^({'|'.join(LOCALES)})$")]


@router.post("/machines/import", tags=["registers"], summary="Register the machines of a file", openapi_extra=_FILES)
def register_machines(request: Request, person: Changer, content: Content) -> Fields:
    """CSV or XLSX, all of its machines or none; every bad line is named."""

    def take(keeper: Keeper, file: Path, now_ms: int, also: Also) -> Counter[Status]:
        return import_machines(keeper, file, now_ms, person.name, also=also)

    return _taken(site_of(request), person, "machines", content, (take, _registered))


def _registered(counts: Counter[Status]) -> Fields:
    return {"registered": counts.total(), **{str(status): count for status, count in counts.items()}}


@router.post("/service-centres/import", tags=["registers"], summary="Add or update centres", openapi_extra=_FILES)
def register_centres(request: Request, person: Changer, content: Content) -> Fields:
    """All of the file or nothing."""
    return _taken(site_of(request), person, "service centres", content, (import_centres, _kept))


@router.post("/yards/import", tags=["registers"], summary="Add or update yards", openapi_extra=_FILES)
def register_yards(request: Request, person: Changer, content: Content) -> Fields:
    """All of the file or nothing."""
    return _taken(site_of(request), person, "yards", content, (import_yards, _kept))


def _kept(count: int) -> Fields:
    return {"kept": count}


@router.post("/readings/import", tags=["readings"], summary="Judge the readings of a file", openapi_extra=_FILES)
def judge_readings(request: Request, person: Changer, content: Content) -> Fields:
    """In order of time; how often each verdict was given."""

    def take(keeper: Keeper, file: Path, now_ms: int, also: Also) -> Counter[Verdict]:
        return import_readings(keeper, file, now_ms, also=also)

    return _taken(site_of(request), person, "readings", content, (take, _judged))


def _judged(counts: Counter[Verdict]) -> Fields:
    return {str(verdict): count for verdict, count in counts.items()}


def _taken(site: Site, person: Person, what: str, content: bytes, importing: tuple[Take, Say]) -> Fields:
    """Import what was sent, and note it in the same transaction; TableError names every bad line. Sent again, a file
    comes to the same.
    """
    must(person, Action.IMPORT)
    now_ms, (take, say) = site.clock(), importing

    def noted(connection: Connection, came: Any) -> None:  # noqa: ANN401 - what comes of an import
        note(connection, now_ms, person, Action.IMPORT, what, given=say(came))

    with tempfile.TemporaryDirectory(prefix="hourkeeper-import-") as folder:
        file = Path(folder) / "file"
        file.write_bytes(content)
        return say(take(site.keeper, file, now_ms, noted))


@router.get(
    "/work-orders/{order_id}/form",
    tags=["work orders"],
    summary="The form of an order, to print",
    response_class=Response,
    responses={200: {"content": {_PDF: {}}}},
)
def form_of(
    request: Request,
    person: Asker,
    order_id: Number,
    locale: LocaleAsked = None,
    service_record: Annotated[bool, Query(description="with an on-site service record")] = False,  # noqa: FBT002 - a query parameter
) -> Response:
    """A PDF of A4, filled with what is known."""
    site = site_of(request)
    with site.keeper.store.read() as connection:
        machine_id, key = own_order(connection, person, order_id)
        found = printing.order_on_paper(connection, site.keeper, machine_id, key, site.clock())
    if found is None:
        raise UnknownError(f"work order {order_id}")
    return _pdf([found], _language(site, person, locale), f"work-order-{order_id}", with_record=service_record)


@router.get(
    "/yards/{yard}/sheets",
    tags=["work orders"],
    summary="The check sheets of a yard for a month, to print",
    response_class=Response,
    responses={200: {"content": {_PDF: {}}}},
)
def sheets_of_yard(
    request: Request,
    person: Asker,
    yard: str,
    month: Annotated[str, Query(pattern=r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$", examples=["2026-11"])],
    locale: LocaleAsked = None,
) -> Response:
    """Those that are open, with the frost protection that is to be done by then."""
    if not person.sees_everything and (person.role is not Role.YARD or person.yard != yard):
        raise ProblemError(403, "not allowed", f"yard {yard} is not yours")
    site = site_of(request)
    with site.keeper.store.read() as connection:
        found = printing.yard_on_paper(connection, site.keeper, yard, date.fromisoformat(f"{month}-01"), site.clock())
    if not found:
        raise RefusedError(f"yard {yard} has no open sheet for {month}")
    return _pdf(found, _language(site, person, locale), f"sheets-{month}")


def _language(site: Site, person: Person, asked: str | None) -> str:
    return asked or nearest_locale(person.locale or site.keeper.telling.locale, LOCALES[0])


def _pdf(found: list[PaperFacts], locale: str, name: str, *, with_record: bool = False) -> Response:
    from notifications.paper.forms import forms_pdf

    content = forms_pdf(found, locale, with_record=with_record)
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, media_type=_PDF, headers=headers)
