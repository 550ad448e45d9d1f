"""Work orders: the list that managers filter and act on, and the page of one order, where visits are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData, UploadFile

from adapters.store import attachments, orders
from adapters.store.listing import ORDER_SORTS
from adapters.store.paging import Place
from daemon import listing, service_book
from daemon.commands.moments import moment_of
from daemon.refused import RefusedError
from daemon.web import pictures
from daemon.web.api.work_orders import Complete, Wanted, hand_in, note
from daemon.web.lists import beginning, cursor_after
from daemon.web.pages.page import (
    Posted,
    Sender,
    Visitor,
    blank_if_missing,
    go_to,
    locale_of,
    page,
    text_in,
    texts_in,
    words_of,
)
from daemon.web.pages.route import PageRoute
from daemon.web.problems import ProblemError
from daemon.web.rights import Action, Person
from daemon.web.scope import must, orders_of, own_order
from daemon.web.site import Site, site_of
from notifications.reasons import said
from notifications.words import Words
from schedules.machine import Category
from schedules.work_order import Kind

router = APIRouter(prefix="/work-orders", route_class=PageRoute)
_ROWS = 50
_CENTRES = 500
_MOST_PICTURES = 24
_ONCE_HEADER = "Idempotency-Key"
_LONGEST_KEY = 200
_BULK = {Action.ACKNOWLEDGE, Action.SCHEDULE}
Fields = dict[str, Any]


@router.get("")
def list_orders(
    request: Request, person: Visitor, wanted: Annotated[Wanted, Depends()], cursor: str | None = None
) -> HTMLResponse:
    """The list; filters stay in the address."""
    site, chosen = site_of(request), orders_of(person, wanted.filter())
    place = beginning(Place(ORDER_SORTS[wanted.order]), cursor)
    with site.keeper.store.read() as connection:
        rows = list(listing.orders(connection, site.keeper, chosen, site.clock(), _ROWS + 1, place))
        centres = list(islice(service_book.centres(connection), _CENTRES)) if person.sees_everything else []
    more = cursor_after(rows[_ROWS - 1], ORDER_SORTS[wanted.order]) if len(rows) > _ROWS else None
    data: Fields = {"rows": rows[:_ROWS], "next_cursor": more, "centres": centres}
    return page(request, person, "work_orders.j2", wanted=wanted, kinds=list(Kind), **data)


@router.post("/bulk")
def bulk(request: Request, person: Sender, form: Posted) -> RedirectResponse:
    """Acknowledge or schedule all that were ticked; what is refused is counted and stays as it was."""
    site, action = site_of(request), _bulk_action(form)
    given = {"scheduled_for": text_in(form, "scheduled_for")} if action is Action.SCHEDULE else {}
    if action is Action.SCHEDULE:
        _day(given["scheduled_for"])
    done = refused = 0
    for number in form.getlist("order"):
        try:
            note(site, person, _number(str(number)), action, given)
            done += 1
        except (RefusedError, ProblemError):
            refused += 1
    back = text_in(form, "back")
    return go_to(f"/work-orders?{back}{'&' if back else ''}said={action.value}&n={done}&refused={refused}")


def _bulk_action(form: FormData) -> Action:
    try:
        action = Action(text_in(form, "action"))
    except ValueError:
        action = None
    if action not in _BULK or action is None:
        raise ProblemError(422, "not valid", "choose what to do with the orders that are ticked")
    return action


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:  # noqa: PLR2004 - as many digits as fit
        raise ProblemError(422, "not valid", f"{text!r} is no work order")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RefusedError(f"{text!r} is no date YYYY-MM-DD", ("scheduled_for",)) from None


@router.get("/{order_id}")
def show_order(request: Request, person: Visitor, order_id: int) -> HTMLResponse:
    """Why it is due, what happened, and what can be reported."""
    return order_page(request, person, order_id, f"/work-orders/{order_id}")


def order_page(
    request: Request,
    person: Person,
    order_id: int,
    base: str,
    status: int = 200,
    **more: Any,  # noqa: ANN401
) -> HTMLResponse:
    """The page of an order; its forms are sent to addresses under `base`."""
    site, words = site_of(request), words_of(request, person)
    with site.keeper.store.read() as connection:
        machine_id, key = own_order(connection, person, order_id)
        found = listing.order(connection, site.keeper, machine_id, key, site.clock(), words)
        kept = attachments.listed(connection, machine_id, key)
    assert found is not None  # noqa: S101 - its row was there in this very transaction
    work = site.keeper.items_of(found["plan_version"]).of(key.kind, Category(found["category"]), key.step)
    locale = locale_of(request, person)
    data = {
        "order": found,
        "base": base,
        "items": [(item.name.said(locale), item.action.value) for item in work.items],
        "pictures": kept,
        "results": _results(found["draft"]),
        "materials": [_material(material, locale) for material in work.materials],
        "may": {action.name: person.may(action) for action in Action},
        "draft": blank_if_missing((found["draft"] or {}).items()),
        "filled": blank_if_missing(()),
        "missing": (),
        "problem": "",
    }
    return page(request, person, "work_order.j2", status, **{**data, **more})


def _material(material: Any, locale: str) -> Fields:  # noqa: ANN401 - a schedules.visit_items.Material
    return {
        "name": material.name.said(locale),
        "grade": material.grade.said(locale),
        "quantity": material.quantity,
        "unit": material.unit,
        "if_needed": material.if_needed,
    }


@router.post("/{order_id}/{what}")
def report(request: Request, person: Sender, form: Posted, order_id: int, what: str) -> Any:  # noqa: ANN401 - a page
    """Something is reported of an order."""
    return reported(request, person, form, order_id, what, f"/work-orders/{order_id}")


def reported(request: Request, person: Person, form: FormData, order_id: int, what: str, base: str) -> Any:  # noqa: ANN401
    """Do what a form of the order's page asks for, once if it is sent again; what is missing is marked in the page."""
    if what not in _REPORTS:
        raise ProblemError(404, "not found", f"nothing is called {what}")
    person = replace(person, once=request.headers.get(_ONCE_HEADER, "")[:_LONGEST_KEY] or None)
    try:
        _REPORTS[what](site_of(request), person, order_id, form)
    except RefusedError as refused:
        problem = _problem(refused, words_of(request, person))
        said = {"missing": refused.missing, "problem": problem, "filled": texts_in(form)}
        return order_page(request, person, order_id, base, 422 if refused.missing else 409, **said)
    return go_to(f"{base}?said={what}")


