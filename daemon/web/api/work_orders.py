"""Work orders: what is open and overdue, why, and what people report of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from adapters.store.listing import ORDER_SORTS, OrderFilter, states_of
from adapters.store.paging import Place
from daemon import listing, work
from daemon.completing import Completion, complete_in, kept_if_refused
from daemon.drafts import Filled, fill
from daemon.web.api.fields import Body, Code, Day, DayAsked, Hours, Note, Number, Text, When
from daemon.web.changes import Act, Change, carry_out
from daemon.web.entrance import Asker, Changer
from daemon.web.lists import LISTED, Paged, Paging, listed
from daemon.web.rights import Action, Person
from daemon.web.scope import must, orders_of, own_order
from daemon.web.site import Site, site_of
from notifications.words import words_in
from schedules.evidence import Form
from schedules.work_order import Kind, OrderKey, State

router = APIRouter(prefix="/work-orders", tags=["work orders"])
Fields = dict[str, Any]
StateWord = Literal["open", "upcoming", "due", "overdue", "done", "superseded", "lapsed", "cancelled"]
assert set(get_args(StateWord)) == {"open", *State}  # noqa: S101 - a literal cannot be made of an enumeration


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which work orders are listed."""

    state: Annotated[StateWord | None, Query(description="open: upcoming, due and overdue")] = None
    kind: Annotated[Kind | None, Query()] = None
    service_centre: Annotated[str | None, Query(max_length=64)] = None
    machine: Annotated[str | None, Query(max_length=64)] = None
    region: Annotated[str | None, Query(max_length=32)] = None
    due_from: Annotated[DayAsked | None, Query(description="due on this day or later")] = None
    due_before: Annotated[DayAsked | None, Query(description="due earlier than this day")] = None
    sort: Annotated[
        Literal["machine", "overdue", "due", "id"] | None,
        Query(description="overdue: the longest overdue first; the default for state=overdue"),
    ] = None

    def filter(self) -> OrderFilter:
        """As the store takes it."""
        return OrderFilter(
            states=None if self.state is None else states_of(self.state),
            kind=self.kind,
            machine_id=self.machine,
            service_centre=self.service_centre,
            region=self.region,
            due_from=self.due_from,
            due_before=self.due_before,
        )

    @property
    def order(self) -> str:
        """By what they are sorted."""
        return self.sort or ("overdue" if self.state == State.OVERDUE.value else "machine")


