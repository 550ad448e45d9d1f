"""Agreed visits as entries of a calendar (RFC 5545, 5546): sent when agreed or moved, taken back when called off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from hashlib import sha256
from typing import TYPE_CHECKING

from notifications.letter import Letter, OrderFacts, Rendered
from notifications.names import order_name, region_in
from notifications.occasions import INVITING, Occasion
from notifications.plain import plain
from notifications.words import words_in

if TYPE_CHECKING:
    from icalendar import Event, vCalAddress

_MOST_IN_DESCRIPTION = 4000


@dataclass(frozen=True, slots=True)
class Invitation:
    """One visit as a calendar object; `method` is REQUEST or CANCEL."""

    method: str
    name: str
    content: str


def invitations(
    letter: Letter, rendered: Rendered, sender: Address, to: Address, now: datetime
) -> Iterator[Invitation]:
    """One for each visit: a calendar object is about one (RFC 5546, 3.2.2); none for other letters."""
    if letter.occasion not in INVITING:
        return
    # Few letters need it, and it is slow to import.
    from icalendar import Calendar  # noqa: PLC0415

    method = "REQUEST" if letter.occasion is Occasion.VISIT_SCHEDULED else "CANCEL"
    for order in letter.orders:
        if order.scheduled_for is not None and order.number is not None:
            calendar = Calendar()
            calendar.add("prodid", "-//hourkeeper//visits//EN")
            calendar.add("version", "2.0")
            calendar.add("method", method)
            calendar.add_component(_event(letter, order, rendered.text, (sender, to), now))
            yield Invitation(method, f"visit-{order.number}.ics", calendar.to_ical().decode())


def _event(letter: Letter, order: OrderFacts, text: str, between: tuple[Address, Address], now: datetime) -> Event:
    from icalendar import Event  # noqa: PLC0415

    sender, to = between
    event, day = Event(), order.scheduled_for
    if day is None:
        raise ValueError("no day is agreed")
    event.add("uid", event_uid(letter, order, sender.domain))
    event.add("sequence", order.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", _summary(letter, order))
    event.add("location", _place(letter, order))
    event.add("description", text[:_MOST_IN_DESCRIPTION])
    event.add("status", "CONFIRMED" if letter.occasion is Occasion.VISIT_SCHEDULED else "CANCELLED")
    # A visit takes an hour of the day, not the day.
    event.add("transp", "TRANSPARENT")
    event.add("organizer", _person(sender))
    event.add("attendee", _person(to))
    return event


def event_uid(letter: Letter, order: OrderFacts, domain: str) -> str:
    """The same for one order and one recipient, whatever is told of it."""
    whose = f"{letter.addressee.role}/{letter.addressee.recipient}"
    return f"visit-{order.number}-{sha256(whose.encode('utf-8', 'replace')).hexdigest()[:16]}@{domain}"


def _summary(letter: Letter, order: OrderFacts) -> str:
    machine = " ".join(plain(part) for part in (order.model, order.machine_id) if part)
    return f"{machine}: {order_name(order.kind, order.step, words_in(letter.addressee.locale))}"


def _place(letter: Letter, order: OrderFacts) -> str:
    region = region_in(order.region, order.region_name, letter.addressee.locale)
    return ", ".join(part for part in (plain(order.customer or ""), region) if part)


def _person(who: Address) -> vCalAddress:
    from icalendar import vCalAddress  # noqa: PLC0415

    person = vCalAddress(f"mailto:{who.addr_spec}")
    if who.display_name:
        # Quotes cannot be written in a parameter (RFC 5545, 3.2).
        person.params["CN"] = who.display_name.replace('"', "'")
    return person
