"""What goes with an order besides its page: the form to print, photos, signatures; and codes that lead to a machine."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adapters.store import attachments
from daemon import printing
from daemon.web.pages.page import Visitor, locale_of
from daemon.web.pages.route import PageRoute
from daemon.web.problems import ProblemError, UnknownError
from daemon.web.rights import Person
from daemon.web.scope import own_machine, own_order
from daemon.web.site import site_of
from notifications.link import qr_code
from notifications.paper.facts import PaperFacts

router = APIRouter(route_class=PageRoute)


@router.get("/work-orders/{order_id}/form.pdf")
def print_order(request: Request, person: Visitor, order_id: int) -> Response:
    """The form of an order, to print."""
    return form_of(request, person, order_id)


def form_of(request: Request, person: Person, order_id: int) -> Response:
    """The same, for whoever asks."""
    site = site_of(request)
    with site.keeper.store.read() as connection:
        machine_id, key = own_order(connection, person, order_id)
        found = printing.order_on_paper(connection, site.keeper, machine_id, key, site.clock())
    assert found is not None  # noqa: S101 - its row was there in this very transaction
    return _pdf([found], locale_of(request, person), f"{machine_id}-{key.step.replace('@', '-')}")


@router.get("/stock/{yard}/{month}.pdf")
def print_yard(request: Request, person: Visitor, yard: str, month: str) -> Response:
    """The open sheets of a yard's machines, to print."""
    if not person.sees_everything and person.yard != yard:
        raise UnknownError(f"yard {yard}")
    site = site_of(request)
    with site.keeper.store.read() as connection:
        found = printing.yard_on_paper(connection, site.keeper, yard, _month(month), site.clock())
    if not found:
        raise ProblemError(404, "not found", f"yard {yard} has no open sheet for {month}")
    return _pdf(found, locale_of(request, person), f"{yard}-{month}")


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ProblemError(404, "not found", f"{text} is no month") from None


def _pdf(found: list[PaperFacts], locale: str, name: str) -> Response:
    from notifications.paper.forms import forms_pdf

    headers = {"Content-Disposition": f'inline; filename="{name.encode("ascii", "replace").decode()}.pdf"'}
    return Response(forms_pdf(found, locale), media_type="application/pdf", headers=headers)


@router.get("/work-orders/{order_id}/pictures/{number}")
def show_picture(request: Request, person: Visitor, order_id: int, number: int) -> Response:
    """A photo or a signature."""
    return picture_of(request, person, order_id, number)


def picture_of(request: Request, person: Person, order_id: int, number: int) -> Response:
    """The same, for whoever asks."""
    with site_of(request).keeper.store.read() as connection:
        machine_id, key = own_order(connection, person, order_id)
        found = attachments.one(connection, machine_id, key, number)
    if found is None:
        raise UnknownError(f"picture {number}")
    return Response(found.content, media_type=found.media_type, headers={"Cache-Control": "private, max-age=86400"})


@router.get("/machines/{machine_id}/code.png")
def show_code(request: Request, person: Visitor, machine_id: str) -> Response:
    """A QR code to stick onto the machine: it leads to its page."""
    site = site_of(request)
    with site.keeper.store.read() as connection:
        own_machine(connection, person, machine_id)
    here = site.settings.public_url or str(request.base_url).rstrip("/")
    return Response(qr_code(f"{here}/machines/{machine_id}"), media_type="image/png")