@router.get("", summary="List work orders", responses=LISTED)
def list_orders(request: Request, person: Asker, paging: Paged, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Work orders by machine, or what is overdue, worst first. `state=open` is upcoming, due and overdue."""
    site = site_of(request)
    chosen = orders_of(person, wanted.filter())

    def rows(place: Place, limit: int | None) -> Iterator[Fields]:
        with site.keeper.store.read() as connection:
            yield from listing.orders(connection, site.keeper, chosen, site.clock(), limit, place)

    return listed(request, paging, rows, listing.ORDER_FIELDS, ORDER_SORTS[wanted.order])


@router.get("/{order_id}", summary="Show a work order")
def show_order(request: Request, person: Asker, order_id: Number, locale: str | None = None) -> Fields:
    """One work order with its `events`, its `draft`, and in `why` the reasons in words."""
    site = site_of(request)
    with site.keeper.store.read() as connection:
        return _shown(connection, site, person, order_id, locale)


def _shown(connection: Connection, site: Site, person: Person, order_id: int, locale: str | None = None) -> Fields:
    machine_id, key = own_order(connection, person, order_id)
    words = words_in(locale or person.locale or "en")
    found = listing.order(connection, site.keeper, machine_id, key, site.clock(), words)
    assert found is not None  # noqa: S101 - its row was there in this very transaction
    names = (*listing.ORDER_FIELDS, *listing.FORM_FIELDS, "why", "draft", "events")
    return {name: found[name] for name in names}


class Contact(Body):
    """The centre has spoken with the user."""

    note: Note | None = None


class Schedule(Body):
    """A day is agreed with the user."""

    scheduled_for: Day


class Cancel(Body):
    """An order ends by a decision."""

    reason: Note


class CopySent(Body):
    """Copy 1 of the form was sent."""

    on: Day


class Complete(Body):
    """The form of an order that was done; what it leaves out is taken from the draft of a form refused before."""

    done_at: When | None = None
    hours: Hours | None = None
    technician: Text | None = None
    signed_by: Text | None = None
    genuine_oils: bool = False
    items: list[Text] | None = None
    findings: Note | None = None
    service_record_no: Code | None = None
    nothing_removed: bool = False
    winter_items: bool = False
    no_draft: bool = False


@router.post("/{order_id}/acknowledge", summary="Somebody has taken notice")
def acknowledge(request: Request, person: Changer, order_id: Number) -> Fields:
    """Managers are reminded no more."""
    return _note(request, person, order_id, Action.ACKNOWLEDGE, {})


@router.post("/{order_id}/contact", summary="The centre has spoken with the user")
def contact(request: Request, person: Changer, order_id: Number, body: Contact) -> Fields:
    """Kept with the date and the note."""
    return _note(request, person, order_id, Action.CONTACT, {"note": body.note})


@router.post("/{order_id}/schedule", summary="A day is agreed")
def schedule(request: Request, person: Changer, order_id: Number, body: Schedule) -> Fields:
    """Said again, the visit is moved."""
    return _note(request, person, order_id, Action.SCHEDULE, {"scheduled_for": body.scheduled_for.isoformat()})


@router.post("/{order_id}/cancel", summary="End an order by a decision")
def cancel(request: Request, person: Changer, order_id: Number, body: Cancel) -> Fields:
    """That is final."""
    return _note(request, person, order_id, Action.CANCEL, {"reason": body.reason})


@router.post("/{order_id}/copy-sent", summary="Copy 1 of the form was sent")
def copy_sent(request: Request, person: Changer, order_id: Number, body: CopySent) -> Fields:
    """To the maker's customer-service centre."""
    return _note(request, person, order_id, Action.COPY_SENT, {"on": body.on.isoformat()})


def _note(request: Request, person: Person, order_id: int, action: Action, given: Fields) -> Fields:
    return note(site_of(request), person, order_id, action, given)


def note(site: Site, person: Person, order_id: int, action: Action, given: Fields) -> Fields:
    """Report something of an order, and show it; ProblemError or RefusedError if that cannot be."""
    must(person, action)
    with site.keeper.store.read() as connection:
        order = own_order(connection, person, order_id, action)
    return _carried_out(
        site, person, order_id, (action, given), lambda connection: _do(connection, site, person, order, action, given)
    )


def _carried_out(site: Site, person: Person, order_id: int, what: tuple[Action, Fields], act: Act) -> Fields:
    action, given = what
    with site.keeper.store.read() as connection:
        machine_id, key = own_order(connection, person, order_id, action)
    subject = f"{machine_id}/{key.kind}/{key.step}"
    owned: Act = lambda connection: own_order(connection, person, order_id, action)  # noqa: E731 - asked again later
    change = Change(person, action, machine_id, subject, given, owned)
    return carry_out(site, change, act, lambda connection, _found: _shown(connection, site, person, order_id))


def _do(
    connection: Connection, site: Site, person: Person, order: tuple[str, OrderKey], action: Action, given: Fields
) -> None:
    machine_id, key = order
    keeper, by, now_ms = site.keeper, person.name, site.clock()
    if action is Action.ACKNOWLEDGE:
        work.acknowledge(connection, keeper, machine_id, key, by, now_ms)
    elif action is Action.CONTACT:
        work.contact(connection, keeper, machine_id, key, by, now_ms, given["note"])
    elif action is Action.SCHEDULE:
        work.schedule(connection, keeper, machine_id, key, date.fromisoformat(given["scheduled_for"]), now_ms, by)
    elif action is Action.CANCEL:
        work.cancel(connection, keeper, machine_id, key, given["reason"], by, now_ms)
    else:
        work.copy_sent(connection, keeper, machine_id, key, date.fromisoformat(given["on"]), now_ms, by)


@router.post("/{order_id}/complete", summary="Hand in the form of an order that was done")
def complete_order(request: Request, person: Changer, order_id: Number, body: Complete) -> Fields:
    """What is missing is named (`missing`), and the form is kept as a draft: then giving what was missing is enough."""
    return hand_in(site_of(request), person, order_id, body)


def hand_in(site: Site, person: Person, order_id: int, body: Complete) -> Fields:
    """Complete an order by a form, and show it; RefusedError names what is missing."""
    must(person, Action.COMPLETE)
    keeper, now_ms = site.keeper, site.clock()
    with keeper.store.read() as connection:
        machine_id, key = own_order(connection, person, order_id, Action.COMPLETE)
        given = _completion(body, machine_id, key, site, person.name)
        command = (Filled(given) if body.no_draft else fill(connection, given)).command
    told = body.model_dump(mode="json", exclude_defaults=True)
    with kept_if_refused(keeper, command, now_ms):
        return _carried_out(
            site,
            person,
            order_id,
            (Action.COMPLETE, told),
            lambda connection: complete_in(connection, keeper, command, now_ms),
        )


def _completion(body: Complete, machine_id: str, key: OrderKey, site: Site, by: str) -> Completion:
    done_at_ms = None if body.done_at is None else body.done_at.ends_ms(site.keeper.zone, site.clock())
    form = Form(
        technician=body.technician,
        signed_by=body.signed_by,
        genuine_oils=body.genuine_oils,
        items=tuple(body.items) if body.items else None,
        findings=body.findings,
        service_record_no=body.service_record_no,
        nothing_removed=body.nothing_removed,
        winter_items=body.winter_items,
        has_date=done_at_ms is not None,
        has_hours=body.hours is not None,
    )
    return Completion(machine_id, key, done_at_ms, body.hours, form, by)


__all__ = ["Complete", "Paging", "hand_in", "note", "router"]