def _problem(refused: RefusedError, _: Words) -> str:
    """What is missing, or why it was refused, in the reader's language."""
    if not refused.missing:
        return f"{_('This was refused')}: {said(refused.reason, _)}"
    names = {
        "done_at": _("Done on"),
        "hours": _("Hour meter shows (h)"),
        "technician": _("Technician"),
        "signed_by": _("Accepted and signed by (the user, or the keeper of the yard)"),
        "genuine_oils": _("The maker's own oils were used"),
        "items": _("Work items"),
        "service_record_no": _("Number of the on-site service record"),
        "nothing_removed": _("The machine is complete, nothing was removed"),
        "winter_items": _("The winter items were done"),
        "scheduled_for": _("Day of the visit"),
        "reason": _("Why; this is final"),
        "photo": _("Photos"),
        "signature": _("Signature"),
    }
    lacking = [names.get(name, name) for name in refused.missing]
    return _("Missing or not readable: {fields}. What you wrote is kept.").format(fields="; ".join(lacking))


def _results(draft: Fields | None) -> dict[str, str]:
    """What a draft says of each item."""
    entries = (draft or {}).get("items") or ()
    return blank_if_missing(tuple(entry.rsplit(": ", 1)) for entry in entries if ": " in entry)


def _acknowledge(site: Site, person: Person, order_id: int, _form: FormData) -> None:
    note(site, person, order_id, Action.ACKNOWLEDGE, {})


def _contact(site: Site, person: Person, order_id: int, form: FormData) -> None:
    note(site, person, order_id, Action.CONTACT, {"note": text_in(form, "note") or None})


def _schedule(site: Site, person: Person, order_id: int, form: FormData) -> None:
    on = _day(text_in(form, "scheduled_for"))
    note(site, person, order_id, Action.SCHEDULE, {"scheduled_for": on.isoformat()})


def _cancel(site: Site, person: Person, order_id: int, form: FormData) -> None:
    note(site, person, order_id, Action.CANCEL, {"reason": text_in(form, "reason")})


def _copy_sent(site: Site, person: Person, order_id: int, form: FormData) -> None:
    note(site, person, order_id, Action.COPY_SENT, {"on": _day(text_in(form, "on")).isoformat()})


def _complete(site: Site, person: Person, order_id: int, form: FormData) -> None:
    _keep_pictures(site, person, order_id, list(_pictures(form)))
    hand_in(site, person, order_id, _form_of(form))


def _pictures(form: FormData) -> Iterator[attachments.Picture]:
    for each in form.getlist("photo"):
        if isinstance(each, UploadFile) and each.size:
            yield pictures.photo(each.file.read())
    drawn = pictures.signature(text_in(form, "signature"))
    if drawn is not None:
        yield drawn


def _keep_pictures(site: Site, person: Person, order_id: int, found: list[attachments.Picture]) -> None:
    """Photos and signature belong to the draft too: a form that is refused keeps them."""
    if not found:
        return
    must(person, Action.COMPLETE)
    with site.keeper.store.write() as connection:
        machine_id, key = own_order(connection, person, order_id)
        if attachments.count(connection, machine_id, key) + len(found) > _MOST_PICTURES:
            raise RefusedError(f"photo: an order keeps at most {_MOST_PICTURES} pictures", ("photo",))
        if orders.may_be_completed(connection, machine_id, key):
            attachments.keep(connection, machine_id, key, found, person.name, site.clock())


def _form_of(form: FormData) -> Complete:
    done_at = text_in(form, "done_at")
    try:
        moment = moment_of(done_at) if done_at else None
        hours = float(text_in(form, "hours")) if text_in(form, "hours") else None
    except ValueError as error:
        raise RefusedError(str(error), ("done_at" if "date" in str(error) else "hours",)) from None
    return Complete.model_construct(
        done_at=moment,
        hours=hours,
        technician=text_in(form, "technician"),
        signed_by=text_in(form, "signed_by"),
        genuine_oils="genuine_oils" in form,
        items=_items(form.getlist("item"), form.getlist("result")),
        findings=text_in(form, "findings"),
        service_record_no=text_in(form, "service_record_no"),
        nothing_removed="nothing_removed" in form,
        winter_items="winter_items" in form,
        no_draft=False,
    )


def _items(names: Sequence[Any], results: Sequence[Any]) -> list[str]:
    """The items that have a result, as they are kept."""
    return [f"{name}: {result}" for name, result in zip(names, results, strict=False) if str(result).strip()]


_REPORTS: dict[str, Callable[[Site, Person, int, FormData], None]] = {
    "acknowledge": _acknowledge,
    "contact": _contact,
    "schedule": _schedule,
    "cancel": _cancel,
    "copy-sent": _copy_sent,
    "complete": _complete,
}
