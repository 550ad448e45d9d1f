"""Whole files: registers and readings that are imported, forms that are printed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response

from daemon import printing
from daemon.imports import import_centres, import_yards
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
Take = Callable[[Keeper, Path, int], Fields]
LocaleAsked = Annotated[str | None, Query(pattern=f"^({'|'.join(LOCALES)})$")]


@router.post("/machines/import", tags=["registers"], summary="Register the machines of a file", openapi_extra=_FILES)
def register_machines(request: Request, person: Changer, content: Content) -> Fields:
    """CSV or XLSX, all of its machines or none; every bad line is named."""

    def take(keeper: Keeper, file: Path, now_ms: int) -> Fields:
        counts = import_machines(keeper, file, now_ms, person.name)
        return {"registered": counts.total(), **{str(status): count for status, count in counts.items()}}

    return _taken(site_of(request), person, "machines", content, take)


@router.post("/service-centres/import", tags=["registers"], summary="Add or update centres", openapi_extra=_FILES)
def register_centres(request: Request, person: Changer, content: Content) -> Fields:
    """All of the file or nothing."""
    return _taken(site_of(request), person, "service centres", content, lambda *given: {"kept": import_centres(*given)})


@router.post("/yards/import", tags=["registers"], summary="Add or update yards", openapi_extra=_FILES)
def register_yards(request: Request, person: Changer, content: Content) -> Fields:
    """All of the file or nothing."""
    return _taken(site_of(request), person, "yards", content, lambda *given: {"kept": import_yards(*given)})


@router.post("/readings/import", tags=["readings"], summary="Judge the readings of a file", openapi_extra=_FILES)
def judge_readings(request: Request, person: Changer, content: Content) -> Fields:
    """In order of time; how often each verdict was given."""

    def take(keeper: Keeper, file: Path, now_ms: int) -> Fields:
        return {str(verdict): count for verdict, count in import_readings(keeper, file, now_ms).items()}

    return _taken(site_of(request), person, "readings", content, take)


def _taken(site: Site, person: Person, what: str, content: bytes, take: Take) -> Fields:
    """Import what was sent; TableError names every bad line. Sent again, a file comes to the same."""
    must(person, Action.IMPORT)
    with tempfile.TemporaryDirectory(prefix="hourkeeper-import-") as folder:
        file = Path(folder) / "file"
        file.write_bytes(content)
        came = take(site.keeper, file, site.clock())
    with site.keeper.store.write() as connection:
        note(connection, site.clock(), person, Action.IMPORT, what, given=came)
    return came


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
